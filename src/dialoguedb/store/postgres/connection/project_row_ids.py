"""The row ids by which rows name their project."""

from dialoguedb.errors import ProjectNotFound
from dialoguedb.model.projects import Project
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.connection.readers import Readers


class ProjectRowIds:
    """Looks up the row ids of projects, which never change and are never given twice."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._known: dict[str, int] = {}

    async def of(self, project: Project) -> int:
        """Return a project's row id; ProjectNotFound when it is gone."""
        row_id = self._known.get(project.id)
        return row_id if row_id is not None else await self._find(project)

    async def _find(self, project: Project) -> int:
        async def query(db: Connection) -> int | None:
            found: int | None = await db.value(
                "SELECT number FROM projects WHERE id = $1", project.id
            )
            return found

        row_id = await self._readers.read_once(query)
        if row_id is None:
            raise ProjectNotFound(f"Project '{project.name}' not found")
        return self._known.setdefault(project.id, row_id)
