"""Rows of keys, which belong to a project, or to none when they are an operator's."""

import apsw
from msgspec import structs

from dialoguedb.model.rules.keys import StoredKey, key_not_found
from dialoguedb.store.columns import columns_of

SELECT = f"SELECT {columns_of(StoredKey)} FROM keys r"
_FIELDS = StoredKey.__struct_fields__
_INSERT = (
    f"INSERT INTO keys (project, {', '.join(_FIELDS)})"
    f" VALUES ({', '.join('?' * (1 + len(_FIELDS)))})"
)


class KeyRow(StoredKey, gc=False):
    """A key as it is stored, with the row id of its project."""

    project: int | None


_BY_DIGEST = f"SELECT {columns_of(KeyRow)} FROM keys r WHERE r.digest = ?"


def insert(db: apsw.Connection, project: int | None, key: StoredKey) -> None:
    """Store a new key."""
    db.execute(_INSERT, (project, *structs.astuple(key)))


def find(db: apsw.Connection, project: int | None, key_id: str) -> StoredKey:
    """Return a key; KeyNotFound."""
    row = db.execute(f"{SELECT} WHERE r.project IS ? AND r.id = ?", (project, key_id)).fetchone()
    if row is None:
        raise key_not_found(key_id)
    return StoredKey(*row)


def get_by_digest(db: apsw.Connection, digest: bytes) -> KeyRow | None:
    """Return the key of a secret's hash, if there is one."""
    row = db.execute(_BY_DIGEST, (digest,)).fetchone()
    return KeyRow(*row) if row else None
