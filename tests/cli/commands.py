"""The commands for data, on a server or on a directory."""

import os
import pty
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.cli.in_process import call, run, surroundings
from tests.e2e.programs import Ended


class Commands:
    """Commands that work on one database."""

    def __init__(self, directory: Path, words: list[str], variables: dict[str, str]) -> None:
        self.directory = directory
        self.words = words
        self.variables = variables

    def run(self, *words: object, stdin: str = "") -> Ended:
        """Run a command to its end."""
        return run(self.directory, *words, *self.words, stdin=stdin, **self.variables)

    def at(self, *words: object, stdin: str = "") -> Any:
        """Return what a command that succeeds prints, as JSON."""
        ended = self.run(*words, stdin=stdin)
        assert ended.code == 0, ended.err
        return ended.record

    def seen(self, *words: object) -> str:
        """Return what a person at a terminal sees."""
        variables = self.variables | {"COLUMNS": "150", "TERM": "xterm"}
        leader, follower = pty.openpty()
        with ThreadPoolExecutor(1) as pool:
            seen = pool.submit(_read_all, leader)
            with (
                os.fdopen(follower, "w", encoding="utf-8") as screen,
                os.fdopen(follower, encoding="utf-8", closefd=False) as keyboard,
                surroundings(self.directory, (keyboard, screen, screen), variables),
            ):
                code = call(*words, *self.words)
            assert code == 0, seen.result()
            return seen.result()


def _read_all(leader: int) -> str:
    output = b""
    try:
        while piece := os.read(leader, 65_536):
            output += piece
    except OSError:  # Linux tells so that nobody writes any more
        pass
    os.close(leader)
    return output.decode()
