"""The file beside an encrypted database that holds its data key, sealed with the operator's key.

Replacing the operator's key therefore rewrites this file alone, in one step, while servers run:
they hold the data key, which stays. While a database is rewritten under another data key, the file
holds both; the first bytes of the database tell which is its own.
"""

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from dialoguedb import private_files
from dialoguedb.errors import DamagedData, DataError, NotUnlocked
from dialoguedb.store.sqlite.encryption.data_key import CIPHER, DataKey, new_data_key

FILE = "encryption.json"

_FORMAT = 1
_NONCE_BYTES = 12
_PURPOSE = b"DialogueDB data key 1\0"

MasterKey = bytes
"""The operator's key: 32 bytes."""


class _Sealed(msgspec.Struct, frozen=True):
    """A data key, sealed with one operator's key by AES-256-GCM."""

    nonce: bytes
    box: bytes


class _Entry(msgspec.Struct, frozen=True):
    """A data key, openable with each of some operator's keys."""

    salt: bytes
    sealed: tuple[_Sealed, ...]


class KeyRing(msgspec.Struct, frozen=True):
    """The data keys of one directory: one, but two while the database is rewritten."""

    format: int
    cipher: str
    keys: tuple[_Entry, ...]

    def open(self, master: MasterKey, salt: bytes | None) -> DataKey:
        """Return the data key of the file with this salt, or the newest; NotUnlocked."""
        for entry in reversed(self.keys):
            if salt in (None, entry.salt):
                key, _ = _opened(entry, master)
                return DataKey(key, entry.salt)
        raise DamagedData(f"The database was not encrypted with a key of its {FILE}, or is damaged")

    def adding(self, key: DataKey, master: MasterKey) -> "KeyRing":
        """Return it with one more data key."""
        sealed = _Entry(key.salt, (_seal(key, master),))
        return msgspec.structs.replace(self, keys=(*self.keys, sealed))

    def keeping(self, salt: bytes) -> "KeyRing":
        """Return it with the data key of this salt alone."""
        kept = tuple(entry for entry in self.keys if entry.salt == salt)
        return msgspec.structs.replace(self, keys=kept)

    def sealed_with(self, new: MasterKey, old: MasterKey, *, keep_old: bool) -> "KeyRing":
        """Return it for another operator's key, and for the old one, if kept; NotUnlocked."""
        entries = []
        for entry in self.keys:
            key, by_old = _opened(entry, old)
            by_new = _seal(DataKey(key, entry.salt), new)
            entries.append(_Entry(entry.salt, (by_new, by_old) if keep_old else (by_new,)))
        return msgspec.structs.replace(self, keys=tuple(entries))


def empty() -> KeyRing:
    """Return one without a key."""
    return KeyRing(_FORMAT, CIPHER, ())


def load(directory: Path) -> KeyRing | None:
    """Read that of a directory, None when it has none; DataError."""
    path = directory / FILE
    try:
        ring = msgspec.json.decode(path.read_bytes(), type=KeyRing)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise DamagedData(f"{path} is damaged; every backup has a copy of it") from None
    if (ring.format, ring.cipher) != (_FORMAT, CIPHER) or not ring.keys:
        raise DataError(f"{path} is of a newer version of DialogueDB")
    return ring


def make(directory: Path, master: MasterKey) -> KeyRing:
    """Give a new directory a data key, or return the one that another process just gave it."""
    ring = empty().adding(new_data_key(), master)
    with _written(directory, ring) as partial:
        try:
            (directory / FILE).hardlink_to(partial)
        except FileExistsError:
            ring = load(directory) or ring
        _sync(directory)
    return ring


def replace(directory: Path, change: Callable[[KeyRing | None], KeyRing]) -> KeyRing:
    """Change the file of a directory in one step, one process after the other; DataError."""
    opened = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        ring = change(load(directory))
        with _written(directory, ring) as partial:
            partial.replace(directory / FILE)
            os.fsync(opened)
    finally:
        os.close(opened)
    return ring


def copy(source: Path, destination: Path, salt: bytes) -> None:
    """Give a copy of an encrypted database the data key that it needs; DataError."""
    ring = load(source)
    if ring is None:
        raise DataError(f"{source / FILE} is gone")
    replace(destination, lambda _: ring.keeping(salt))


def _sync(directory: Path) -> None:
    opened = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def _written(directory: Path, ring: KeyRing) -> Iterator[Path]:
    """Write a file that is to get its name; it is gone afterwards."""
    partial = directory / f".{FILE}.{secrets.token_hex(8)}"
    try:
        with private_files.open_file(partial, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(ring)))
            file.flush()
            os.fsync(file.fileno())
        yield partial
    except OSError as error:
        raise DataError(f"{directory / FILE} cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            partial.unlink()


def _seal(key: DataKey, master: MasterKey) -> _Sealed:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - of encrypted data alone

    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _Sealed(nonce, AESGCM(master).encrypt(nonce, key.key, _PURPOSE + key.salt))


def _opened(entry: _Entry, master: MasterKey) -> tuple[bytes, _Sealed]:
    """Return a data key, and in which form this operator's key opened it; NotUnlocked."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - of encrypted data alone
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - nor this

    for sealed in entry.sealed:
        with suppress(InvalidTag):
            opened = AESGCM(master).decrypt(sealed.nonce, sealed.box, _PURPOSE + entry.salt)
            return opened, sealed
    raise NotUnlocked("The data is encrypted with another key than the encryption key that is set")
