"""Finding out whether a data directory is encrypted, and its data key, before it is opened."""

import logging
import os
from pathlib import Path

import apsw

from dialoguedb import private_files
from dialoguedb.errors import DamagedData, DataError, NotUnlocked
from dialoguedb.ports.engine import KeySource
from dialoguedb.store.sqlite.encryption import key_ring
from dialoguedb.store.sqlite.encryption.data_key import SALT_BYTES, DataKey, require_ciphers

_READ_ONLY = (apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_MAIN_DB, 0)
PLAIN = b"SQLite format 3\0"
"""How a database begins that is not encrypted."""

RECOURSE = (
    "`dialoguedb restore` makes a new directory of a backup that is whole,"
    " `dialoguedb recover` of what is still whole here"
)
"""What an operator can do about damage."""

_GONE = b"This database was replaced.\n".ljust(4096, b"\0")

logger = logging.getLogger(__name__)


def unlock(path: Path, source: KeySource | None) -> DataKey | None:
    """Return the key of a database that is there or to be made; None when it is not encrypted.

    The operator's key is tried on the file beside the database, so with a wrong one the database
    is not even opened. NotUnlocked when it is wrong or missing, DataError when one is given for a
    database that is not encrypted, DamagedData for a file that no key can open.
    """
    _erase_what_is_left(path)
    head = file_head(path)
    if head == PLAIN:
        if source is not None:
            raise DataError(
                f"{path.parent} is not encrypted, but an encryption key is set; stop what uses the"
                " directory and run `dialoguedb encrypt`, or leave the key out"
            )
        return None
    ring = key_ring.load(path.parent)
    if head and ring is None:
        raise DamagedData(
            f"{path} is damaged or no SQLite database, or encrypted without its {key_ring.FILE},"
            f" which holds its data key and of which every backup has a copy; {RECOURSE}"
        )
    if source is None:
        if ring is not None:
            raise NotUnlocked(
                f"{path.parent} is encrypted; name its key with --encryption-key-file or"
                " --encryption-key-command"
            )
        return None
    require_ciphers()
    master = source()
    if ring is None:
        ring = key_ring.make(path.parent, master)
    return ring.open(master, head or None)


def _erase_what_is_left(path: Path) -> None:
    """Erase what an interrupted rewriting has left; on a read-only disk it stays."""
    try:
        erase_replaced(path)
    except DataError as error:
        logger.warning("%s", error)


def file_head(path: Path, count: int = SALT_BYTES) -> bytes:
    """Return the bytes that tell what a database is, none when it is still to be made.

    They are read through SQLite: closing the file otherwise would drop the locks of this process.
    """
    if not path.is_file():
        return b""
    try:
        file = apsw.VFSFile("", str(path), [*_READ_ONLY])
        try:
            return bytes(file.xRead(count, 0))
        finally:
            file.xClose()
    except apsw.Error as error:
        raise DataError(f"{path} cannot be read: {error}") from None


def is_plain(path: Path) -> bool:
    """Tell whether a database is there and not encrypted."""
    return file_head(path) == PLAIN


def replaced_by(path: Path) -> Path:
    """Return where a database is that was replaced, until it is erased."""
    return path.with_name(path.name + ".replaced")


def erase_replaced(path: Path) -> None:
    """Overwrite and remove what a database replaced; nothing while it still is the database."""
    replaced = replaced_by(path)
    try:
        if replaced.samefile(path):
            return
        with private_files.open_file(replaced, "r+b") as file:
            for _ in range(0, replaced.stat().st_size, len(_GONE)):
                file.write(_GONE)
            os.fsync(file.fileno())
        replaced.unlink()
    except FileNotFoundError:
        return  # another process was as quick
    except OSError as error:
        raise DataError(f"{replaced} cannot be erased: {error.strerror}") from error
