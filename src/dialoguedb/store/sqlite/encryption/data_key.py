"""The key that every page of a database file, and of its log, is sealed with.

SQLite3 Multiple Ciphers, which is part of the apsw that is installed with DialogueDB, seals a page
with ChaCha20-Poly1305 and a nonce of its own each time it is written, and verifies it each time it
is read. The key is used as it is: deriving one from a password would cost each connection fifty
milliseconds.
"""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

import apsw

from dialoguedb.errors import InvalidSetting

CIPHER = "chacha20"
KEY_BYTES = 32
SALT_BYTES = 16
LAYER = "multipleciphers-"
"""Begins the name of the file layer that encrypts, before that of the one below it."""


@dataclass(frozen=True)
class DataKey:
    """A random key, and the random bytes that an encrypted file begins with, which tell which."""

    key: bytes = field(repr=False)
    salt: bytes

    def use(self, db: apsw.Connection) -> None:
        """Have a connection that was just opened seal and open pages."""
        db.pragma("cipher", CIPHER)
        db.execute(f"PRAGMA key = '{self._written}'", can_cache=False)

    def uri(self, path: Path) -> str:
        """Return the address of a file that `VACUUM INTO` makes with this key."""
        layer = next(name for name in apsw.vfs_names() if name.startswith(LAYER))
        return f"{path.absolute().as_uri()}?vfs={layer}&cipher={CIPHER}&key={self._written}"

    @property
    def _written(self) -> str:
        return f"raw:{self.key.hex()}{self.salt.hex()}"


def new_data_key() -> DataKey:
    """Make a key that was never used."""
    return DataKey(secrets.token_bytes(KEY_BYTES), secrets.token_bytes(SALT_BYTES))


def require_ciphers() -> None:
    """Return when the SQLite that is loaded can encrypt; InvalidSetting otherwise."""
    if not hasattr(apsw, "mc_version"):
        raise InvalidSetting(
            "The SQLite of this Python cannot encrypt: another package has put `apsw` in the place"
            " of `apsw-sqlite3mc`; `pip install --force-reinstall --no-deps apsw-sqlite3mc`"
            " puts it back"
        )
