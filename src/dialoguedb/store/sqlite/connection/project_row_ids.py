"""The row ids by which rows name their project."""

import apsw

from dialoguedb.errors import ProjectNotFound
from dialoguedb.model.projects import Project


class ProjectRowIds:
    """Looks up the row ids of projects, which never change and are never given twice."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self._known: dict[str, int] = {}

    def of(self, project: Project) -> int:
        """Return a project's row id; ProjectNotFound when it is gone."""
        row_id = self._known.get(project.id)
        return row_id if row_id is not None else self._find(project)

    def _find(self, project: Project) -> int:
        row = self._db.execute("SELECT number FROM projects WHERE id = ?", (project.id,)).fetchone()
        if row is None:
            raise ProjectNotFound(f"Project '{project.name}' not found")
        return self._known.setdefault(project.id, row[0])
