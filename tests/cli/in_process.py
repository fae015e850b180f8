"""The commands, called in the process of the tests; a server still gets one of its own."""

import io
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from dialoguedb.cli import main
from tests.e2e.programs import Ended, Room


class Terminal(Room):
    """A directory to call commands in."""

    def run(self, *words: object, stdin: str = "", **variables: str) -> Ended:
        """Run a command to its end."""
        return run(self.directory, *words, stdin=stdin, **variables)

    def run_alone(self, *words: object, **variables: str) -> Ended:
        """Run a command to its end in a process, for what it does to one."""
        return super().run(*words, **variables)


def run(directory: Path, *words: object, stdin: str = "", **variables: str) -> Ended:
    """Run a command to its end, with the directory, streams and variables of a process."""
    read = io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8")
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    with surroundings(directory, (read, out, err), variables):
        code = call(*words)
    return Ended(code, _written(out), _written(err))


@contextmanager
def surroundings(
    directory: Path, streams: tuple[IO[str], IO[str], IO[str]], variables: dict[str, str]
) -> Iterator[None]:
    """Give this process the directory, streams and variables of another until the block ends."""
    with pytest.MonkeyPatch.context() as process:
        process.chdir(directory)
        for name in [name for name in os.environ if name.startswith("DIALOGUEDB_")]:
            process.delenv(name)
        for name, text in variables.items():
            process.setenv(name, text)
        for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
            process.setattr(sys, name, stream)
        process.setattr(logging.getLogger(), "handlers", [logging.lastResort])
        yield


def call(*words: object) -> int:
    """Call the program with these arguments; returns its exit code."""
    with pytest.raises(SystemExit) as ended:
        main([*map(str, words)], prog_name="dialoguedb")
    code = ended.value.code or 0
    assert isinstance(code, int)
    return code


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    held = stream.buffer
    assert isinstance(held, io.BytesIO)
    return held.getvalue().decode()
