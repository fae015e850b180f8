"""Notices that a database file was cut: what is missing has no checksum that could differ."""

from pathlib import Path
from struct import unpack

from dialoguedb.errors import DamagedData
from dialoguedb.store.sqlite.connection import commit_log
from dialoguedb.store.sqlite.encryption.unlocking import PLAIN, file_head

_HEADER_BYTES = 100
_LARGEST_PAGE = 65_536


def insist(path: Path) -> None:
    """Raise DamagedData when a file is empty that was not, or shorter than its header says."""
    damage = _damage(path) if path.is_file() else None
    if damage:
        raise DamagedData(
            f"{path} {damage}; `dialoguedb restore` makes a new directory of a backup that is "
            "whole, `dialoguedb recover` of what is still whole here"
        )


def _damage(path: Path) -> str | None:
    header = file_head(path, _HEADER_BYTES)
    if _has_log(path):  # which may have the pages
        return None if header else "is empty, and its write-ahead log is not"
    size = path.stat().st_size
    if size == 0:
        return "is empty, and held commits before" if commit_log.acknowledged(path) else None
    if size < _HEADER_BYTES:
        return f"has {size} bytes, less than a header"
    if header.startswith(PLAIN):
        # Another process may have made it smaller meanwhile.
        expected = min(expected_bytes(header), expected_bytes(file_head(path, _HEADER_BYTES)))
        return f"is cut: it has {size} bytes of {expected}" if size < expected else None
    return None


def expected_bytes(header: bytes) -> int:
    """Return how long a file with this header is, at least."""
    page_bytes: int
    pages: int
    page_bytes, pages = unpack(">16xH10xL68x", header)
    return (_LARGEST_PAGE if page_bytes == 1 else page_bytes) * pages


def _has_log(path: Path) -> bool:
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    except FileNotFoundError:
        return False
