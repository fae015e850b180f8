"""How much is measured, and where."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

CONNECTIONS = 32
PAGE = 20
SMALL = 1_000
BATCH = 1_000

TEXT = (
    "message {n}: the train from the coast was late again, so we walked home along the river "
    "and talked about what to plant in the garden once the frost is over"
)


class BenchError(Exception):
    """A measurement that could not be taken; its text says why."""


@dataclass(frozen=True)
class Plan:
    """The size of one run."""

    name: str
    command: tuple[str, ...]
    scratch: Path
    rounds: int
    seconds: float
    messages: int
    dialogues: int
    searches: int
    pairs: int
    minilm: bool = False
    """Whether search is measured with a model of sentence-transformers, too."""

    @contextmanager
    def directory(self) -> Iterator[Path]:
        """Lend an empty directory on the disk that is measured, and remove it afterwards."""
        self.scratch.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self.scratch, prefix="run-") as name:
            yield Path(name)


def full(command: tuple[str, ...], scratch: Path) -> Plan:
    """Plan what the published results come from."""
    return Plan(
        "full",
        command,
        scratch,
        rounds=5,
        seconds=4.0,
        messages=1_000_000,
        dialogues=100_000,
        searches=500,
        pairs=1_000,
    )


def quick(command: tuple[str, ...], scratch: Path) -> Plan:
    """Plan a look while working: the same measures, shorter and on smaller data."""
    return Plan(
        "quick",
        command,
        scratch,
        rounds=3,
        seconds=1.0,
        messages=100_000,
        dialogues=10_000,
        searches=100,
        pairs=100,
    )


def cache_directory() -> Path:
    """Name the place, outside the source tree, that keeps what a run needs again."""
    parent = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(parent) / "dialoguedb-bench"
