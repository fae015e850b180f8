"""Templates of a project's summaries."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from operator import attrgetter
from typing import TypeVar

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
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.postgres.connection.readers import Readers
from dialoguedb.store.postgres.connection.writer import Operation, Transaction, Writer
from dialoguedb.store.postgres.rows.idempotency import at_most_once
from dialoguedb.store.postgres.rows.list_queries import SelectBuilder
from dialoguedb.store.postgres.rows.pages import Shape, each, page
from dialoguedb.values.lists import Slice, Window

T = TypeVar("T")

_SELECT = f"SELECT {columns_of(StoredTemplate)} FROM templates r"
_ONE = f"{_SELECT} WHERE r.project = $1 AND r.name = $2"
_LOCKED = f"{_ONE} FOR UPDATE"
_FIELDS = ", ".join(StoredTemplate.__struct_fields__)
_INSERT = f"INSERT INTO templates (project, {_FIELDS}) VALUES ($1, $2, $3, $4, $5, $6)"
_SHAPE: Shape[StoredTemplate, Template] = Shape(
    StoredTemplate, each(StoredTemplate.to_template), template_bytes, attrgetter("created", "name")
)


class PostgresTemplates:
    """Implements `ports.TemplateStore`."""

    def __init__(self, writer: Writer, readers: Readers, row_ids: ProjectRowIds) -> None:
        self._writer = writer
        self._readers = readers
        self._row_ids = row_ids

    async def create(self, project: Project, new: NewTemplate, options: WriteOptions) -> Template:
        """Store a template; an equal existing one is returned; DuplicateId for a different one."""
        project_row = await self._row_ids.of(project)

        async def operation(db: Transaction) -> Template:
            existing = await _get(db, project_row, new.name)
            template = plan_creation(new, existing, options.now)
            if template is not existing:
                await db.execute(_INSERT, project_row, *structs.astuple(template))
            return template.to_template()

        return await self._write(operation, project_row, options)

    async def get(self, project: Project, name: str) -> Template:
        """Return one template; TemplateNotFound."""
        project_row = await self._row_ids.of(project)

        async def query(db: Connection) -> Template:
            return (await _find(db, project_row, name)).to_template()

        return await self._readers.read_once(query)

    async def list(self, project: Project, window: Window) -> Slice[Template]:
        """Return a window of templates by `created`, ties ordered by name."""
        project_row = await self._row_ids.of(project)

        async def query(db: Connection) -> Slice[Template]:
            listed = SelectBuilder(_SELECT, ("r.created", "r.name"), window)
            listed.fixed["r.project"] = project_row
            return await page(db, listed, _SHAPE)

        return await self._readers.read(query)

    async def update(
        self, project: Project, name: str, change: TemplateChange, options: WriteOptions
    ) -> Template:
        """Change a template; summaries asked for before keep the former prompt."""
        project_row = await self._row_ids.of(project)

        async def operation(db: Transaction) -> Template:
            row = await _find(db, project_row, name, lock=True)
            after = plan_update(row, change, options.now)
            if after is not row:
                await db.execute(
                    "UPDATE templates SET prompt = $1, description = $2, modified = $3"
                    " WHERE project = $4 AND name = $5",
                    *(after.prompt, after.description, after.modified, project_row, name),
                )
            return after.to_template()

        return await self._write(operation, project_row, options)

    async def delete(self, project: Project, name: str, options: WriteOptions) -> None:
        """Delete one template; TemplateNotFound."""
        project_row = await self._row_ids.of(project)

        async def operation(db: Transaction) -> None:
            sql = "DELETE FROM templates WHERE project = $1 AND name = $2"
            if not await db.execute(sql, project_row, name):
                raise template_not_found(name)

        await self._write(operation, project_row, options)

    async def _write(self, operation: Operation[T], project_row: int, options: WriteOptions) -> T:
        work = at_most_once(operation, project_row, options)
        return await self._writer.write(work, repeatable=options.idempotency is not None)


async def _get(
    db: Connection, project: int, name: str, *, lock: bool = False
) -> StoredTemplate | None:
    row = await db.row(_LOCKED if lock else _ONE, project, name)
    return StoredTemplate(*row) if row else None


async def _find(db: Connection, project: int, name: str, *, lock: bool = False) -> StoredTemplate:
    row = await _get(db, project, name, lock=lock)
    if row is None:
        raise template_not_found(name)
    return row
