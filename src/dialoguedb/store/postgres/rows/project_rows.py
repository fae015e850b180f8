"""Rows of projects: found and turned into projects."""

import msgspec
from msgspec import Struct

from dialoguedb.model.projects import Project, ProjectSettings
from dialoguedb.model.rules.projects import project_not_found
from dialoguedb.store.columns import columns_of
from dialoguedb.store.postgres.connection.connection import Connection

_settings = msgspec.json.Decoder(ProjectSettings)


class ProjectRow(Struct, gc=False):
    """A project as it is stored."""

    id: str
    name: str
    created: str
    modified: str
    settings: bytes
    row_id: int

    def to_project(self) -> Project:
        """Return the project for a response."""
        settings = _settings.decode(self.settings)
        return Project(self.id, self.name, self.created, self.modified, settings)


SELECT = f"SELECT {columns_of(ProjectRow, row_id='r.number')} FROM projects r"


async def find(db: Connection, id_or_name: str, lock: str = "") -> ProjectRow:
    """Return a project's row; ProjectNotFound. `lock` says what the row is locked for, if it is."""
    row = await db.row(f"{SELECT} WHERE r.id = $1 OR r.name = $1 {lock}", id_or_name)
    if row is None:
        raise project_not_found(id_or_name)
    return ProjectRow(*row)


async def insert(db: Connection, project: Project) -> int:
    """Store a new project; returns its row id."""
    row_id: int = await db.value(
        "INSERT INTO projects (id, name, settings, created, modified)"
        " VALUES ($1, $2, $3, $4, $5) RETURNING number",
        project.id,
        project.name,
        msgspec.json.encode(project.settings),
        project.created,
        project.modified,
    )
    return row_id


async def store(db: Connection, project: Project) -> None:
    """Store a project's changed settings."""
    await db.execute(
        "UPDATE projects SET settings = $1, modified = $2 WHERE id = $3",
        msgspec.json.encode(project.settings),
        project.modified,
        project.id,
    )
