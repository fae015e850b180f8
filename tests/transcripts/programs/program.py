"""What an adapter of a program provides."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.transcripts.situations import Ask


class Setup(Struct, frozen=True):
    """Where a program runs, and the model that it talks to."""

    packages: Path
    """The directory with what npm and pip have installed."""

    home: Path
    url: str

    def npm(self, name: str) -> str:
        """Return the path of something that npm has installed."""
        return str(self.packages / "node/node_modules" / name)

    def write(self, name: str, text: str) -> Path:
        """Write a file below the home."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def newest(self, pattern: str) -> Path:
        """Return the file below the home that was written last."""
        return max(self.home.glob(pattern), key=lambda one: one.stat().st_mtime_ns)


class Program(Struct, frozen=True):
    """A program, and how it is asked something without a terminal."""

    name: str
    package: str
    tool: str
    """The name of its tool that runs a command."""

    arguments: Callable[[str], Any]
    kept: str
    """What is imported, below the home."""

    prepare: Callable[[Setup], Mapping[str, str]]
    """Writes the configuration; returns variables of the environment."""

    command: Callable[[Setup, Ask], list[str] | None]
    """Returns what is run; None when the program has no such way."""
