"""Memories of a project's namespaces."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from functools import partial

import apsw

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
from dialoguedb.store.sqlite.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.sqlite.connection.reader import Reader, Readers
from dialoguedb.store.sqlite.connection.writer import Writer
from dialoguedb.store.sqlite.rows import memory_rows, memory_version_rows, quoting_rows
from dialoguedb.store.sqlite.rows.idempotency import at_most_once
from dialoguedb.store.sqlite.rows.quoting_rows import Quoted
from dialoguedb.store.sqlite.search_index import catch_up
from dialoguedb.values.lists import Slice, Window

_LONG_BYTES = 1024 * 1024


class SQLiteMemories:
    """Implements `ports.MemoryStore`."""

    def __init__(self, writer: Writer, readers: Readers, row_ids: ProjectRowIds) -> None:
        self._writer = writer
        self._readers = readers
        self._row_ids = row_ids

    async def create(
        self, project: Project, namespace: str, new: NewMemory, options: WriteOptions
    ) -> Memory:
        """Store a memory; an equal existing one is returned; DuplicateId for a different one."""
        project_row = self._row_ids.of(project)

        def operation(db: apsw.Connection) -> Memory:
            existing = memory_rows.get(db, project_row, namespace, new.id)
            if existing:
                first = memory_version_rows.get(db, existing.row_id, 1)
                return answer_stored(new, existing, first).to_memory()
            similar, like = new.similar, None
            if similar is not None:
                like = memory_rows.get(db, project_row, namespace, similar.id)
            if similar is not None and like is not None and similar.policy == "return":
                return answer_similar(like, similar)
            memory = self._store(db, project_row, plan_new(namespace, new, like, options))
            used = usage_of(options, stored_bytes=new.stored_bytes)
            self._writer.usage.record(db, (project, project_row), used, options)
            return answer_similar(memory, similar) if similar and like else memory.to_memory()

        def quoted(db: apsw.Connection, result: Memory) -> Quoted | None:
            if not is_quoted(new, result):
                return None
            return Quoted("memory", memory_rows.find(db, project_row, namespace, result.id).row_id)

        long = new.stored_bytes > _LONG_BYTES
        work = at_most_once(operation, project_row, options, quoted)
        return await self._writer.write(work, long=long)

    @staticmethod
    def _store(db: apsw.Connection, project_row: int, memory: StoredMemory) -> StoredMemory:
        """Store a memory, and note in the one that it supersedes that it does; MemoryNotFound."""
        if memory.supersedes is not None:
            memory_rows.find(db, project_row, memory.namespace, memory.supersedes)
        memory_rows.insert(db, project_row, memory)
        memory_rows.mark_superseded(
            db, project_row, memory.namespace, memory.supersedes, memory.modified
        )
        return memory

    async def get(self, project: Project, namespace: str, memory_id: str) -> Memory:
        """Return one memory."""
        project_row = self._row_ids.of(project)

        def query(reader: Reader) -> Memory:
            return memory_rows.find(reader.db, project_row, namespace, memory_id).to_memory()

        return await self._readers.read(query)

    async def list(self, project: Project, filters: MemoryFilter, window: Window) -> Slice[Memory]:
        """Return a window of memories, ties ordered by id."""
        project_row = self._row_ids.of(project)
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
        project_row = self._row_ids.of(project)

        def operation(db: apsw.Connection) -> Memory:
            row = memory_rows.find(db, project_row, namespace, memory_id)
            planned = plan_update(row, update, options)
            after = planned.memory
            if after is not row:
                memory_rows.store(db, project_row, row, after)
                if planned.former is not None:
                    memory_version_rows.insert(db, row.row_id, planned.former)
                if after.starts != row.starts:
                    memory_rows.mark_superseded(
                        db, project_row, namespace, after.supersedes, after.modified
                    )
                catch_up.change(db, "memory", row.row_id, text=planned.former is not None)
            used = usage_of(options, stored_bytes=planned.stored_bytes)
            self._writer.usage.record(db, (project, project_row), used, options)
            return after.to_memory()

        def quoted(db: apsw.Connection, _result: object) -> Quoted:
            return Quoted("memory", memory_rows.find(db, project_row, namespace, memory_id).row_id)

        work = at_most_once(operation, project_row, options, quoted)
        return await self._writer.write(work, long=len(update.value or b"") > _LONG_BYTES)

    async def versions(
        self, project: Project, namespace: str, memory_id: str, window: Window
    ) -> Slice[MemoryVersion]:
        """Return a window of what a memory said before, by version."""
        project_row = self._row_ids.of(project)

        def query(reader: Reader) -> Slice[MemoryVersion]:
            row = memory_rows.find(reader.db, project_row, namespace, memory_id)
            return memory_version_rows.page(row.row_id, window, reader)

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
        project_row = self._row_ids.of(project)

        def operation(db: apsw.Connection) -> MemoryVersion:
            row = memory_rows.find(db, project_row, namespace, memory_id)
            existing = memory_version_rows.get(db, row.row_id, new.version)
            version = plan_version(new, existing, options)
            if version is not existing:
                memory_version_rows.insert(db, row.row_id, version)
                after = with_version_before(row, new.version, options.now)
                if after is not row:
                    memory_rows.store(db, project_row, row, after)
                used = usage_of(options, stored_bytes=new.stored_bytes)
                self._writer.usage.record(db, (project, project_row), used, options)
            return version.to_version()

        def quoted(db: apsw.Connection, _result: object) -> Quoted:
            return Quoted("memory", memory_rows.find(db, project_row, namespace, memory_id).row_id)

        work = at_most_once(operation, project_row, options, quoted)
        return await self._writer.write(work, long=new.stored_bytes > _LONG_BYTES)

    async def delete(
        self, project: Project, namespace: str, memory_id: str, options: WriteOptions
    ) -> None:
        """Delete one memory with its history; what it superseded holds again."""
        project_row = self._row_ids.of(project)

        def operation(db: apsw.Connection) -> None:
            row = memory_rows.find(db, project_row, namespace, memory_id)
            memory_rows.delete(db, project_row, row)
            memory_rows.unlink(db, project_row, row)
            memory_rows.mark_superseded(db, project_row, namespace, row.supersedes, options.now)
            catch_up.remove(db, "memory", "VALUES (?)", (row.row_id,))
            quoting_rows.memory_deleted(db, project_row, namespace, row.row_id)

        await self._writer.write(at_most_once(operation, project_row, options))
        self._writer.has_deleted = True
