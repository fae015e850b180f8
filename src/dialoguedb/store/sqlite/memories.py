"""Memories of a project's namespaces."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from functools import partial

import apsw

from dialoguedb.model.memories import Memory, MemoryFilter, NewMemory
from dialoguedb.model.projects import Project
from dialoguedb.model.rules.memories import plan_creation, plan_retag
from dialoguedb.model.rules.usage import usage_of
from dialoguedb.ports import Tags, WriteOptions
from dialoguedb.store.sqlite.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.sqlite.connection.reader import Reader, Readers
from dialoguedb.store.sqlite.connection.writer import Writer
from dialoguedb.store.sqlite.rows import memory_rows, quoting_rows
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
            memory = plan_creation(namespace, new, existing, options.now)
            if memory is not existing:
                memory_rows.insert(db, project_row, memory)
                used = usage_of(options, stored_bytes=new.stored_bytes)
                self._writer.usage.record(db, (project, project_row), used, options)
            return memory.to_memory()

        long = new.stored_bytes > _LONG_BYTES
        return await self._writer.write(at_most_once(operation, project_row, options), long=long)

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
        self, project: Project, namespace: str, memory_id: str, tags: Tags, options: WriteOptions
    ) -> Memory:
        """Replace the tags; None changes nothing."""
        project_row = self._row_ids.of(project)

        def operation(db: apsw.Connection) -> Memory:
            row = memory_rows.find(db, project_row, namespace, memory_id)
            after = plan_retag(row, tags, options.now)
            if after is not row:
                memory_rows.store_tags(db, project_row, row, after)
                catch_up.change(db, "memory", row.row_id, text=False)
            self._writer.usage.record(db, (project, project_row), usage_of(options), options)
            return after.to_memory()

        def quoted(db: apsw.Connection, _result: object) -> Quoted:
            return Quoted("memory", memory_rows.find(db, project_row, namespace, memory_id).row_id)

        return await self._writer.write(at_most_once(operation, project_row, options, quoted))

    async def delete(
        self, project: Project, namespace: str, memory_id: str, options: WriteOptions
    ) -> None:
        """Delete one memory."""
        project_row = self._row_ids.of(project)

        def operation(db: apsw.Connection) -> None:
            row = memory_rows.find(db, project_row, namespace, memory_id)
            memory_rows.delete(db, project_row, row)
            catch_up.remove(db, "memory", "VALUES (?)", (row.row_id,))
            quoting_rows.memory_deleted(db, project_row, namespace, row.row_id)

        await self._writer.write(at_most_once(operation, project_row, options))
        self._writer.has_deleted = True
