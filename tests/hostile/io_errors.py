"""Makes the system refuse what a server asks of its files, by a library built on the spot."""

import errno
import mmap
import struct
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

from tests.hostile import libraries

_PLAN = struct.Struct("5i32s")
EVER = 1_000_000_000


class Call(IntEnum):
    """The calls that can fail, as io_errors.c numbers them."""

    NONE = 0
    READ = 1
    WRITE = 2
    SYNC = 3
    TRUNCATE = 4
    MAP = 5


class Refusal(NamedTuple):
    """What is refused: a kind of call on files whose name ends so."""

    call: Call
    error: int
    """Its errno; 0 for a write that is cut in half."""

    only: str

    def __str__(self) -> str:
        """Spell it for the name of a test."""
        return f"{self.call.name} {errno.errorcode.get(self.error, 'short')} {self.only}"


class IOErrors:
    """What fails of one data directory; servers started with its environment obey it."""

    def __init__(self, room: Path, data: Path) -> None:
        library = libraries.built("io_errors.c", room)
        file = room / "io-errors-plan"
        file.write_bytes(bytes(_PLAN.size))
        with file.open("r+b") as opened:
            self._plan = mmap.mmap(opened.fileno(), _PLAN.size)
        data.mkdir(exist_ok=True, mode=0o700)
        self.environment = {
            "LD_PRELOAD": str(library),
            "IO_ERRORS_PLAN": str(file),
            "IO_ERRORS_DIRECTORY": str(data),
        }

    def begin(self, refusal: Refusal, *, after: int = 0, times: int = EVER) -> None:
        """Let calls fail from now on, after some that do not."""
        only = refusal.only.encode()
        self._plan[:] = _PLAN.pack(Call.NONE, after, times, refusal.error, 0, only)
        self._plan[:4] = struct.pack("i", refusal.call)  # last, for a call may be under way

    @property
    def failed(self) -> int:
        """How many calls have failed since it began."""
        failed: int = _PLAN.unpack(self._plan[:])[4]
        return failed

    def end(self) -> None:
        """Let all succeed again."""
        self._plan[:4] = struct.pack("i", Call.NONE)
