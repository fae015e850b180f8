"""Rows of projects: found and turned into projects."""

import apsw
import msgspec

from dialoguedb.model.projects import Project, ProjectSettings
from dialoguedb.store.sqlite.connection.reader import Row

SELECT = "SELECT r.created, r.id, r.name, r.modified, r.settings FROM projects r"
_settings = msgspec.json.Decoder(ProjectSettings)


def to_project(row: Row) -> Project:
    """Turn a row of the columns selected into a project."""
    created, project_id, name, modified, settings = row
    return Project(project_id, name, created, modified, _settings.decode(settings))


def find_numbered(db: apsw.Connection, number: int) -> Project:
    """Return the project of a row that names it by number."""
    row = db.execute(f"{SELECT} WHERE r.number = ?", (number,)).fetchone()
    assert row is not None  # a foreign key
    return to_project(row)
