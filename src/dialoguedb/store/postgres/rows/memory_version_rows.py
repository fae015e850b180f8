"""Rows of what memories said before they were corrected."""

from msgspec import structs

from dialoguedb.model.memories import MemoryVersion
from dialoguedb.model.rules.memories import StoredVersion, version_bytes
from dialoguedb.model.rules.pages import ESCAPED_BYTES
from dialoguedb.store.columns import columns_of
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.rows import pages
from dialoguedb.store.postgres.rows.columns import placeholders
from dialoguedb.store.postgres.rows.list_queries import SelectBuilder
from dialoguedb.store.postgres.rows.pages import Shape, each
from dialoguedb.store.postgres.search_index.index import RowRef
from dialoguedb.values.lists import Slice, Window

_SELECT = f"SELECT {columns_of(StoredVersion)} FROM memory_versions r"
_OF = "r.part = $1 AND r.memory = $2"
_ONE = f"{_SELECT} WHERE {_OF} AND r.version = $3"
_STORED_BYTES = (
    "octet_length(r.value) + octet_length(r.metadata) + octet_length(r.details)"
    f" + char_length(coalesce(r.description, '')) * {ESCAPED_BYTES}"
)
_FIELDS = StoredVersion.__struct_fields__
_INSERT = (
    f"INSERT INTO memory_versions (part, memory, {', '.join(_FIELDS)})"
    f" VALUES ({placeholders(2 + len(_FIELDS))})"
)


async def insert(db: Connection, memory: RowRef, version: StoredVersion) -> None:
    """Store a former version of a memory."""
    await db.execute(_INSERT, *memory, *structs.astuple(version))


async def get(db: Connection, memory: RowRef, version: int) -> StoredVersion | None:
    """Return one version, if it is there."""
    row = await db.row(_ONE, *memory, version)
    return StoredVersion(*row) if row else None


async def page(memory: RowRef, window: Window, db: Connection) -> Slice[MemoryVersion]:
    """Return a window of a memory's versions."""
    query = SelectBuilder(_SELECT, ("r.version",), window)
    query.fixed["r.part"], query.fixed["r.memory"] = memory
    make = each(StoredVersion.to_version)
    shape = Shape(StoredVersion, make, version_bytes, _key, _STORED_BYTES)
    return await pages.page(db, query, shape)


def _key(version: StoredVersion) -> tuple[int]:
    return (version.version,)
