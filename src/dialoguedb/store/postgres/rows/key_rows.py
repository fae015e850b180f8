"""Rows of keys, which belong to a project, or to none when they are an operator's."""

from msgspec import structs

from dialoguedb.model.rules.keys import StoredKey, key_not_found
from dialoguedb.store.columns import columns_of
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.rows.columns import placeholders
from dialoguedb.store.postgres.rows.project_rows import ProjectRow

SELECT = f"SELECT {columns_of(StoredKey)} FROM keys r"
_FIELDS = StoredKey.__struct_fields__
_INSERT = (
    f"INSERT INTO keys (project, {', '.join(_FIELDS)}) VALUES ({placeholders(1 + len(_FIELDS))})"
)
_ONE = f"{SELECT} WHERE r.project IS NOT DISTINCT FROM $1 AND r.id = $2"
_LOCKED = f"{_ONE} FOR UPDATE"
_PROJECT = ", ".join(f"p.{name}" for name in (*ProjectRow.__struct_fields__[:-1], "number"))
_BY_DIGEST = (
    f"SELECT {columns_of(StoredKey)}, {_PROJECT}"
    " FROM keys r LEFT JOIN projects p ON p.number = r.project WHERE r.digest = $1"
)


async def insert(db: Connection, project: int | None, key: StoredKey) -> None:
    """Store a new key."""
    await db.execute(_INSERT, project, *structs.astuple(key))


async def find(
    db: Connection, project: int | None, key_id: str, *, lock: bool = False
) -> StoredKey:
    """Return a key; KeyNotFound."""
    row = await db.row(_LOCKED if lock else _ONE, project, key_id)
    if row is None:
        raise key_not_found(key_id)
    return StoredKey(*row)


async def get_by_digest(
    db: Connection, digest: bytes
) -> tuple[StoredKey | None, ProjectRow | None]:
    """Return the key of a secret's hash, if there is one, and its project, if it has one."""
    row = await db.row(_BY_DIGEST, digest)
    if row is None:
        return None, None
    key = StoredKey(*row[: len(_FIELDS)])
    project = row[len(_FIELDS) :]
    return key, None if project[0] is None else ProjectRow(*project)
