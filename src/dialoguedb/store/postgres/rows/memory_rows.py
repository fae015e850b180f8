"""Rows of memories: found, listed, stored."""

from collections.abc import Callable, Sequence
from operator import attrgetter

from msgspec import UNSET, structs

from dialoguedb.model.memories import Memory, MemoryFilter
from dialoguedb.model.rules.memories import (
    StoredMemory,
    memory_bytes,
    memory_not_found,
    plan_superseded,
)
from dialoguedb.model.rules.pages import ESCAPED_BYTES
from dialoguedb.store.columns import changed, columns_of
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.rows import pages
from dialoguedb.store.postgres.rows.columns import assignments, placeholders
from dialoguedb.store.postgres.rows.list_queries import SelectBuilder
from dialoguedb.store.postgres.rows.pages import Shape, each
from dialoguedb.store.postgres.rows.tags import MEMORY_TAGS
from dialoguedb.store.postgres.schema.partitions import part_of
from dialoguedb.store.postgres.search_index.index import RowRef
from dialoguedb.values.lists import Slice, Window


class MemoryRow(StoredMemory, gc=False):
    """A memory as it is stored."""

    part: int
    row_id: int

    @property
    def ref(self) -> RowRef:
        """Its primary key."""
        return RowRef(self.part, self.row_id)


SELECT = f"SELECT {columns_of(MemoryRow, row_id='r.number')} FROM memories r"
_ONE = f"{SELECT} WHERE r.part = $1 AND r.project = $2 AND r.namespace = $3 AND r.id = $4"
_LOCKED = f"{_ONE} FOR UPDATE"
_ALL = (
    f"{SELECT} JOIN unnest($3::bigint[], $4::text[]) WITH ORDINALITY wanted (part, id, place)"
    " ON r.part = wanted.part AND r.id = wanted.id"
    " WHERE r.project = $1 AND r.namespace = $2 ORDER BY wanted.place"
)
_STORED_BYTES = (
    "octet_length(r.value) + octet_length(r.metadata) + octet_length(r.tags)"
    " + octet_length(r.details)"
    f" + char_length(coalesce(r.description, '')) * {ESCAPED_BYTES}"
)
_FIELDS = StoredMemory.__struct_fields__
_INSERT = (
    f"INSERT INTO memories (part, project, {', '.join(_FIELDS)})"
    f" VALUES ({placeholders(2 + len(_FIELDS))}) RETURNING number"
)
_UPDATE = "UPDATE memories SET {} WHERE part = $1 AND number = $2"
_LINKED = "project = $1 AND namespace = $2 AND supersedes = $3"
_SUPERSEDING = f"SELECT starts, id FROM memories WHERE {_LINKED} ORDER BY starts, id LIMIT 1"
_UNLINK = f"UPDATE memories SET supersedes = NULL WHERE {_LINKED}"


async def get(
    db: Connection, project: int, namespace: str, memory_id: str, *, lock: bool = False
) -> MemoryRow | None:
    """Return a memory's row, if there is one."""
    part = part_of(project, namespace, memory_id)
    row = await db.row(_LOCKED if lock else _ONE, part, project, namespace, memory_id)
    return MemoryRow(*row) if row else None


async def find(
    db: Connection, project: int, namespace: str, memory_id: str, *, lock: bool = False
) -> MemoryRow:
    """Return a memory's row; MemoryNotFound."""
    row = await get(db, project, namespace, memory_id, lock=lock)
    if row is None:
        raise memory_not_found(memory_id)
    return row


async def get_all(
    db: Connection, project: int, namespace: str, ids: Sequence[str]
) -> list[MemoryRow]:
    """Return the rows of those memories that are there, in the order of their ids."""
    parts = [part_of(project, namespace, one) for one in ids]
    rows = await db.rows(_ALL, project, namespace, parts, ids)
    return [MemoryRow(*row) for row in rows]


async def insert(db: Connection, project: int, memory: StoredMemory) -> RowRef:
    """Store a new memory; returns its primary key."""
    part = part_of(project, memory.namespace, memory.id)
    row_id = await db.value(_INSERT, part, project, *structs.astuple(memory))
    ref = RowRef(part, row_id)
    await MEMORY_TAGS.replace(db, project, ref, (b"[]", memory.tags))
    return ref


async def store(db: Connection, project: int, former: MemoryRow, after: StoredMemory) -> None:
    """Store a memory in the place of the former one."""
    await MEMORY_TAGS.replace(db, project, former.ref, (former.tags, after.tags))
    fields = changed(former, after)
    await db.execute(_UPDATE.format(assignments(*fields, first=3)), *former.ref, *fields.values())


async def mark_superseded(
    db: Connection, project: int, superseded: MemoryRow | None, now: str
) -> None:
    """Note in a memory that is locked what supersedes it first, or that nothing does."""
    if superseded is None:
        return
    by = await db.row(_SUPERSEDING, project, superseded.namespace, superseded.id)
    after = plan_superseded(superseded, (by[0], by[1]) if by else None, now)
    if after is not superseded:
        await store(db, project, superseded, after)


async def unlink(db: Connection, project: int, memory: StoredMemory) -> None:
    """Let go of a deleted memory in those that superseded it."""
    await db.execute(_UNLINK, project, memory.namespace, memory.id)


async def delete(db: Connection, row: MemoryRow) -> None:
    """Delete a memory, its tags and its history with it."""
    await db.execute("DELETE FROM memories WHERE part = $1 AND number = $2", *row.ref)


async def page(
    project: int, filters: MemoryFilter, window: Window, db: Connection
) -> Slice[Memory]:
    """Return a window of a project's memories."""
    query = SelectBuilder(SELECT, (f"r.{filters.order_by}", "r.id", "r.namespace"), window)
    query.fixed["r.project"] = project
    if filters.namespace is not None:
        query.fixed["r.namespace"] = filters.namespace
    if filters.tags:
        await MEMORY_TAGS.add_filter(db, query, project, filters.tags)
    await query.add_span(db, "memories", filters.created)
    if filters.as_of is not UNSET:
        query.add("r.starts <= ? AND r.ends > ?", filters.as_of, filters.as_of)
    key: Callable[[MemoryRow], tuple[str, ...]] = attrgetter(filters.order_by, "id", "namespace")
    shape = Shape(MemoryRow, each(MemoryRow.to_memory), memory_bytes, key, _STORED_BYTES)
    return await pages.page(db, query, shape)
