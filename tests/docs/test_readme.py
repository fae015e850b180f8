"""The README's first screen and the tutorial, run as they are written (on a free port)."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
README = PROJECT / "README.md"
TUTORIAL = PROJECT / "docs" / "tutorial" / "support-chat.md"
COMMAND = Path(sys.executable).with_name("dialoguedb")


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Shell"]:
    folder = tmp_path_factory.mktemp("readme")
    serve = [str(COMMAND), "serve", "--data", "./dialoguedb-data", "--port", "0"]
    screen, out = pty.openpty()
    with subprocess.Popen(serve, cwd=folder, stdout=out) as server, os.fdopen(screen) as shown:
        os.close(out)
        try:
            first, ready = shown.readline(), shown.readline()
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


def blocks(document: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", document.read_text(), re.DOTALL)


def console_steps(document: Path) -> list[tuple[str, str]]:
    """The commands of a document that show a prompt, each with the output it promises."""
    steps = []
    for block in blocks(document, "console"):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = step.strip().split("\n")
            count = next(i for i, line in enumerate(lines) if not line.endswith("\\")) + 1
            steps.append(("\n".join(lines[:count]), "\n".join(lines[count:])))
    return steps


@pytest.mark.parametrize("document", [README, TUTORIAL], ids=lambda path: path.stem)
def test_every_command_answers_what_stands_under_it(shell: Shell, document: Path) -> None:
    steps = console_steps(document)
    assert len(steps) >= 4
    for command, promised in steps:
        pattern = ".*".join(re.escape(part) for part in promised.split("…"))
        printed = shell.run(command)
        assert re.fullmatch(pattern, printed), f"{command}\n{printed}"


@pytest.mark.parametrize("program", blocks(README, "python"), ids=["server", "embedded"])
def test_a_python_program_prints_what_the_readme_says(shell: Shell, program: str) -> None:
    shell.run(console_steps(README)[0][0])
    printed = shell.run(f"{sys.executable} - <<'END'\n{program}\nEND")
    assert f"It prints `{printed}`" in README.read_text()
