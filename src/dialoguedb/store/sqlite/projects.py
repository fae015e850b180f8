"""Projects, their settings and usage."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from collections.abc import Mapping

import apsw
import msgspec

from dialoguedb.errors import DuplicateId, ErrorDetail, ProjectNotFound
from dialoguedb.model.keys import NewKey
from dialoguedb.model.lifecycle import check_unprotected
from dialoguedb.model.projects import (
    DeletedProject,
    Project,
    SettingsChange,
    Usage,
    changed_settings,
)
from dialoguedb.ports import WriteOptions
from dialoguedb.store.sqlite import keys
from dialoguedb.store.sqlite.connection import usage
from dialoguedb.store.sqlite.connection.project_row_ids import Numbers
from dialoguedb.store.sqlite.connection.reader import Reader, Readers, Row, Shape
from dialoguedb.store.sqlite.connection.writer import Writer
from dialoguedb.store.sqlite.rows.idempotency import at_most_once
from dialoguedb.store.sqlite.rows.list_queries import Listing
from dialoguedb.store.sqlite.rows.project_rows import SELECT, to_project
from dialoguedb.store.sqlite.search_index import catch_up
from dialoguedb.values.lists import Slice, Window

_SHAPE = Shape(to_project, lambda row: len(row[4]), slice(0, 2))

_WITHIN_DIALOGUES = "(SELECT number FROM dialogues WHERE project = ?)"
_INDEXED = {
    "message": f"SELECT number FROM messages WHERE dialogue IN {_WITHIN_DIALOGUES}",
    "dialogue": "SELECT number FROM dialogues WHERE project = ?",
    "memory": "SELECT number FROM memories WHERE project = ?",
}
_DELETES = (
    "DELETE FROM summaries WHERE project = ?",
    "DELETE FROM templates WHERE project = ?",
    f"DELETE FROM message_tags WHERE dialogue IN {_WITHIN_DIALOGUES}",
    f"DELETE FROM messages WHERE dialogue IN {_WITHIN_DIALOGUES}",
    "DELETE FROM dialogue_tags WHERE project = ?",
    "DELETE FROM dialogues WHERE project = ?",
    "DELETE FROM memory_tags WHERE project = ?",
    "DELETE FROM memories WHERE project = ?",
    "DELETE FROM answers WHERE project = ?",
    "DELETE FROM usage WHERE project = ?",
    "DELETE FROM keys WHERE project = ?",
    "DELETE FROM projects WHERE number = ?",
)


class SQLiteProjects:
    """Implements `ports.ProjectStore`."""

    def __init__(self, writer: Writer, readers: Readers, numbers: Numbers) -> None:
        self._writer = writer
        self._readers = readers
        self._numbers = numbers

    async def create(self, project: Project, key: NewKey | None, options: WriteOptions) -> Project:
        """Store a project with its first key; DuplicateId when the name is taken."""

        def act(db: apsw.Connection) -> Project:
            if db.execute("SELECT 1 FROM projects WHERE name = ?", (project.name,)).fetchone():
                message = f"Project '{project.name}' exists already"
                raise DuplicateId(message, [ErrorDetail("name", "INVALID", message)])
            db.execute(
                "INSERT INTO projects (id, name, settings, created, modified)"
                " VALUES (?, ?, ?, ?, ?)",
                (
                    project.id,
                    project.name,
                    msgspec.json.encode(project.settings),
                    project.created,
                    project.modified,
                ),
            )
            if key:
                keys.insert(db, db.last_insert_rowid(), key, options.now)
            return project

        return await self._writer.write(at_most_once(act, None, options))

    async def get(self, id_or_name: str) -> Project:
        """Return one project."""

        def query(reader: Reader) -> Project:
            return to_project(_find(reader.db, id_or_name))

        return await self._readers.read(query)

    async def list(self, window: Window) -> Slice[Project]:
        """Return a window of projects by `created`, ties ordered by id."""

        def query(reader: Reader) -> Slice[Project]:
            listing = Listing(SELECT, ("r.created", "r.id"), window)
            return reader.page(listing.rows(reader.db), window, _SHAPE)

        return await self._readers.read(query)

    async def update(
        self, project: Project, change: SettingsChange, options: WriteOptions
    ) -> Project:
        """Change settings as they are then."""

        def act(db: apsw.Connection) -> Project:
            stored = to_project(_find(db, project.id))
            settings = changed_settings(stored.settings, change)
            if settings != stored.settings:
                db.execute(
                    "UPDATE projects SET settings = ?, modified = ? WHERE id = ?",
                    (msgspec.json.encode(settings), options.now, project.id),
                )
            return to_project(_find(db, project.id))

        number = self._numbers.of(project)
        return await self._writer.write(at_most_once(act, number, options))

    async def delete(self, project_id: str, options: WriteOptions) -> DeletedProject:
        """Delete a project and all it holds; ProjectProtected."""

        def act(db: apsw.Connection) -> DeletedProject:
            project = to_project(_find(db, project_id))
            check_unprotected(project)
            number = db.execute("SELECT number FROM projects WHERE id = ?", (project.id,)).get
            deleted = _count(db, number)
            for kind, numbers in _INDEXED.items():
                catch_up.remove(db, kind, numbers, (number,))
            for sql in _DELETES:
                db.execute(sql, (number,))
            return deleted

        return await self._writer.write(at_most_once(act, None, options), long=True)

    async def usage(self, project: Project, month: str) -> Usage:
        """Return what was used in a month such as `2026-11`."""
        number = self._numbers.of(project)
        return await self._readers.read(lambda reader: usage.get(reader.db, number, month))

    async def count_request(self, project: Project, month: str) -> int:
        """Count one request now; returns how many the month has."""
        number = self._numbers.of(project)
        used = Usage(month, requests=1)
        return (await self._writer.write(lambda db: usage.add(db, number, used))).requests

    async def record_activity(
        self, month: str, requests: Mapping[str, int], last_used: Mapping[str, str]
    ) -> None:
        """Add requests by project id, and note when each key id was last used."""

        def act(db: apsw.Connection) -> None:
            for project_id, count in requests.items():
                number = db.execute("SELECT number FROM projects WHERE id = ?", (project_id,)).get
                if number is not None:
                    usage.add(db, number, Usage(month, requests=count))
            db.executemany(
                "UPDATE keys SET last_used = ? WHERE id = ?",
                [(moment, key_id) for key_id, moment in last_used.items()],
            )

        await self._writer.write(act)


def _find(db: apsw.Connection, id_or_name: str) -> Row:
    row: Row | None = db.execute(
        f"{SELECT} WHERE r.id = ?1 OR r.name = ?1", (id_or_name,)
    ).fetchone()
    if row is None:
        raise ProjectNotFound(f"Project '{id_or_name}' not found")
    return row


def _count(db: apsw.Connection, number: int) -> DeletedProject:
    dialogues, messages = db.execute(
        "SELECT count(*), coalesce(sum(total_messages), 0) FROM dialogues WHERE project = ?",
        (number,),
    ).get
    memories = db.execute("SELECT count(*) FROM memories WHERE project = ?", (number,)).get
    summaries = db.execute("SELECT count(*) FROM summaries WHERE project = ?", (number,)).get
    return DeletedProject(dialogues, messages, memories, summaries)
