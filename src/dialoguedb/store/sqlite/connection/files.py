"""The data directory and connections to the database in it."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from dialoguedb import private_files
from dialoguedb.errors import DamagedData, DataError, NotOurData, ServiceUnavailable
from dialoguedb.store.sqlite.connection import commit_log, vfs
from dialoguedb.store.sqlite.connection.errors import is_damage
from dialoguedb.store.sqlite.encryption import key_ring
from dialoguedb.store.sqlite.encryption.data_key import DataKey
from dialoguedb.store.sqlite.encryption.unlocking import RECOURSE

FILE = "dialoguedb.sqlite3"
"""The database's name in a data directory; SQLite keeps `-wal` and `-shm` beside it."""

APPLICATION_ID = 0x44444230
"""Marks the file as ours: "DDB0"."""

_HARMLESS = frozenset({"lost+found", "tls", "first-key", "mcp-token", key_ring.FILE})
_CACHE_KIB = 16 * 1024
_STATEMENTS_CACHED = 256
_LOG_BYTES_KEPT = 64 * 1024 * 1024
BUSY_TIMEOUT_MS = 60_000
_LOG_ATTEMPTS = 200
_LOG_BACKOFF_S = 0.05
# No connection is ever used by two threads at once, so SQLite need not lock each call.
_RDWR = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_NOMUTEX


def prepare(directory: Path) -> Path:
    """Return the database's path, making the directory; NotOurData when it holds other things."""
    path = directory / FILE
    try:
        private_files.make_directory(directory)
        entries = {entry.name for entry in directory.iterdir() if not entry.name.startswith(".")}
    except (FileExistsError, NotADirectoryError):
        raise NotOurData(f"{directory} is a file; a data directory is needed") from None
    except OSError as error:
        raise DataError(f"{directory} cannot be used: {error.strerror}") from None
    if entries - _HARMLESS and FILE not in entries:
        raise NotOurData(
            f"{directory} holds other files and no {FILE}: choose an empty or new directory"
        )
    if FILE not in entries:
        private_files.warn_if_open(directory)
    return path


def connect(path: Path, key: DataKey | None = None) -> apsw.Connection:
    """Open a connection for writing; DataError when the file is not ours, damaged or read-only."""
    db = _connect(path, key)
    if key is None and not vfs.has_checksums(db):
        # The layer looks at the header when a file is opened, and another process may have made
        # this one since: then pages would be written without checksums.
        db.close()
        db = _connect(path, key)
    return db


def _connect(path: Path, key: DataKey | None) -> apsw.Connection:
    try:
        private_files.create(path)
        db = vfs.open_file(str(path), _RDWR, _STATEMENTS_CACHED, key)
        with closed_on_error(db):
            db.set_busy_timeout(BUSY_TIMEOUT_MS)
            if db.readonly("main"):  # SQLite opens it nevertheless
                raise DataError(f"{path} cannot be opened for writing")
            close_to_others(db, path)
            if key is None:
                vfs.reserve_checksums(db)
            _use_log(db)
            db.pragma("synchronous", "FULL")
            db.pragma("fullfsync", 1)  # macOS: without it fsync may return early
            db.pragma("checkpoint_fullfsync", 1)
            db.pragma("journal_size_limit", _LOG_BYTES_KEPT)
            db.pragma("secure_delete", 1)
            _configure(db)
    except OSError as error:
        raise DataError(f"{path} cannot be opened ({error.strerror})") from error
    except apsw.Error as error:
        raise unusable(path, error) from error
    return db


class FileWatch:
    """Detects that the path of an open file no longer names that file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened = path.stat()

    def check(self) -> None:
        """Raise ServiceUnavailable when the path names another file, or none."""
        try:
            is_same = os.path.samestat(self._opened, self._path.stat())
        except OSError:  # also when its directory cannot be entered any more
            is_same = False
        if not is_same:
            name = self._path.name
            raise ServiceUnavailable(f"{name} was moved, replaced or deleted while it was open")


@contextmanager
def closed_on_error(db: apsw.Connection) -> Iterator[None]:
    """Close a connection when the block fails, so that SQLite leaves no file of its own behind."""
    try:
        yield
    except BaseException:
        db.close(True)  # noqa: FBT003 - forced: the first error is the one to report
        raise


def connect_reader(path: Path, key: DataKey | None = None) -> apsw.Connection:
    """Open a connection that cannot write."""
    flags = (
        apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_NOMUTEX
    )  # a read-only one could not recover the log after a crash
    db = vfs.open_file(str(path), flags, _STATEMENTS_CACHED, key)
    db.set_busy_timeout(BUSY_TIMEOUT_MS)
    _configure(db)
    db.pragma("query_only", 1)
    return db


def unusable(path: Path, error: apsw.Error) -> DataError:
    """Say what an operator should know when the file cannot be used."""
    if is_damage(error):
        # What another program wrote has no checksums, but begins like a database.
        is_database = not isinstance(error, apsw.NotADBError)
        otherwise = "another program wrote to it" if is_database else "no SQLite database"
        return DamagedData(f"{path} is damaged or {otherwise} ({error}); {RECOURSE}")
    if isinstance(error, apsw.CantOpenError):
        return DataError(f"{path} cannot be opened ({error})")
    if isinstance(error, apsw.ReadOnlyError | apsw.PermissionsError):
        return DataError(f"{path} cannot be opened for writing ({error})")
    return DataError(f"{path} cannot be used ({error})")


def check_ours(db: apsw.Connection, path: Path) -> None:
    """Refuse a database that another program has made; NotOurData."""
    # One statement sees one state: between two, another process may make the first schema.
    mark, empty = db.execute(
        "SELECT application_id, NOT EXISTS (SELECT 1 FROM sqlite_schema) FROM pragma_application_id"
    ).get
    if mark != APPLICATION_ID and not (mark == 0 and empty):
        raise NotOurData(f"{path} is a database of another program")


def close_to_others(db: apsw.Connection, path: Path) -> None:
    """Close a database to other users before its first read; NotOurData.

    With the first read SQLite makes files beside it, and gives them its mode.
    """
    beside = [path.with_name(path.name + suffix) for suffix in ("-wal", "-shm", "-journal")]
    with private_files.closed_to_others(path, *beside, path.with_name(commit_log.FILE)):
        check_ours(db, path)


def _use_log(db: apsw.Connection) -> None:
    """Switch to write-ahead logging; while another process does the same, SQLite does not wait."""
    for attempt in range(_LOG_ATTEMPTS):
        try:
            db.pragma("journal_mode", "wal")
        except apsw.BusyError:
            if attempt == _LOG_ATTEMPTS - 1:
                raise
            time.sleep(_LOG_BACKOFF_S)
        else:
            return


def _configure(db: apsw.Connection) -> None:
    # A plan that depended on bound values, a LIMIT's too, would be made again for each of them.
    db.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    db.pragma("foreign_keys", 1)
    db.pragma("cache_size", -_CACHE_KIB)
    db.pragma("temp_store", "MEMORY")
