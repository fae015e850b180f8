"""Templates of a project's summaries."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

import apsw
from msgspec import UNSET

from dialoguedb.errors import DuplicateId, ErrorDetail, TemplateNotFound
from dialoguedb.model.projects import Project
from dialoguedb.model.templates import NewTemplate, Template, TemplateChange
from dialoguedb.ports import WriteOptions
from dialoguedb.store.sqlite.connection.project_row_ids import Numbers
from dialoguedb.store.sqlite.connection.reader import Reader, Readers, Row, Shape
from dialoguedb.store.sqlite.connection.writer import Writer
from dialoguedb.store.sqlite.rows.idempotency import at_most_once
from dialoguedb.store.sqlite.rows.list_queries import Listing
from dialoguedb.values.lists import Slice, Window

_SELECT = "SELECT r.created, r.name, r.prompt, r.description, r.modified FROM templates r"
_ONE = f"{_SELECT} WHERE r.project = ? AND r.name = ?"
_ESCAPED_BYTES = 6  # a control character in JSON


class SQLiteTemplates:
    """Implements `ports.TemplateStore`."""

    def __init__(self, writer: Writer, readers: Readers, numbers: Numbers) -> None:
        self._writer = writer
        self._readers = readers
        self._numbers = numbers

    async def create(self, project: Project, new: NewTemplate, options: WriteOptions) -> Template:
        """Store a template; an equal twin is answered, an unequal one is a DuplicateId."""
        number = self._numbers.of(project)

        def act(db: apsw.Connection) -> Template:
            row = db.execute(_ONE, (number, new.name)).fetchone()
            if row and row[2:4] != (new.prompt, new.description):
                message = f"Template '{new.name}' exists already, and is not the same"
                raise DuplicateId(message, [ErrorDetail("name", "INVALID", message)])
            if row is None:
                values = (number, new.name, new.prompt, new.description, options.now, options.now)
                db.execute("INSERT INTO templates VALUES (?, ?, ?, ?, ?, ?)", values)
            return _to_template(_find(db, number, new.name))

        return await self._writer.write(at_most_once(act, number, options))

    async def get(self, project: Project, name: str) -> Template:
        """Return one template; TemplateNotFound."""
        number = self._numbers.of(project)
        return await self._readers.read(lambda reader: _to_template(_find(reader.db, number, name)))

    async def list(self, project: Project, window: Window) -> Slice[Template]:
        """Return a window of templates by `created`, ties ordered by name."""
        number = self._numbers.of(project)

        def query(reader: Reader) -> Slice[Template]:
            listing = Listing(_SELECT, ("r.created", "r.name"), window)
            listing.scope["r.project"] = number
            return reader.page(listing.rows(reader.db), window, _SHAPE)

        return await self._readers.read(query)

    async def update(
        self, project: Project, name: str, change: TemplateChange, options: WriteOptions
    ) -> Template:
        """Change a template; summaries asked for before keep the former prompt."""
        number = self._numbers.of(project)

        def act(db: apsw.Connection) -> Template:
            row = _find(db, number, name)
            prompt = change.prompt or row[2]
            description = row[3] if change.description is UNSET else change.description
            if (prompt, description) != row[2:4]:
                db.execute(
                    "UPDATE templates SET prompt = ?, description = ?, modified = max(modified, ?)"
                    " WHERE project = ? AND name = ?",
                    (prompt, description, options.now, number, name),
                )
            return _to_template(_find(db, number, name))

        return await self._writer.write(at_most_once(act, number, options))

    async def delete(self, project: Project, name: str, options: WriteOptions) -> None:
        """Delete one template; TemplateNotFound."""
        number = self._numbers.of(project)

        def act(db: apsw.Connection) -> None:
            _find(db, number, name)
            db.execute("DELETE FROM templates WHERE project = ? AND name = ?", (number, name))

        await self._writer.write(at_most_once(act, number, options))


def _find(db: apsw.Connection, project: int, name: str) -> Row:
    row: Row | None = db.execute(_ONE, (project, name)).fetchone()
    if row is None:
        raise TemplateNotFound(f"Template '{name}' not found")
    return row


def _to_template(row: Row) -> Template:
    created, name, prompt, description, modified = row
    return Template(
        name=name,
        prompt=prompt,
        description=UNSET if description is None else description,
        created=created,
        modified=modified,
    )


def _size(row: Row) -> int:
    return (len(row[2]) + len(row[3] or "")) * _ESCAPED_BYTES


_SHAPE = Shape(_to_template, _size, slice(0, 2))
