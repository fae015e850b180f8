"""Rows of what memories said before they were corrected."""

import apsw
from msgspec import structs

from dialoguedb.model.memories import MemoryVersion
from dialoguedb.model.rules.memories import StoredVersion, version_bytes
from dialoguedb.store.columns import columns_of
from dialoguedb.store.sqlite.connection.reader import Reader, Shape, each
from dialoguedb.store.sqlite.rows.list_queries import SelectBuilder
from dialoguedb.values.lists import Slice, Window

_SELECT = f"SELECT {columns_of(StoredVersion)} FROM memory_versions r"
_ONE = f"{_SELECT} WHERE r.memory = ? AND r.version = ?"
_FIELDS = StoredVersion.__struct_fields__
_INSERT = (
    f"INSERT INTO memory_versions (memory, {', '.join(_FIELDS)})"
    f" VALUES ({', '.join('?' * (1 + len(_FIELDS)))})"
)


def insert(db: apsw.Connection, memory: int, version: StoredVersion) -> None:
    """Store a former version of a memory, which is given by its row id."""
    db.execute(_INSERT, (memory, *structs.astuple(version)))


def get(db: apsw.Connection, memory: int, version: int) -> StoredVersion | None:
    """Return one version, if it is there."""
    row = db.execute(_ONE, (memory, version)).fetchone()
    return StoredVersion(*row) if row else None


def page(memory: int, window: Window, reader: Reader) -> Slice[MemoryVersion]:
    """Return a window of a memory's versions."""
    query = SelectBuilder(_SELECT, ("r.version",), window)
    query.fixed["r.memory"] = memory
    shape = Shape(StoredVersion, each(StoredVersion.to_version), version_bytes, _key)
    return reader.page(query.rows(reader.db), window, shape)


def _key(version: StoredVersion) -> tuple[int]:
    return (version.version,)
