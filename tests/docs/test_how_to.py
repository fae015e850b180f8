"""The pages on running it: their commands are run as they stand, beside a server."""

import os
import re
import subprocess
import sys
from pathlib import Path
from shlex import quote

import pytest

from tests.docs.test_readme import console_steps
from tests.e2e.programs import Room

PAGES = sorted((Path(__file__).parents[2] / "docs" / "how-to").glob("*.md"))
RUNNABLE = [page for page in PAGES if console_steps(page)]


class Terminal:
    """A shell that keeps what is exported, in a directory beside a server."""

    def __init__(self, directory, port):
        self.directory = directory
        self.port = port
        self.exported = []

    def run(self, command):
        export = re.match(r"export (\w+)=", command)
        printed = self.run_script(f'{command}\necho "${export[1]}"' if export else command)
        if not export:
            return printed
        self.exported.append(f"export {export[1]}={quote(printed)}")
        return ""

    def run_script(self, step):
        script = "\n".join([*self.exported, step])
        done = subprocess.run(
            ["bash", "-euc", script.replace("127.0.0.1:8000", f"127.0.0.1:{self.port}")],
            capture_output=True,
            check=False,
            cwd=self.directory,
            env={"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip().replace(f"127.0.0.1:{self.port}", "127.0.0.1:8000")


@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: page.stem)
def test_every_command_answers_what_stands_under_it(tmp_path, page):
    room = Room(tmp_path)
    with room.serving() as serving:
        terminal = Terminal(tmp_path, serving.port)
        for command, promised in console_steps(page):
            pattern = ".*".join(re.escape(part) for part in promised.split("…"))
            printed = terminal.run(command)
            assert re.fullmatch(pattern, printed), f"{command}\n{printed}"


def test_every_page_is_named_on_the_first_one():
    first = PAGES[0].with_name("README.md").read_text()
    others = [page.name for page in PAGES if page.name != "README.md"]
    assert [name for name in others if f"({name})" not in first] == []
