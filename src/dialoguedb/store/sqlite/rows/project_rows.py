"""Rows of projects: found and turned into projects."""

import apsw
import msgspec
from msgspec import Struct

from dialoguedb.model.projects import Project, ProjectSettings
from dialoguedb.model.rules.projects import project_not_found
from dialoguedb.store.columns import columns_of

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


def find(db: apsw.Connection, id_or_name: str) -> ProjectRow:
    """Return a project's row; ProjectNotFound."""
    named = f"{SELECT} WHERE r.id = ?1 OR r.name = ?1"
    row = db.execute(named, (id_or_name,)).fetchone()
    if row is None:
        raise project_not_found(id_or_name)
    return ProjectRow(*row)


def find_by_row_id(db: apsw.Connection, row_id: int) -> Project:
    """Return the project that another row names."""
    row = db.execute(f"{SELECT} WHERE r.number = ?", (row_id,)).fetchone()
    assert row is not None  # a foreign key
    return ProjectRow(*row).to_project()


def insert(db: apsw.Connection, project: Project) -> int:
    """Store a new project; returns its row id."""
    db.execute(
        "INSERT INTO projects (id, name, settings, created, modified) VALUES (?, ?, ?, ?, ?)",
        (
            project.id,
            project.name,
            msgspec.json.encode(project.settings),
            project.created,
            project.modified,
        ),
    )
    return db.last_insert_rowid()


def store(db: apsw.Connection, project: Project) -> None:
    """Store a project's changed settings."""
    db.execute(
        "UPDATE projects SET settings = ?, modified = ? WHERE id = ?",
        (msgspec.json.encode(project.settings), project.modified, project.id),
    )
