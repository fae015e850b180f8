"""The README's first screen, run as it is written (on a free port)."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"
COMMAND = Path(sys.executable).with_name("dialoguedb")


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Shell"]:
    folder = tmp_path_factory.mktemp("readme")
    serve = [str(COMMAND), "serve", "--data", "./dialoguedb-data", "--port", "0"]
    with subprocess.Popen(serve, cwd=folder, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            first, ready = server.stdout.readline(), server.stdout.readline()
            assert "ddb_" in first
            yield Shell(folder, ready.rsplit("//", 1)[1].strip())
        finally:
            server.terminate()


class Shell:
    """A terminal beside the server, in the folder it was started in."""

    def __init__(self, folder: Path, address: str) -> None:
        self._folder = folder
        self._address = address
        self._variables: list[str] = []

    def run(self, command: str) -> str:
        here = command.replace("127.0.0.1:8000", self._address)
        here = here.replace(".venv/bin/dialoguedb", str(COMMAND))
        if here.startswith("export "):
            self._variables.append(here)
        script = "\n".join([*self._variables, here])
        done = subprocess.run(
            ["bash", "-euc", script],
            cwd=self._folder,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(), re.DOTALL)


def console_steps() -> list[tuple[str, str]]:
    """The commands of the first screen, each with the output it promises."""
    block = next(block for block in blocks("console") if block.startswith("$ "))
    steps = []
    for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        lines = step.strip().split("\n")
        count = next(i for i, line in enumerate(lines) if not line.endswith("\\")) + 1
        steps.append(("\n".join(lines[:count]), "\n".join(lines[count:])))
    return steps


def test_the_curl_lines_answer_what_the_readme_says(shell: Shell) -> None:
    steps = console_steps()
    assert len(steps) == 4
    for command, promised in steps:
        pattern = ".*".join(re.escape(part) for part in promised.split("…"))
        assert re.fullmatch(pattern, shell.run(command)), command


def test_the_python_program_prints_what_the_readme_says(shell: Shell) -> None:
    shell.run(console_steps()[0][0])
    (program,) = blocks("python")
    printed = shell.run(f"{sys.executable} - <<'END'\n{program}\nEND")
    assert f"It prints `{printed}`" in README.read_text()
