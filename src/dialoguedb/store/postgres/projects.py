"""Projects, their settings and usage."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from collections.abc import Mapping
from operator import attrgetter

from dialoguedb.model.keys import NewKey
from dialoguedb.model.projects import (
    DeletedProject,
    Project,
    SettingsChange,
    Usage,
)
from dialoguedb.model.rules.keys import new_key
from dialoguedb.model.rules.projects import check_name, check_unprotected, plan_settings
from dialoguedb.model.search import SearchObject
from dialoguedb.ports import WriteOptions
from dialoguedb.store.postgres.connection import usage
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.postgres.connection.readers import Readers
from dialoguedb.store.postgres.connection.writer import Transaction, Writer
from dialoguedb.store.postgres.rows import key_rows, project_rows
from dialoguedb.store.postgres.rows.idempotency import at_most_once
from dialoguedb.store.postgres.rows.list_queries import SelectBuilder
from dialoguedb.store.postgres.rows.pages import Shape, each, page
from dialoguedb.store.postgres.rows.project_rows import ProjectRow
from dialoguedb.store.postgres.search_index.index import Index, RowRef
from dialoguedb.values.lists import Slice, Window


def _settings_bytes(row: ProjectRow) -> int:
    return len(row.settings)


_SHAPE: Shape[ProjectRow, Project] = Shape(
    ProjectRow, each(ProjectRow.to_project), _settings_bytes, attrgetter("created", "id")
)

# Whoever adds to the project waits for its row, whoever adds to a dialogue for that of the
# dialogue; then nothing is added below what is deleted.
_LOCK_DIALOGUES = """
    SELECT count(*) FROM (
        SELECT 1 FROM dialogues WHERE project = $1 ORDER BY part, number FOR UPDATE
    ) AS locked
"""
_OF_DIALOGUES = (
    "USING dialogues d WHERE d.project = $1 AND r.part = d.part AND r.dialogue = d.number"
)
_INDEXED: dict[SearchObject, str] = {
    "message": "SELECT r.part, r.number FROM messages r JOIN dialogues d"
    " ON r.part = d.part AND r.dialogue = d.number WHERE d.project = $1",
    "dialogue": "SELECT part, number FROM dialogues WHERE project = $1",
    "memory": "SELECT part, number FROM memories WHERE project = $1",
}
_REMOVED_AT_ONCE = 5_000
_DELETES = (
    f"DELETE FROM summaries r {_OF_DIALOGUES}",
    f"DELETE FROM receipts r {_OF_DIALOGUES}",
    "DELETE FROM object_ids WHERE project = $1",
    "DELETE FROM templates WHERE project = $1",
    f"DELETE FROM messages r {_OF_DIALOGUES}",
    "DELETE FROM attachments WHERE project = $1",
    "DELETE FROM dialogues WHERE project = $1",
    "DELETE FROM memories WHERE project = $1",
    "DELETE FROM answers WHERE project = $1",
    "DELETE FROM erasures WHERE project = $1",
    "DELETE FROM usage WHERE project = $1",
    "DELETE FROM rate_limits WHERE project = $1",
    "DELETE FROM keys WHERE project = $1",
    "DELETE FROM projects WHERE number = $1",
)
_LOCK_PROJECTS = "SELECT id, number FROM projects WHERE id = ANY($1::text[]) FOR KEY SHARE"
_NOTE_USE = """
    WITH used AS (
        SELECT k.id, given.time
        FROM keys k JOIN unnest($1::text[], $2::text[]) given (id, time) ON k.id = given.id
        ORDER BY k.id FOR NO KEY UPDATE OF k
    )
    UPDATE keys k SET last_used = greatest(k.last_used, used.time) FROM used WHERE k.id = used.id
"""
_COUNT = """
    SELECT count(*), coalesce(sum(total_messages), 0)::bigint,
        (SELECT count(*) FROM memories WHERE project = $1),
        (SELECT count(*) FROM summaries WHERE project = $1)
    FROM dialogues WHERE project = $1
"""


class PostgresProjects:
    """Implements `ports.ProjectStore`."""

    def __init__(
        self, writer: Writer, readers: Readers, row_ids: ProjectRowIds, index: Index
    ) -> None:
        self._writer = writer
        self._readers = readers
        self._row_ids = row_ids
        self._index = index

    async def create(self, project: Project, key: NewKey | None, options: WriteOptions) -> Project:
        """Store a project with its first key; DuplicateId when the name is taken."""

        async def operation(db: Transaction) -> Project:
            named = await db.value("SELECT 1 FROM projects WHERE name = $1", project.name)
            check_name(project.name, is_taken=named is not None)
            row_id = await project_rows.insert(db, project)
            if key:
                await key_rows.insert(db, row_id, new_key(key, options.now))
            return project

        work = at_most_once(operation, None, options)
        return await self._writer.write(work, repeatable=options.idempotency is not None)

    async def get(self, id_or_name: str) -> Project:
        """Return one project."""

        async def query(db: Connection) -> Project:
            return (await project_rows.find(db, id_or_name)).to_project()

        return await self._readers.read_once(query)

    async def list(self, window: Window) -> Slice[Project]:
        """Return a window of projects by `created`, ties ordered by id."""

        async def query(db: Connection) -> Slice[Project]:
            listed = SelectBuilder(project_rows.SELECT, ("r.created", "r.id"), window)
            return await page(db, listed, _SHAPE)

        return await self._readers.read(query)

    async def update(
        self, project: Project, change: SettingsChange, options: WriteOptions
    ) -> Project:
        """Change settings as they are then."""

        async def operation(db: Transaction) -> Project:
            stored = await project_rows.find(db, project.id, "FOR NO KEY UPDATE")
            before = stored.to_project()
            after = plan_settings(before, change, options.now)
            if after is not before:
                await project_rows.store(db, after)
            return after

        project_row = await self._row_ids.of(project)
        work = at_most_once(operation, project_row, options)
        return await self._writer.write(work, repeatable=options.idempotency is not None)

    async def delete(self, project_id: str, options: WriteOptions) -> DeletedProject:
        """Delete a project and all it holds; ProjectProtected."""

        async def operation(db: Transaction) -> DeletedProject:
            row = await project_rows.find(db, project_id, "FOR UPDATE")
            check_unprotected(row.to_project())
            await db.value(_LOCK_DIALOGUES, row.row_id)
            deleted = DeletedProject(*(await db.row(_COUNT, row.row_id) or ()))
            await self._remove_from_index(db, row.row_id)
            for sql in _DELETES:
                await db.execute(sql, row.row_id)
            return deleted

        work = at_most_once(operation, None, options)
        return await self._writer.write(work, repeatable=options.idempotency is not None)

    async def _remove_from_index(self, db: Connection, project_row: int) -> None:
        for kind, found in _INDEXED.items():
            refs: list[RowRef] = []
            async for row in db.stream(found, project_row, portion=_REMOVED_AT_ONCE):
                refs.append(RowRef(*row))
                if len(refs) == _REMOVED_AT_ONCE:
                    await self._index.remove(db, kind, refs)
                    refs = []
            await self._index.remove(db, kind, refs)

    async def usage(self, project: Project, month: str) -> Usage:
        """Return what was used in a month such as `2026-11`."""
        project_row = await self._row_ids.of(project)
        return await self._readers.read_once(lambda db: usage.get(db, project_row, month))

    async def count_request(self, project: Project, month: str) -> int:
        """Count one request now; returns how many the month has."""
        project_row = await self._row_ids.of(project)
        used = Usage(month, requests=1)
        counted = await self._writer.write(lambda db: usage.add_shared(db, project_row, used))
        return counted.requests

    async def record_activity(
        self, month: str, requests: Mapping[str, int], last_used: Mapping[str, str]
    ) -> None:
        """Add requests by project id, and note when each key id was last used."""

        async def operation(db: Transaction) -> None:
            for project_id, row_id in await db.rows(_LOCK_PROJECTS, [*requests]):
                db.usage.add(row_id, Usage(month, requests=requests[project_id]))
            await db.execute(_NOTE_USE, [*last_used], [*last_used.values()])

        await self._writer.write(operation)
