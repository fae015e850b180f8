"""Memories of a project's namespaces."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from functools import partial

import apsw
from msgspec import UNSET, Raw, Struct

from dialoguedb.errors import DuplicateId, ErrorDetail, MemoryNotFound
from dialoguedb.model.memories import Memory, MemoryFilter, NewMemory
from dialoguedb.model.projects import Project, Usage
from dialoguedb.ports import Tags, WriteOptions
from dialoguedb.store.sqlite.connection.project_row_ids import Numbers
from dialoguedb.store.sqlite.connection.reader import Reader, Readers, Row, Shape
from dialoguedb.store.sqlite.connection.writer import Writer
from dialoguedb.store.sqlite.rows.idempotency import at_most_once
from dialoguedb.store.sqlite.rows.list_queries import Listing
from dialoguedb.store.sqlite.rows.tags import MEMORY_TAGS, encode
from dialoguedb.store.sqlite.search_index import catch_up
from dialoguedb.values.lists import Slice, Window
from dialoguedb.values.timestamps import month_of

_ESCAPED_BYTES = 6  # a control character in JSON
_LONG_BYTES = 1024 * 1024


class MemoryRow(Struct, gc=False):
    """A memory as it is stored, in the order of the columns selected."""

    order_key: str
    id: str
    namespace: str
    number: int
    value: bytes
    label: str | None
    description: str | None
    tags: bytes
    metadata: bytes
    created: str
    modified: str

    def to_memory(self) -> Memory:
        """Return the memory as it is answered."""
        return Memory(
            id=self.id,
            value=Raw(self.value),
            tags=Raw(self.tags),
            metadata=Raw(self.metadata),
            created=self.created,
            modified=self.modified,
            namespace=self.namespace or UNSET,
            label=UNSET if self.label is None else self.label,
            description=UNSET if self.description is None else self.description,
        )

    def is_twin(self, new: NewMemory) -> bool:
        """Tell whether a received memory is this one, sent again."""
        return (
            self.value == new.value
            and self.metadata == new.metadata
            and (self.label, self.description) == (new.label, new.description)
            and new.created in {None, self.created}
        )


def _select(order_column: str) -> str:
    columns = ", ".join(f"r.{name}" for name in MemoryRow.__struct_fields__[1:])
    return f"SELECT r.{order_column}, {columns} FROM memories r"


SELECT = _select("created")
_ONE = f"{SELECT} WHERE r.project = ? AND r.namespace = ? AND r.id = ?"


class SQLiteMemories:
    """Implements `ports.MemoryStore`."""

    def __init__(self, writer: Writer, readers: Readers, numbers: Numbers) -> None:
        self._writer = writer
        self._readers = readers
        self._numbers = numbers

    async def create(
        self, project: Project, namespace: str, new: NewMemory, options: WriteOptions
    ) -> Memory:
        """Store a memory; an equal twin is answered, an unequal one is a DuplicateId."""
        number = self._numbers.of(project)

        def act(db: apsw.Connection) -> Memory:
            twin = _get(db, number, namespace, new.id)
            if twin and new.named and twin.is_twin(new):
                return twin.to_memory()
            if twin:
                message = f"Memory '{new.id}' exists already, and is not the same"
                raise DuplicateId(message, [ErrorDetail("id", "INVALID", message)])
            _insert(db, number, namespace, new, options.now)
            used = Usage(month_of(options.now), stored_bytes=new.stored_bytes)
            self._writer.tally.charge(db, project, number, used, options)
            return _find(db, number, namespace, new.id).to_memory()

        long = new.stored_bytes > _LONG_BYTES
        return await self._writer.write(at_most_once(act, number, options), long=long)

    async def get(self, project: Project, namespace: str, memory_id: str) -> Memory:
        """Return one memory."""
        number = self._numbers.of(project)

        def query(reader: Reader) -> Memory:
            return _find(reader.db, number, namespace, memory_id).to_memory()

        return await self._readers.read(query)

    async def list(self, project: Project, wanted: MemoryFilter, window: Window) -> Slice[Memory]:
        """Return a window of memories, ties ordered by id."""
        number = self._numbers.of(project)
        return await self._readers.read(partial(_page, number, wanted, window))

    async def update(
        self, project: Project, namespace: str, memory_id: str, tags: Tags, options: WriteOptions
    ) -> Memory:
        """Replace the tags; None changes nothing."""
        number = self._numbers.of(project)

        def act(db: apsw.Connection) -> Memory:
            row = _find(db, number, namespace, memory_id)
            if tags is not None and encode(tags) != row.tags:
                MEMORY_TAGS.delete(db, number, row.number, row.tags)
                MEMORY_TAGS.insert(db, number, row.number, tags)
                db.execute(
                    "UPDATE memories SET tags = ?, modified = max(modified, ?) WHERE number = ?",
                    (encode(tags), options.now, row.number),
                )
                catch_up.change(db, "memory", row.number, text=False)
            self._writer.tally.charge(db, project, number, Usage(month_of(options.now)), options)
            return _find(db, number, namespace, memory_id).to_memory()

        return await self._writer.write(at_most_once(act, number, options))

    async def delete(
        self, project: Project, namespace: str, memory_id: str, options: WriteOptions
    ) -> None:
        """Delete one memory."""
        number = self._numbers.of(project)

        def act(db: apsw.Connection) -> None:
            row = _find(db, number, namespace, memory_id)
            MEMORY_TAGS.delete(db, number, row.number, row.tags)
            db.execute("DELETE FROM memories WHERE number = ?", (row.number,))
            catch_up.remove(db, "memory", "VALUES (?)", (row.number,))

        await self._writer.write(at_most_once(act, number, options))


def _get(db: apsw.Connection, project: int, namespace: str, memory_id: str) -> MemoryRow | None:
    row = db.execute(_ONE, (project, namespace, memory_id)).fetchone()
    return MemoryRow(*row) if row else None


def _find(db: apsw.Connection, project: int, namespace: str, memory_id: str) -> MemoryRow:
    row = _get(db, project, namespace, memory_id)
    if row is None:
        raise MemoryNotFound(f"Memory '{memory_id}' not found")
    return row


def _insert(db: apsw.Connection, project: int, namespace: str, new: NewMemory, now: str) -> None:
    db.execute(
        "INSERT INTO memories (project, namespace, id, value, label, description, tags, metadata,"
        " created, modified) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            project,
            namespace,
            new.id,
            new.value,
            new.label,
            new.description,
            encode(new.tags),
            new.metadata,
            new.created or now,
            now,
        ),
    )
    MEMORY_TAGS.insert(db, project, db.last_insert_rowid(), new.tags)


def _page(number: int, wanted: MemoryFilter, window: Window, reader: Reader) -> Slice[Memory]:
    order = (f"r.{wanted.order_by}", "r.id", "r.namespace")
    listing = Listing(_select(wanted.order_by), order, window)
    listing.scope["r.project"] = number
    if wanted.namespace is not None:
        listing.scope["r.namespace"] = wanted.namespace
    if wanted.tags:
        MEMORY_TAGS.add_filter(reader.db, listing, number, wanted.tags)
    listing.add_span(reader.db, "memories", wanted.created)
    return reader.page(listing.rows(reader.db), window, _SHAPE)


def _make(row: Row) -> Memory:
    return MemoryRow(*row).to_memory()


def _size(row: Row) -> int:
    memory = MemoryRow(*row)
    values = len(memory.value) + len(memory.metadata) + len(memory.tags)
    return values + len(memory.description or "") * _ESCAPED_BYTES


_SHAPE = Shape(_make, _size, slice(0, 3))
