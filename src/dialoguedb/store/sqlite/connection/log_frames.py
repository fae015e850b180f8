"""Verifies the write-ahead log, frame by frame.

SQLite verifies the checksums of frames when it recovers a log, not while it reads one. Each frame's
checksum goes on from that of the frame before: two sums, to which each pair of words adds itself
and the other sum. That is linear, so a frame adds what its words weigh, whatever came before.
"""

import time
from pathlib import Path

import apsw

from dialoguedb.store.sqlite.connection import files

_HEADER_BYTES = 32
_ATTEMPTS = 5
_COUNT_ATTEMPTS = 5_000
_COUNT_INTERVAL_S = 0.002


def damaged_frame_of(path: Path) -> int | None:
    """Return the first damaged frame in the log of a database; None when there is none."""
    if not path.with_name(f"{path.name}-wal").exists():
        return None
    db = files.connect_reader(path)
    try:
        db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)  # it would copy the damage
        db.execute("SELECT count(*) FROM sqlite_schema").fetchall()  # this opens the log
        return damaged_frame(db)
    finally:
        db.close()


def damaged_frame(db: apsw.Connection) -> int | None:
    """Return the first frame of an open log that is not as it was written; None if all are."""
    log = Path(db.filename_wal)
    for _ in range(_ATTEMPTS):
        header = _header_of(log)
        count = _frames_of(db)
        if count <= 0:
            return None
        frame = _first_damaged(log, count)
        if frame is None or header == _header_of(log):
            return frame  # else others have begun the log again meanwhile
    return None


def _frames_of(db: apsw.Connection) -> int:
    """Return how many frames are committed; BusyError when others write them all the while.

    While another process writes the two copies of that number, SQLite finds them different and
    refuses at once, whatever the busy timeout.
    """
    for _ in range(_COUNT_ATTEMPTS):
        try:
            return db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_NOOP)[0]
        except apsw.BusyError:
            time.sleep(_COUNT_INTERVAL_S)
    return db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_NOOP)[0]


def _first_damaged(log: Path, count: int) -> int | None:
    from dialoguedb.store.sqlite.connection.frame_checksums import first_damaged  # noqa: PLC0415 - it loads numpy

    return first_damaged(log, count)


def _header_of(log: Path) -> bytes:
    with log.open("rb") as file:
        return file.read(_HEADER_BYTES)
