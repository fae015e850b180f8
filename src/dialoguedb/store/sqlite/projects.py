"""Projects, their settings and usage."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from collections.abc import Mapping
from operator import attrgetter

import apsw

from dialoguedb.model.keys import NewKey
from dialoguedb.model.projects import (
    DeletedProject,
    Project,
    SettingsChange,
    Usage,
)
from dialoguedb.model.rules.keys import new_key
from dialoguedb.model.rules.projects import check_name, check_unprotected, plan_settings
from dialoguedb.ports import WriteOptions
from dialoguedb.store.sqlite.connection import usage
from dialoguedb.store.sqlite.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.sqlite.connection.reader import Reader, Readers, Shape, each
from dialoguedb.store.sqlite.connection.writer import Writer
from dialoguedb.store.sqlite.rows import key_rows, project_rows
from dialoguedb.store.sqlite.rows.idempotency import at_most_once
from dialoguedb.store.sqlite.rows.list_queries import SelectBuilder
from dialoguedb.store.sqlite.rows.project_rows import ProjectRow
from dialoguedb.store.sqlite.search_index import catch_up
from dialoguedb.values.lists import Slice, Window


def _settings_bytes(row: ProjectRow) -> int:
    return len(row.settings)


_SHAPE: Shape[ProjectRow, Project] = Shape(
    ProjectRow, each(ProjectRow.to_project), _settings_bytes, attrgetter("created", "id")
)


_WITHIN_DIALOGUES = "(SELECT number FROM dialogues WHERE project = ?)"
_ATTACHMENTS = "(SELECT number FROM attachments WHERE project = ?)"
_INDEXED = {
    "message": f"SELECT number FROM messages WHERE dialogue IN {_WITHIN_DIALOGUES}",
    "dialogue": "SELECT number FROM dialogues WHERE project = ?",
    "memory": "SELECT number FROM memories WHERE project = ?",
}
_DELETES = (
    "DELETE FROM summaries WHERE project = ?",
    "DELETE FROM receipts WHERE project = ?",
    "DELETE FROM templates WHERE project = ?",
    f"DELETE FROM message_tags WHERE dialogue IN {_WITHIN_DIALOGUES}",
    f"DELETE FROM message_attachments WHERE attachment IN {_ATTACHMENTS}",
    "DELETE FROM attachments WHERE project = ?",
    f"DELETE FROM messages WHERE dialogue IN {_WITHIN_DIALOGUES}",
    "DELETE FROM dialogue_tags WHERE project = ?",
    "DELETE FROM dialogues WHERE project = ?",
    "DELETE FROM memory_tags WHERE project = ?",
    "DELETE FROM memories WHERE project = ?",
    "DELETE FROM answers WHERE project = ?",
    "DELETE FROM erasures WHERE project = ?",
    "DELETE FROM usage WHERE project = ?",
    "DELETE FROM keys WHERE project = ?",
    "DELETE FROM projects WHERE number = ?",
)


class SQLiteProjects:
    """Implements `ports.ProjectStore`."""

    def __init__(self, writer: Writer, readers: Readers, row_ids: ProjectRowIds) -> None:
        self._writer = writer
        self._readers = readers
        self._row_ids = row_ids

    async def create(self, project: Project, key: NewKey | None, options: WriteOptions) -> Project:
        """Store a project with its first key; DuplicateId when the name is taken."""

        def operation(db: apsw.Connection) -> Project:
            named = db.execute("SELECT 1 FROM projects WHERE name = ?", (project.name,))
            check_name(project.name, is_taken=named.fetchone() is not None)
            row_id = project_rows.insert(db, project)
            if key:
                key_rows.insert(db, row_id, new_key(key, options.now))
            return project

        return await self._writer.write(at_most_once(operation, None, options))

    async def get(self, id_or_name: str) -> Project:
        """Return one project."""
        return await self._readers.read(
            lambda reader: project_rows.find(reader.db, id_or_name).to_project()
        )

    async def list(self, window: Window) -> Slice[Project]:
        """Return a window of projects by `created`, ties ordered by id."""

        def query(reader: Reader) -> Slice[Project]:
            listed = SelectBuilder(project_rows.SELECT, ("r.created", "r.id"), window)
            return reader.page(listed.rows(reader.db), window, _SHAPE)

        return await self._readers.read(query)

    async def update(
        self, project: Project, change: SettingsChange, options: WriteOptions
    ) -> Project:
        """Change settings as they are then."""

        def operation(db: apsw.Connection) -> Project:
            stored = project_rows.find(db, project.id).to_project()
            after = plan_settings(stored, change, options.now)
            if after is not stored:
                project_rows.store(db, after)
            return after

        project_row = self._row_ids.of(project)
        return await self._writer.write(at_most_once(operation, project_row, options))

    async def delete(self, project_id: str, options: WriteOptions) -> DeletedProject:
        """Delete a project and all it holds; ProjectProtected."""

        def operation(db: apsw.Connection) -> DeletedProject:
            row = project_rows.find(db, project_id)
            check_unprotected(row.to_project())
            deleted = _count(db, row.row_id)
            for kind, row_ids in _INDEXED.items():
                catch_up.remove(db, kind, row_ids, (row.row_id,))
            for sql in _DELETES:
                db.execute(sql, (row.row_id,))
            return deleted

        deleted = await self._writer.write(at_most_once(operation, None, options), long=True)
        self._writer.has_deleted = True
        return deleted

    async def usage(self, project: Project, month: str) -> Usage:
        """Return what was used in a month such as `2026-11`."""
        project_row = self._row_ids.of(project)
        return await self._readers.read(lambda reader: usage.get(reader.db, project_row, month))

    async def count_request(self, project: Project, month: str) -> int:
        """Count one request now; returns how many the month has."""
        project_row = self._row_ids.of(project)
        used = Usage(month, requests=1)
        return (await self._writer.write(lambda db: usage.add(db, project_row, used))).requests

    async def record_activity(
        self, month: str, requests: Mapping[str, int], last_used: Mapping[str, str]
    ) -> None:
        """Add requests by project id, and note when each key id was last used."""

        def operation(db: apsw.Connection) -> None:
            for project_id, count in requests.items():
                row_id = db.execute("SELECT number FROM projects WHERE id = ?", (project_id,)).get
                if row_id is not None:
                    usage.add(db, row_id, Usage(month, requests=count))
            db.executemany(
                "UPDATE keys SET last_used = ? WHERE id = ?",
                [(time, key_id) for key_id, time in last_used.items()],
            )

        await self._writer.write(operation)


def _count(db: apsw.Connection, row_id: int) -> DeletedProject:
    dialogues, messages = db.execute(
        "SELECT count(*), coalesce(sum(total_messages), 0) FROM dialogues WHERE project = ?",
        (row_id,),
    ).get
    memories = db.execute("SELECT count(*) FROM memories WHERE project = ?", (row_id,)).get
    summaries = db.execute("SELECT count(*) FROM summaries WHERE project = ?", (row_id,)).get
    return DeletedProject(dialogues, messages, memories, summaries)
