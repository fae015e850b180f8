"""Memories of a project's namespaces."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from functools import partial

from dialoguedb.model.memories import (
    Memory,
    MemoryFilter,
    MemoryUpdate,
    MemoryVersion,
    NewMemory,
    NewVersion,
)
from dialoguedb.model.projects import Project
from dialoguedb.model.rules.memories import (
    StoredMemory,
    answer_similar,
    answer_stored,
    is_quoted,
    plan_new,
    plan_update,
    plan_version,
    with_version_before,
)
from dialoguedb.model.rules.usage import usage_of
from dialoguedb.ports import WriteOptions
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.postgres.connection.readers import Readers
from dialoguedb.store.postgres.connection.writer import Transaction, Writer
from dialoguedb.store.postgres.rows import memory_rows, memory_version_rows, quoting_rows
from dialoguedb.store.postgres.rows.idempotency import at_most_once
from dialoguedb.store.postgres.rows.memory_rows import MemoryRow
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
            if existing:
                first = await memory_version_rows.get(db, existing.ref, 1)
                return answer_stored(new, existing, first).to_memory()
            similar, like = new.similar, None
            if similar is not None:
                like = await memory_rows.get(db, project_row, namespace, similar.id, lock=True)
            if similar is not None and like is not None and similar.policy == "return":
                return answer_similar(like, similar)
            memory = plan_new(namespace, new, like, options)
            await self._store(db, project_row, memory)
            used = usage_of(options, stored_bytes=new.stored_bytes)
            await db.usage.record(db, (project, project_row), used, options)
            return answer_similar(memory, similar) if similar and like else memory.to_memory()

        async def quoted(db: Connection, result: Memory) -> Quoted | None:
            if not is_quoted(new, result):
                return None
            row = await memory_rows.find(db, project_row, namespace, result.id)
            return Quoted("memory", row.row_id)

        work = at_most_once(operation, project_row, options, quoted)
        return await self._writer.write(work, repeatable=options.idempotency is not None)

    async def _store(self, db: Transaction, project_row: int, memory: StoredMemory) -> None:
        """Store a memory, and note in the one that it supersedes that it does; MemoryNotFound."""
        superseded = None
        if memory.supersedes is not None:
            of = (project_row, memory.namespace, memory.supersedes)
            superseded = await memory_rows.find(db, *of, lock=True)
        ref = await memory_rows.insert(db, project_row, memory)
        await memory_rows.mark_superseded(db, project_row, superseded, memory.modified)
        await self._index.add(db, "memory", [ref])

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
        self,
        project: Project,
        namespace: str,
        memory_id: str,
        update: MemoryUpdate,
        options: WriteOptions,
    ) -> Memory:
        """Change a memory; what it said before becomes a version of its history."""
        project_row = await self._row_ids.of(project)
        find = partial(memory_rows.find, namespace=namespace, memory_id=memory_id)

        async def operation(db: Transaction) -> Memory:
            superseded = await self._superseded(db, project_row, await find(db, project_row))
            row = await find(db, project_row, lock=True)
            planned = plan_update(row, update, options)
            after = planned.memory
            if after is not row:
                await memory_rows.store(db, project_row, row, after)
                if planned.former is not None:
                    await memory_version_rows.insert(db, row.ref, planned.former)
                await memory_rows.mark_superseded(db, project_row, superseded, options.now)
                is_other = planned.former is not None
                await self._index.change(db, "memory", [row.ref], text=is_other)
            used = usage_of(options, stored_bytes=planned.stored_bytes)
            await db.usage.record(db, (project, project_row), used, options)
            return after.to_memory()

        async def quoted(db: Connection, _result: object) -> Quoted:
            return Quoted("memory", (await find(db, project_row)).row_id)

        work = at_most_once(operation, project_row, options, quoted)
        return await self._writer.write(work, repeatable=options.idempotency is not None)

    @staticmethod
    async def _superseded(db: Connection, project_row: int, row: MemoryRow) -> MemoryRow | None:
        """Return what a memory supersedes, locked; it is locked before those that supersede it."""
        if row.supersedes is None:
            return None
        return await memory_rows.get(db, project_row, row.namespace, row.supersedes, lock=True)

    async def versions(
        self, project: Project, namespace: str, memory_id: str, window: Window
    ) -> Slice[MemoryVersion]:
        """Return a window of what a memory said before, by version."""
        project_row = await self._row_ids.of(project)

        async def query(db: Connection) -> Slice[MemoryVersion]:
            row = await memory_rows.find(db, project_row, namespace, memory_id)
            return await memory_version_rows.page(row.ref, window, db)

        return await self._readers.list(window, query)

    async def create_version(
        self,
        project: Project,
        namespace: str,
        memory_id: str,
        new: NewVersion,
        options: WriteOptions,
    ) -> MemoryVersion:
        """Store a former version; an equal one is answered, another one is a DuplicateId."""
        project_row = await self._row_ids.of(project)
        find = partial(memory_rows.find, namespace=namespace, memory_id=memory_id)

        async def operation(db: Transaction) -> MemoryVersion:
            row = await find(db, project_row, lock=True)
            existing = await memory_version_rows.get(db, row.ref, new.version)
            version = plan_version(new, existing, options)
            if version is not existing:
                await memory_version_rows.insert(db, row.ref, version)
                after = with_version_before(row, new.version, options.now)
                if after is not row:
                    await memory_rows.store(db, project_row, row, after)
                used = usage_of(options, stored_bytes=new.stored_bytes)
                await db.usage.record(db, (project, project_row), used, options)
            return version.to_version()

        async def quoted(db: Connection, _result: object) -> Quoted:
            return Quoted("memory", (await find(db, project_row)).row_id)

        work = at_most_once(operation, project_row, options, quoted)
        return await self._writer.write(work, repeatable=options.idempotency is not None)

    async def delete(
        self, project: Project, namespace: str, memory_id: str, options: WriteOptions
    ) -> None:
        """Delete one memory with its history; what it superseded holds again."""
        project_row = await self._row_ids.of(project)
        find = partial(memory_rows.find, namespace=namespace, memory_id=memory_id)

        async def operation(db: Transaction) -> None:
            superseded = await self._superseded(db, project_row, await find(db, project_row))
            row = await find(db, project_row, lock=True)
            await self._index.remove(db, "memory", [row.ref])
            await memory_rows.delete(db, row)
            await memory_rows.unlink(db, project_row, row)
            await memory_rows.mark_superseded(db, project_row, superseded, options.now)
            await quoting_rows.memory_deleted(db, project_row, namespace, row.ref)

        work = at_most_once(operation, project_row, options)
        await self._writer.write(work, repeatable=options.idempotency is not None)
