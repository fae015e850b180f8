"""The file layer that databases are opened through: it gives each page a checksum and verifies it.

This is SQLite's own `cksumvfs`, which comes with apsw. A page gets its checksum when it is written
to the database file, into eight bytes that the file reserves at the end of each page, and is
refused with SQLITE_IOERR_DATA when it is read and differs. A file without these bytes is read and
written as ever.
"""

import os
import re
import threading
from pathlib import Path

import apsw
import apsw.sqlite_extra

from dialoguedb.errors import DataError
from dialoguedb.store.sqlite.encryption.data_key import LAYER, DataKey

_EXTENSION = "cksumvfs"
NAME = "cksmvfs"
"""As the layer is called in a process."""

RESERVED_BYTES = 8
_HEADER_BYTES = 100
_PAGE_SIZE_AT = slice(16, 18)
_LARGEST_PAGE_BYTES = 65_536
_BYTES_AT_ONCE = 1024 * 1024
_READS = 3
"""A page may be written while it is read."""

_DAMAGE = re.compile(r"checksum fault offset (\d+) ")
_noted = threading.local()
_registering = threading.Lock()


def open_file(
    name: str, flags: int, statements: int = 100, key: DataKey | None = None
) -> apsw.Connection:
    """Open a database by its path or URI; DataError where this installation lacks the layer.

    One that is encrypted needs no checksums: its cipher authenticates each page. But the layer that
    encrypts keeps errors of reads to itself, and a log ends for SQLite where it could not be read:
    it is read here first; DataError.
    """
    _register()
    if key is None:
        return apsw.Connection(name, flags=flags, vfs=NAME, statementcachesize=statements)
    _insist_on_reading(Path(f"{name}-wal"))
    db = apsw.Connection(name, flags=flags, statementcachesize=statements)
    key.use(db)
    return db


def reserve_checksums(db: apsw.Connection) -> None:
    """Have a database that is still empty, or the next VACUUM, reserve the bytes of checksums."""
    db.reserve_bytes(reserve=RESERVED_BYTES)


def has_checksums(db: apsw.Connection) -> bool:
    """Tell whether the pages of an open database carry checksums that are verified."""
    return bool(int(db.pragma("checksum_verification") or 0))  # it answers with a text


def is_encrypted(db: apsw.Connection) -> bool:
    """Tell whether the pages of an open database are sealed, and carry no checksums for that."""
    return db.open_vfs != NAME


def ignore_checksums(db: apsw.Connection) -> None:
    """Read damaged pages as they are, to see what can be known of them."""
    db.pragma("checksum_verification", 0)


def _insist_on_reading(log: Path) -> None:
    """Read a log, if there is one, to its end; DataError."""
    at = 0
    try:
        with log.open("rb") as file:
            while read := len(os.pread(file.fileno(), _BYTES_AT_ONCE, at)):
                at += read
    except FileNotFoundError:
        return
    except OSError as error:
        raise DataError(f"{log} cannot be read ({error.strerror})") from error


class VerifiedPages:
    """The pages of a database file, one by one and without what is in its log."""

    def __init__(self, path: str) -> None:
        _register()
        # Any other way to open the file would, when it is closed, release this process's locks.
        flags = apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_READONLY
        self._file = apsw.VFSFile(NAME, path, [flags, 0])
        header = self._file.xRead(_HEADER_BYTES, 0)  # it also switches verification on
        encoded = int.from_bytes(header[_PAGE_SIZE_AT], "big")
        self._page_bytes = _LARGEST_PAGE_BYTES if encoded == 1 else encoded
        self.count = self._file.xFileSize() // self._page_bytes

    def is_whole(self, index: int) -> bool:
        """Tell whether a page agrees with its checksum."""
        return any(map(self._is_read, [index] * _READS))

    def close(self) -> None:
        """Release the file."""
        self._file.xClose()

    def _is_read(self, index: int) -> bool:
        try:
            self._file.xRead(self._page_bytes, (index - 1) * self._page_bytes)
        except apsw.IOError as error:
            if getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_DATA:
                return False
            raise
        return True


def accept_pages(path: str, indexes: list[int]) -> None:
    """Give damaged pages of a file that nobody has open the checksums of what they hold now."""
    _register()
    file = apsw.VFSFile(NAME, path, [apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_READWRITE, 0])
    header = file.xRead(_HEADER_BYTES, 0)
    size = int.from_bytes(header[_PAGE_SIZE_AT], "big")
    with open(path, "rb") as plain:  # noqa: PTH123 - beside the layer, which would refuse them
        for index in indexes:
            plain.seek((index - 1) * size)
            file.xWrite(plain.read(size), (index - 1) * size)
    file.xClose()


def _register() -> None:
    with _registering:
        names = apsw.vfs_names()
        if NAME in names:
            return
        try:
            db = apsw.Connection(":memory:")
            # It is put on the default. The layer of ciphers would keep errors of reads to itself.
            apsw.set_default_vfs(names[0].removeprefix(LAYER))
            apsw.sqlite_extra.load(db, _EXTENSION)
            db.close()
        except apsw.sqlite_extra.NotAvailable as error:
            raise DataError(
                f"This installation of apsw lacks {_EXTENSION}, which verifies checksums of pages;"
                " its wheels have it"
            ) from error
        finally:
            apsw.set_default_vfs(names[0])  # other databases of this process are not our business
        apsw.config(apsw.SQLITE_CONFIG_LOG, _note_damage)


def last_damage() -> str:
    """Return where this thread last met a page that differs from its checksum; empty when never."""
    return getattr(_noted, "last", "")


def _note_damage(code: int, message: str) -> None:
    """Keep the place in the file, which SQLite's errors do not tell."""
    if code == apsw.SQLITE_IOERR_DATA and (found := _DAMAGE.match(message)):
        _noted.last = f"byte {found[1]} of the file"
