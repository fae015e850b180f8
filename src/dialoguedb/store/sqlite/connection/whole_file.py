"""Notices that a database file was cut: what is missing has no checksum that could differ."""

import os
from pathlib import Path
from struct import unpack

import apsw

from dialoguedb.errors import DamagedData
from dialoguedb.store.sqlite.connection import commit_log
from dialoguedb.store.sqlite.encryption.unlocking import PLAIN, RECOURSE, file_head

_HEADER_BYTES = 100
_LARGEST_PAGE = 65_536
_LOG_HEADER_BYTES = 32
_FRAME_HEADER_BYTES = 24


def insist(path: Path) -> None:
    """Raise DamagedData when a file is empty that was not, or shorter than its header says."""
    damage = _damage(path) if path.is_file() else None
    if damage:
        raise _damaged(path, damage)


def insist_on_pages(db: apsw.Connection, path: Path) -> None:
    """Raise DamagedData when an open database was cut; an encrypted one hides its length else."""
    size, expected = path.stat().st_size, db.pragma("page_count") * db.pragma("page_size")
    if damage := _cut(path, size, expected):
        db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)  # it would lengthen the file
        raise _damaged(path, damage)


def _damage(path: Path) -> str | None:
    header = file_head(path, _HEADER_BYTES)
    size = path.stat().st_size
    if size == 0:
        if commit_log.has_log(path):
            return "is empty, and its write-ahead log is not"
        return "is empty, and held commits before" if commit_log.acknowledged(path) else None
    if size < _HEADER_BYTES:
        return f"has {size} bytes, less than a header"
    if not header.startswith(PLAIN):
        return None
    # Another process may have made it smaller meanwhile.
    expected = min(expected_bytes(header), expected_bytes(file_head(path, _HEADER_BYTES)))
    return _cut(path, size, expected)


def _cut(path: Path, size: int, expected: int) -> str | None:
    """Say that a file is too short for pages that its log has not either."""
    if size >= expected or _has_pages(_log_of(path), size, expected):
        return None
    size = path.stat().st_size  # longer by now, if those of the log were copied meanwhile
    return f"is cut: it has {size} bytes of {expected}" if size < expected else None


def _damaged(path: Path, damage: str) -> DamagedData:
    return DamagedData(f"{path} {damage}; {RECOURSE}")


def expected_bytes(header: bytes) -> int:
    """Return how long a file with this header is, at least."""
    page_bytes: int
    pages: int
    page_bytes, pages = unpack(">16xH10xL68x", header)
    return (_LARGEST_PAGE if page_bytes == 1 else page_bytes) * pages


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _has_pages(log: Path, start: int, end: int) -> bool:
    """Tell whether a log has all pages of a part of its file, which a crash may have left to it."""
    try:
        file = log.open("rb")
    except FileNotFoundError:
        return False
    with file:
        header = file.read(_LOG_HEADER_BYTES)
        page_bytes = int.from_bytes(header[8:12])
        if len(header) < _LOG_HEADER_BYTES or not page_bytes:
            return False
        missing = set(range(start // page_bytes + 1, end // page_bytes + 1))
        while missing and len(frame := file.read(_FRAME_HEADER_BYTES)) == _FRAME_HEADER_BYTES:
            if frame[8:16] != header[16:24]:  # left of an earlier log
                break
            missing.discard(int.from_bytes(frame[:4]))
            file.seek(page_bytes, os.SEEK_CUR)
    return not missing
