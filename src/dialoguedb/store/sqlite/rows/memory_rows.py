"""Rows of memories: found, listed, stored."""

from collections.abc import Callable
from operator import attrgetter

import apsw
from msgspec import UNSET, structs

from dialoguedb.model.memories import Memory, MemoryFilter
from dialoguedb.model.rules.memories import (
    StoredMemory,
    memory_bytes,
    memory_not_found,
    plan_superseded,
)
from dialoguedb.store.columns import changed, columns_of
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
_LINKED = "project = ? AND namespace = ? AND supersedes = ?"
_SUPERSEDING = f"SELECT starts, id FROM memories WHERE {_LINKED} ORDER BY starts, id LIMIT 1"
_UNLINK = f"UPDATE memories SET supersedes = NULL WHERE {_LINKED}"


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


def store(db: apsw.Connection, project: int, former: MemoryRow, after: StoredMemory) -> None:
    """Store a memory in the place of the former one."""
    MEMORY_TAGS.replace(db, project, former.row_id, (former.tags, after.tags))
    fields = changed(former, after)
    assigned = ", ".join(f"{name} = ?" for name in fields)
    update = f"UPDATE memories SET {assigned} WHERE number = ?"
    db.execute(update, (*fields.values(), former.row_id))


def mark_superseded(
    db: apsw.Connection, project: int, namespace: str, memory_id: str | None, now: str
) -> None:
    """Note in a memory, if it is there, what supersedes it first, or that nothing does."""
    row = None if memory_id is None else get(db, project, namespace, memory_id)
    if row is None:
        return
    by = db.execute(_SUPERSEDING, (project, namespace, memory_id)).fetchone()
    after = plan_superseded(row, by, now)
    if after is not row:
        store(db, project, row, after)


def unlink(db: apsw.Connection, project: int, memory: StoredMemory) -> None:
    """Let go of a deleted memory in those that superseded it."""
    db.execute(_UNLINK, (project, memory.namespace, memory.id))


def delete(db: apsw.Connection, project: int, row: MemoryRow) -> None:
    """Delete a memory, its history with it."""
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
    if filters.as_of is not UNSET:
        query.add("r.starts <= ? AND r.ends > ?", filters.as_of, filters.as_of)
    key: Callable[[MemoryRow], tuple[str, ...]] = attrgetter(filters.order_by, "id", "namespace")
    shape = Shape(MemoryRow, each(MemoryRow.to_memory), memory_bytes, key)
    return reader.page(query.rows(reader.db), window, shape)
