"""Rows of memories: found, listed, stored."""

from collections.abc import Callable
from operator import attrgetter

import apsw
from msgspec import structs

from dialoguedb.model.memories import Memory, MemoryFilter
from dialoguedb.model.rules.memories import StoredMemory, memory_bytes, memory_not_found
from dialoguedb.store.columns import columns_of
from dialoguedb.store.sqlite.connection.reader import Reader, Shape, each
from dialoguedb.store.sqlite.rows.list_queries import SelectBuilder
from dialoguedb.store.sqlite.rows.tags import MEMORY_TAGS
from dialoguedb.values.lists import Slice, Window


class MemoryRow(StoredMemory, gc=False):
    """A memory as it is stored."""

    row_id: int


SELECT = f"SELECT {columns_of(MemoryRow, row_id='r.number')} FROM memories r"
_ONE = f"{SELECT} WHERE r.project = ? AND r.namespace = ? AND r.id = ?"
_FIELDS = StoredMemory.__struct_fields__
_INSERT = (
    f"INSERT INTO memories (project, {', '.join(_FIELDS)})"
    f" VALUES ({', '.join('?' * (1 + len(_FIELDS)))})"
)


def get(db: apsw.Connection, project: int, namespace: str, memory_id: str) -> MemoryRow | None:
    """Return a memory's row, if there is one."""
    row = db.execute(_ONE, (project, namespace, memory_id)).fetchone()
    return MemoryRow(*row) if row else None


def find(db: apsw.Connection, project: int, namespace: str, memory_id: str) -> MemoryRow:
    """Return a memory's row; MemoryNotFound."""
    row = get(db, project, namespace, memory_id)
    if row is None:
        raise memory_not_found(memory_id)
    return row


def insert(db: apsw.Connection, project: int, memory: StoredMemory) -> None:
    """Store a new memory."""
    db.execute(_INSERT, (project, *structs.astuple(memory)))
    MEMORY_TAGS.replace(db, project, db.last_insert_rowid(), (b"[]", memory.tags))


def store_tags(db: apsw.Connection, project: int, former: MemoryRow, after: StoredMemory) -> None:
    """Store a memory's tags in place of its former ones."""
    MEMORY_TAGS.replace(db, project, former.row_id, (former.tags, after.tags))
    db.execute(
        "UPDATE memories SET tags = ?, modified = ? WHERE number = ?",
        (after.tags, after.modified, former.row_id),
    )


def delete(db: apsw.Connection, project: int, row: MemoryRow) -> None:
    """Delete a memory."""
    MEMORY_TAGS.delete(db, project, row.row_id, row.tags)
    db.execute("DELETE FROM memories WHERE number = ?", (row.row_id,))


def page(project: int, filters: MemoryFilter, window: Window, reader: Reader) -> Slice[Memory]:
    """Return a window of a project's memories."""
    query = SelectBuilder(SELECT, (f"r.{filters.order_by}", "r.id", "r.namespace"), window)
    query.fixed["r.project"] = project
    if filters.namespace is not None:
        query.fixed["r.namespace"] = filters.namespace
    if filters.tags:
        MEMORY_TAGS.add_filter(reader.db, query, project, filters.tags)
    query.add_span(reader.db, "memories", filters.created)
    key: Callable[[MemoryRow], tuple[str, ...]] = attrgetter(filters.order_by, "id", "namespace")
    shape = Shape(MemoryRow, each(MemoryRow.to_memory), memory_bytes, key)
    return reader.page(query.rows(reader.db), window, shape)
