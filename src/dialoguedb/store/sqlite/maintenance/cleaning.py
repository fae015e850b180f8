"""Cleans the files of what deleted rows have left in them: free pages, unused bytes, and the log.

SQLite has no statement for it but VACUUM, which writes all of the data again while nobody else can
write. Here the pages that need it are overwritten in the file itself, a portion at a time. That is
safe under three conditions, which each portion meets: nobody can write, for the lock of writers is
held; the log is empty, so the file alone is the data, and no later checkpoint brings an older page
back; and only bytes that mean nothing are overwritten, so that whoever reads them meanwhile, or a
power loss between two of them, makes no difference. A commit after each portion has every other
connection forget the pages that it has in memory, and with them the old bytes.
"""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from struct import unpack

import apsw

from dialoguedb.errors import UnreadableData
from dialoguedb.store.sqlite.connection import files, vfs
from dialoguedb.store.sqlite.connection.errors import translate
from dialoguedb.store.sqlite.connection.log_frames import damaged_frame
from dialoguedb.store.sqlite.connection.transactions import transaction
from dialoguedb.store.sqlite.encryption.data_key import DataKey
from dialoguedb.store.sqlite.maintenance import page_space

_PAGES_PER_PORTION = 1_000
"""Read and looked through within some ten milliseconds, in which nobody writes."""

_INTERVAL_S = 0.1
"""Between two portions: whoever waits for the lock of writers tries as often as that."""

LOG_TIMEOUT_S = 10.0

_LOG_INTERVAL_S = 0.1
_ATTEMPT_MS = 20
"""How long an attempt to empty the log may keep others from writing."""

_TURN_MS = 10_000
"""How long a portion waits for others that write, whom it keeps from nothing meanwhile."""

_HEADER_BYTES = 100
_MAGIC = b"SQLite format 3\0"


class LogInUse(Exception):
    """Somebody reads what the log holds, for longer than can be waited for."""


def clean(path: Path, timeout_s: float = LOG_TIMEOUT_S, key: DataKey | None = None) -> bool:
    """Clean the file and empty its log; False when a long read keeps the log from being emptied.

    An encrypted file keeps its unused bytes: sealed, and gone when it is rewritten.

    A portion waits so many seconds for others that still read what the log holds.
    """
    try:
        with closing(files.connect(path, key)) as db:
            try:
                _clean(db, path, timeout_s)
                _empty_log(db, timeout_s)
            except LogInUse:
                return False
    except apsw.Error as error:
        raise translate(error) from error
    return True


def empty_log(path: Path, key: DataKey | None = None) -> bool:
    """Empty the log if nobody uses it right now; False otherwise."""
    try:
        with closing(files.connect(path, key)) as db:
            db.set_busy_timeout(_ATTEMPT_MS)
            _insist_on_whole_log(db)
            db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    except apsw.BusyError:
        return False
    except apsw.Error as error:
        raise translate(error) from error
    return True


def _clean(db: apsw.Connection, path: Path, timeout_s: float) -> None:
    index = 2  # the first holds the schema
    while True:
        with _alone(db, path, timeout_s), _opened(db, path) as file:
            space = _FileSpace(file)
            if not space.is_readable or index > space.pages:
                return
            last = min(index + _PAGES_PER_PORTION, space.pages + 1)
            if space.clean(range(index, last)):
                file.xSync(apsw.SQLITE_SYNC_FULL)
                # Written although it stays as it is: a change that others notice.
                db.pragma("user_version", db.pragma("user_version"))
            index = last
        time.sleep(_INTERVAL_S)


@contextmanager
def _alone(db: apsw.Connection, path: Path, timeout_s: float) -> Iterator[None]:
    """Keep everybody from writing while the log is empty; LogInUse."""
    log = path.with_name(path.name + "-wal")
    deadline = time.monotonic() + timeout_s
    while True:
        _empty_log(db, timeout_s)
        db.set_busy_timeout(_TURN_MS)
        with transaction(db):
            if log.stat().st_size == 0:
                yield
                return
        if time.monotonic() > deadline:
            raise LogInUse


def _empty_log(db: apsw.Connection, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    _insist_on_whole_log(db)
    db.set_busy_timeout(_ATTEMPT_MS)
    while True:
        try:
            db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except apsw.BusyError:
            if time.monotonic() > deadline:
                raise LogInUse from None
            time.sleep(_LOG_INTERVAL_S)
        else:
            return


def _insist_on_whole_log(db: apsw.Connection) -> None:
    """Raise UnreadableData when the log is damaged: in the file, its pages would seem right."""
    if vfs.is_encrypted(db):  # then each page is authenticated
        return
    frame = damaged_frame(db)
    if frame is not None:
        db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        raise UnreadableData(
            f"The write-ahead log is damaged from frame {frame} on, so it is not emptied;"
            " see `dialoguedb check`",
            "the log",
        )


@contextmanager
def _opened(db: apsw.Connection, path: Path) -> Iterator[apsw.VFSFile]:
    """Open the file as SQLite does; to close one opened otherwise would drop SQLite's locks."""
    flags = [apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_MAIN_DB, 0]
    file = apsw.VFSFile(db.open_vfs, str(path), flags)
    try:
        yield file
    finally:
        file.xClose()


class _FileSpace:
    """The pages of a file whose content is nobody's."""

    def __init__(self, file: apsw.VFSFile) -> None:
        self._file = file
        header = file.xRead(_HEADER_BYTES, 0)
        size, reserved = unpack(">16xH2xB79x", header)
        self._size = 65_536 if size == 1 else size
        self._usable = self._size - reserved
        self.pages = file.xFileSize() // self._size
        self.is_readable = header.startswith(_MAGIC) and self.pages < page_space.PAGES_MAX
        self._trunk = int.from_bytes(header[32:36])

    def clean(self, indexes: range) -> bool:
        """Overwrite what is unused in some pages; False when nothing was there to overwrite."""
        free = self._free_pages()
        found = False
        for index in indexes:
            page = self._read(index)
            content = page[: self._usable]
            if index in free:
                held = free[index]
                clean = content[:held] + bytes(self._usable - held)
                is_clean = clean == content
            else:
                made = page_space.cleaned(content, self._usable)
                is_clean, clean = made is None, made or content
            if not is_clean:
                self._file.xWrite(clean + page[self._usable :], (index - 1) * self._size)
                found = True
        return found

    def _free_pages(self) -> dict[int, int]:
        """Return the free pages, each with how many of its bytes list other free pages."""
        found: dict[int, int] = {}
        trunk = self._trunk
        while trunk and trunk not in found:
            page = self._read(trunk)
            following, count = unpack(">LL", page[:8])
            found[trunk] = 8 + 4 * count
            found.update(dict.fromkeys(unpack(f">{count}L", page[8 : 8 + 4 * count]), 0))
            trunk = following
        return found

    def _read(self, index: int) -> bytes:
        return bytes(self._file.xRead(self._size, (index - 1) * self._size))
