"""How many commits were acknowledged, in a file beside the database.

A write-ahead log that is damaged ends, for SQLite, before the damage: what was committed behind it
is gone without a word. So each transaction counts itself in the database, and when its commit is on
the disk, the count is written to the file. The file is never ahead of what is on the disk, so a
database with fewer commits has lost some. It is synced when it is made, not later: a power failure
may leave an older count, which notices less and never too much.
"""

import os
import struct
import time
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import apsw

from dialoguedb import private_files

FILE = "dialoguedb.commits"
"""Its name in a data directory."""

_RECORD = struct.Struct("<16sQ")
_SUM = struct.Struct("<I")
Known = tuple[bytes, int] | None
"""Which database's commits were acknowledged last, and how many."""

_SCHEMA_CHANGES_S = 0.01
_SCHEMA_ATTEMPTS = 1_000

_COUNT = "UPDATE commits SET count = count + 1"
_COUNTED = "SELECT count FROM commits"
_STORED = "SELECT database, count FROM commits"


class CommitLog:
    """Counts the commits of one writer."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self._path = Path(db.filename).with_name(FILE)
        self._file: BinaryIO | None = None
        self._database = bytes(db.execute("SELECT database FROM commits").get)
        self._changes = 0
        self._count = 0
        if acknowledged(Path(db.filename)) is None:
            self._make()

    def begin(self) -> None:
        """Begin to count a transaction."""
        self._changes = self._db.total_changes()
        self._count = 0

    def count(self) -> None:
        """Count the transaction in the database, if it has changed anything."""
        if self._db.total_changes() != self._changes:
            self._db.execute(_COUNT)  # RETURNING would take fifteen times as long
            self._count = self._db.execute(_COUNTED).get

    def acknowledge(self) -> None:
        """Write down that the transaction is on the disk."""
        if not self._count:
            return
        with suppress(OSError):  # the commit stands; a later one is written down
            self._write(self._count)

    def close(self) -> None:
        """Release the file."""
        if self._file is not None:
            self._file.close()

    def _make(self) -> None:
        """Write the file before the first commit, so that a later one is never without it."""
        with suppress(OSError):
            opened = self._write(self._db.execute(_COUNTED).get)
            os.ftruncate(opened, _RECORD.size + _SUM.size)
            os.fsync(opened)
            directory = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)

    def _write(self, count: int) -> int:
        """Write a count; returns the descriptor of the file. OSError."""
        if self._file is None:
            private_files.create(self._path)
            self._file = private_files.open_file(self._path, "r+b")
        opened = self._file.fileno()
        os.pwrite(opened, _encoded(self._database, count), 0)
        return opened


def acknowledged(path: Path) -> Known:
    """Return which database's commits were acknowledged last, and how many; None when unknown."""
    try:
        content = path.with_name(FILE).read_bytes()
        record, (checksum,) = content[: _RECORD.size], _SUM.unpack(content[_RECORD.size :])
    except (OSError, struct.error):
        return None
    if zlib.crc32(record) != checksum:
        return None
    database, count = _RECORD.unpack(record)
    return database, count


def missing(db: apsw.Connection, known: Known) -> int:
    """Return how many commits a database lacks of those that were acknowledged before."""
    if known is None:
        return 0
    stored = read_if_there(db, _STORED)
    if stored is None:  # an older copy
        return known[1]
    database, count = stored
    return max(0, known[1] - count) if database == known[0] else 0


def has_log(path: Path) -> bool:
    """Tell whether a database has a write-ahead log that is not empty."""
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    except FileNotFoundError:
        return False


def doubt(db: apsw.Connection, path: Path, *, had_log: bool) -> str | None:
    """Say that it is unknown whether commits are missing; None when it is known.

    A copy has no count beside it, and nothing to miss: it had no log when it was opened.
    """
    file = path.with_name(FILE)
    if acknowledged(path) is not None or not (file.exists() or had_log):
        return None
    if not read_if_there(db, _COUNTED):
        return None
    return (
        f"{file} is {'damaged' if file.exists() else 'missing'}, which says how many commits were"
        f" acknowledged: whether {path} lacks any of them is not known"
    )


def read_if_there(db: apsw.Connection, select: str) -> Any:
    """Return the row of the table of commits; None in a schema that has no such table yet."""
    for _ in range(_SCHEMA_ATTEMPTS):
        try:
            return db.execute(select).get
        except apsw.SchemaChangeError:  # another process makes or migrates it now
            time.sleep(_SCHEMA_CHANGES_S)
        except apsw.SQLError:
            break
    return None


def loss(path: Path, count: int) -> str:
    """Say what it means that commits are missing."""
    return (
        f"{count} acknowledged {'commit is' if count == 1 else 'commits are'} missing from {path}:"
        " its write-ahead log was damaged, cut short or deleted, or the file is an older copy"
    )


def _encoded(database: bytes, count: int) -> bytes:
    record = _RECORD.pack(database, count)
    return record + _SUM.pack(zlib.crc32(record))
