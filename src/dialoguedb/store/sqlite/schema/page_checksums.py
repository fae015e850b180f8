"""Checksums for the pages of databases that were made without them."""

import logging
from contextlib import closing
from pathlib import Path

import apsw

from dialoguedb.errors import DamagedData
from dialoguedb.store.sqlite.connection import commit_log, files, vfs

STEP = "page checksums"
"""As it is named among the steps of the schema."""

_AUTOMATIC_BYTES_MAX = 64 * 1024 * 1024
"""A larger file is rewritten when an operator asks for it: it takes time and as much disk again."""

DENIED = "its header denies the checksums that its pages carry"

_EXISTING = apsw.SQLITE_OPEN_READWRITE

logger = logging.getLogger(__name__)


def prepare(path: Path) -> None:
    """Give a small database the checksums that it lacks; warn of a large one without."""
    if not path.exists() or path.stat().st_size == 0 or not are_missing(path):
        return
    if path.stat().st_size <= _AUTOMATIC_BYTES_MAX and add(path):
        logger.warning("The pages of %s carry checksums from now on", path)
        return
    logger.warning(
        "The pages of %s carry no checksums, so damage may go unnoticed;"
        " `dialoguedb migrate` adds them while no server runs",
        path,
    )


def are_missing(path: Path) -> bool:
    """Tell whether the pages of a database carry no checksums."""
    with closing(vfs.open_file(str(path), _EXISTING)) as db:
        db.set_busy_timeout(files.BUSY_TIMEOUT_MS)  # others may be the first to start as well
        if db.readonly("main"):
            return False  # whoever opens it for writing is refused
        files.close_to_others(db, path)
        return not vfs.has_checksums(db) and not were_there(db)


def add(path: Path) -> bool:
    """Rewrite a database with checksums, all or nothing; False while others have it open."""
    with closing(vfs.open_file(str(path), _EXISTING)) as db:
        try:
            db.pragma("journal_mode", "delete")  # only a connection that is alone may change it
            db.pragma("locking_mode", "exclusive")
            db.pragma("journal_mode", "wal")  # a checkpoint writes the pages in their order
            db.pragma("synchronous", "FULL")
            vfs.reserve_checksums(db)
            db.execute("VACUUM")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except (apsw.BusyError, apsw.LockedError):
            return False
    return True


def insist(db: apsw.Connection, path: Path) -> None:
    """Note that the pages carry checksums; DamagedData when they did and seem not to any more."""
    if vfs.has_checksums(db):
        db.execute("UPDATE commits SET checksums = 1 WHERE NOT checksums")
    elif were_there(db):
        raise DamagedData(f"{path} is damaged: {DENIED}")


def were_there(db: apsw.Connection) -> bool:
    """Tell whether the pages of a database have carried checksums, and should still do so."""
    if vfs.is_encrypted(db):  # since then
        return False
    return bool(commit_log.read_if_there(db, "SELECT checksums FROM commits"))
