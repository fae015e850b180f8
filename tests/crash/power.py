"""A disk that loses power: what was not synced is written in part, in any order, or not at all."""

import random
import threading
from dataclasses import dataclass
from pathlib import Path

import apsw

_SECTOR_BYTES = 512


@dataclass
class Change:
    """Something on its way to the disk: bytes at an offset, or a new length."""

    offset: int
    data: bytes | None


class PowerCut:
    """What a power cut leaves, at one point in time."""

    def __init__(self, files: dict[str, bytes], note: int) -> None:
        self.files = files
        self.note = note
        """What the test had noted by then."""

    def restore(self, directory: Path) -> None:
        """Put what is left into a directory."""
        directory.mkdir()
        for name, content in self.files.items():
            (directory / name).write_bytes(content)


class Disk:
    """Remembers what is safe and what is still on its way, and imagines power cuts."""

    def __init__(self, seed: int, chance: float) -> None:
        self.note = 0
        self.cuts: list[PowerCut] = []
        self._random = random.Random(seed)
        self._chance = chance
        self._safe: dict[str, bytearray] = {}
        self._pending: dict[str, list[Change]] = {}
        self._lock = threading.Lock()

    def change(self, name: str, change: Change) -> None:
        """Take a change on its way."""
        with self._lock:
            self._safe.setdefault(name, bytearray())
            self._pending.setdefault(name, []).append(change)
            self._maybe_cut()

    def sync(self, name: str) -> None:
        """Make all changes of a file safe; power may be lost before or after."""
        with self._lock:
            self._maybe_cut()
            for change in self._pending.pop(name, ()):
                _apply(self._safe[name], change)
            self._maybe_cut()

    def delete(self, name: str) -> None:
        """Forget a file."""
        with self._lock:
            self._safe.pop(name, None)
            self._pending.pop(name, None)

    def _maybe_cut(self) -> None:
        if self._random.random() < self._chance:
            note = self.note  # what is noted later may not be relied on
            files = {name: self._left_of(name) for name in self._safe}
            self.cuts.append(PowerCut(files, note))

    def _left_of(self, name: str) -> bytes:
        content = bytearray(self._safe[name])
        share = self._random.choice([0.0, 0.5, 0.9, 1.0])
        for change in self._pending.get(name, ()):
            for sector in _sectors(change):
                if self._random.random() < share:
                    _apply(content, sector)
        return bytes(content)


def _sectors(change: Change) -> list[Change]:
    if change.data is None:
        return [change]
    starts = range(0, len(change.data), _SECTOR_BYTES)
    return [
        Change(change.offset + start, change.data[start : start + _SECTOR_BYTES])
        for start in starts
    ]


def _apply(content: bytearray, change: Change) -> None:
    if change.data is None:
        del content[change.offset :]
        return
    content.extend(bytes(max(0, change.offset - len(content))))
    content[change.offset : change.offset + len(change.data)] = change.data


class DiskVFS(apsw.VFS):
    """Lets SQLite write to the real disk and tells the imagined one."""

    def __init__(self, name: str, real: str, disk: Disk) -> None:
        super().__init__(name, real)
        self._real = real
        self._disk = disk

    def xOpen(self, name, flags):  # noqa: N802 - SQLite's name
        """Open a file."""
        return DiskFile(self._real, name, flags, self._disk)

    def xDelete(self, filename, syncdir):  # noqa: N802 - SQLite's name
        """Delete a file."""
        self._disk.delete(Path(filename).name)
        super().xDelete(filename, syncdir)


class DiskFile(apsw.VFSFile):
    """A file of the real disk, whose changes the imagined one is told."""

    def __init__(self, real: str, name, flags, disk: Disk) -> None:
        super().__init__(real, name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._name = Path(path).name
        self._disk = disk

    def xWrite(self, data, offset):  # noqa: N802 - SQLite's name
        """Write bytes."""
        super().xWrite(data, offset)
        self._disk.change(self._name, Change(offset, bytes(data)))

    def xTruncate(self, newsize):  # noqa: N802 - SQLite's name
        """Cut or grow the file."""
        super().xTruncate(newsize)
        self._disk.change(self._name, Change(newsize, None))

    def xSync(self, flags):  # noqa: N802 - SQLite's name
        """Make the file safe."""
        super().xSync(flags)
        self._disk.sync(self._name)
