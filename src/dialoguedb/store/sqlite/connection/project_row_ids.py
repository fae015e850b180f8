"""The row ids by which rows name their project."""

from dialoguedb.errors import ProjectNotFound
from dialoguedb.model.projects import Project
from dialoguedb.store.sqlite.connection.reader import Readers

_FIND = "SELECT number FROM projects WHERE id = ?"


class ProjectRowIds:
    """Looks up the row ids of projects, which never change and are never given twice."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._known: dict[str, int] = {}

    def of(self, project: Project) -> int:
        """Return a project's row id; ProjectNotFound when it is gone."""
        row_id = self._known.get(project.id)
        return row_id if row_id is not None else self._find(project)

    def _find(self, project: Project) -> int:
        row_id = self._readers.read_at_once(
            lambda reader: reader.db.execute(_FIND, (project.id,)).get
        )
        if row_id is None:
            raise ProjectNotFound(f"Project '{project.name}' not found")
        return self._known.setdefault(project.id, row_id)
