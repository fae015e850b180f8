"""Memories of a project's namespaces."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from functools import partial

from dialoguedb.model.memories import Memory, MemoryFilter, NewMemory
from dialoguedb.model.projects import Project
from dialoguedb.model.rules.memories import plan_creation, plan_retag
from dialoguedb.model.rules.usage import usage_of
from dialoguedb.ports import Tags, WriteOptions
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.postgres.connection.readers import Readers
from dialoguedb.store.postgres.connection.writer import Transaction, Writer
from dialoguedb.store.postgres.rows import memory_rows, quoting_rows
from dialoguedb.store.postgres.rows.idempotency import at_most_once
from dialoguedb.store.postgres.rows.quoting_rows import Quoted
from dialoguedb.store.postgres.search_index.index import Index
from dialoguedb.values.lists import Slice, Window


class PostgresMemories:
    """Implements `ports.MemoryStore`."""

    def __init__(
        self, writer: Writer, readers: Readers, row_ids: ProjectRowIds, index: Index
    ) -> None:
        self._writer = writer
        self._readers = readers
        self._row_ids = row_ids
        self._index = index

    async def create(
        self, project: Project, namespace: str, new: NewMemory, options: WriteOptions
    ) -> Memory:
        """Store a memory; an equal existing one is returned; DuplicateId for a different one."""
        project_row = await self._row_ids.of(project)

        async def operation(db: Transaction) -> Memory:
            existing = await memory_rows.get(db, project_row, namespace, new.id)
            memory = plan_creation(namespace, new, existing, options.now)
            if memory is not existing:
                ref = await memory_rows.insert(db, project_row, memory)
                await self._index.add(db, "memory", [ref])
                used = usage_of(options, stored_bytes=new.stored_bytes)
                await db.usage.record(db, (project, project_row), used, options)
            return memory.to_memory()

        work = at_most_once(operation, project_row, options)
        return await self._writer.write(work, repeatable=options.idempotency is not None)

    async def get(self, project: Project, namespace: str, memory_id: str) -> Memory:
        """Return one memory."""
        project_row = await self._row_ids.of(project)

        async def query(db: Connection) -> Memory:
            return (await memory_rows.find(db, project_row, namespace, memory_id)).to_memory()

        return await self._readers.read_once(query)

    async def list(self, project: Project, filters: MemoryFilter, window: Window) -> Slice[Memory]:
        """Return a window of memories, ties ordered by id."""
        project_row = await self._row_ids.of(project)
        query = partial(memory_rows.page, project_row, filters, window)
        return await self._readers.list(window, query)

    async def update(
        self, project: Project, namespace: str, memory_id: str, tags: Tags, options: WriteOptions
    ) -> Memory:
        """Replace the tags; None changes nothing."""
        project_row = await self._row_ids.of(project)
        find = partial(memory_rows.find, namespace=namespace, memory_id=memory_id)

        async def operation(db: Transaction) -> Memory:
            row = await find(db, project_row, lock=True)
            after = plan_retag(row, tags, options.now)
            if after is not row:
                await memory_rows.store_tags(db, project_row, row, after)
                await self._index.change(db, "memory", [row.ref], text=False)
            await db.usage.record(db, (project, project_row), usage_of(options), options)
            return after.to_memory()

        async def quoted(db: Connection, _result: object) -> Quoted:
            return Quoted("memory", (await find(db, project_row)).row_id)

        work = at_most_once(operation, project_row, options, quoted)
        return await self._writer.write(work, repeatable=options.idempotency is not None)

    async def delete(
        self, project: Project, namespace: str, memory_id: str, options: WriteOptions
    ) -> None:
        """Delete one memory."""
        project_row = await self._row_ids.of(project)

        async def operation(db: Transaction) -> None:
            row = await memory_rows.find(db, project_row, namespace, memory_id, lock=True)
            await self._index.remove(db, "memory", [row.ref])
            await memory_rows.delete(db, row)
            await quoting_rows.memory_deleted(db, project_row, namespace, row.ref)

        work = at_most_once(operation, project_row, options)
        await self._writer.write(work, repeatable=options.idempotency is not None)
