"""Templates of a project's summaries."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from operator import attrgetter

import apsw
from msgspec import structs

from dialoguedb.model.projects import Project
from dialoguedb.model.rules.templates import (
    StoredTemplate,
    plan_creation,
    plan_update,
    template_bytes,
    template_not_found,
)
from dialoguedb.model.templates import NewTemplate, Template, TemplateChange
from dialoguedb.ports import WriteOptions
from dialoguedb.store.columns import columns_of
from dialoguedb.store.sqlite.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.sqlite.connection.reader import Reader, Readers, Shape, each
from dialoguedb.store.sqlite.connection.writer import Writer
from dialoguedb.store.sqlite.rows.idempotency import at_most_once
from dialoguedb.store.sqlite.rows.list_queries import SelectBuilder
from dialoguedb.values.lists import Slice, Window

_SELECT = f"SELECT {columns_of(StoredTemplate)} FROM templates r"
_ONE = f"{_SELECT} WHERE r.project = ? AND r.name = ?"
_FIELDS = ", ".join(StoredTemplate.__struct_fields__)
_INSERT = f"INSERT INTO templates (project, {_FIELDS}) VALUES (?, ?, ?, ?, ?, ?)"
_SHAPE: Shape[StoredTemplate, Template] = Shape(
    StoredTemplate, each(StoredTemplate.to_template), template_bytes, attrgetter("created", "name")
)


class SQLiteTemplates:
    """Implements `ports.TemplateStore`."""

    def __init__(self, writer: Writer, readers: Readers, row_ids: ProjectRowIds) -> None:
        self._writer = writer
        self._readers = readers
        self._row_ids = row_ids

    async def create(self, project: Project, new: NewTemplate, options: WriteOptions) -> Template:
        """Store a template; an equal existing one is returned; DuplicateId for a different one."""
        project_row = self._row_ids.of(project)

        def operation(db: apsw.Connection) -> Template:
            existing = _get(db, project_row, new.name)
            template = plan_creation(new, existing, options.now)
            if template is not existing:
                db.execute(_INSERT, (project_row, *structs.astuple(template)))
            return template.to_template()

        return await self._writer.write(at_most_once(operation, project_row, options))

    async def get(self, project: Project, name: str) -> Template:
        """Return one template; TemplateNotFound."""
        project_row = self._row_ids.of(project)
        return await self._readers.read(
            lambda reader: _find(reader.db, project_row, name).to_template()
        )

    async def list(self, project: Project, window: Window) -> Slice[Template]:
        """Return a window of templates by `created`, ties ordered by name."""
        project_row = self._row_ids.of(project)

        def query(reader: Reader) -> Slice[Template]:
            listed = SelectBuilder(_SELECT, ("r.created", "r.name"), window)
            listed.fixed["r.project"] = project_row
            return reader.page(listed.rows(reader.db), window, _SHAPE)

        return await self._readers.read(query)

    async def update(
        self, project: Project, name: str, change: TemplateChange, options: WriteOptions
    ) -> Template:
        """Change a template; summaries asked for before keep the former prompt."""
        project_row = self._row_ids.of(project)

        def operation(db: apsw.Connection) -> Template:
            row = _find(db, project_row, name)
            after = plan_update(row, change, options.now)
            if after is not row:
                db.execute(
                    "UPDATE templates SET prompt = ?, description = ?, modified = ?"
                    " WHERE project = ? AND name = ?",
                    (after.prompt, after.description, after.modified, project_row, name),
                )
            return after.to_template()

        return await self._writer.write(at_most_once(operation, project_row, options))

    async def delete(self, project: Project, name: str, options: WriteOptions) -> None:
        """Delete one template; TemplateNotFound."""
        project_row = self._row_ids.of(project)

        def operation(db: apsw.Connection) -> None:
            _find(db, project_row, name)
            db.execute("DELETE FROM templates WHERE project = ? AND name = ?", (project_row, name))

        await self._writer.write(at_most_once(operation, project_row, options))


def _get(db: apsw.Connection, project: int, name: str) -> StoredTemplate | None:
    row = db.execute(_ONE, (project, name)).fetchone()
    return StoredTemplate(*row) if row else None


def _find(db: apsw.Connection, project: int, name: str) -> StoredTemplate:
    row = _get(db, project, name)
    if row is None:
        raise template_not_found(name)
    return row
