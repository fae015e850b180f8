"""What the service needs of an engine for projects and what they use."""

from collections.abc import Mapping
from typing import Protocol

from dialoguedb.model.keys import NewKey
from dialoguedb.model.projects import DeletedProject, Project, SettingsChange, Usage
from dialoguedb.model.writes import WriteOptions
from dialoguedb.values.lists import Slice, Window


class ProjectStore(Protocol):
    """Projects, their settings and usage."""

    async def create(self, project: Project, key: NewKey | None, options: WriteOptions) -> Project:
        """Store a project with its first key; DuplicateId when the name is taken."""
        ...

    async def get(self, id_or_name: str) -> Project:
        """Return one project."""
        ...

    async def list(self, window: Window) -> Slice[Project]:
        """Return a window of projects by `created`, ties ordered by id."""
        ...

    async def update(
        self, project: Project, change: SettingsChange, options: WriteOptions
    ) -> Project:
        """Change settings as they are then."""
        ...

    async def delete(self, project_id: str, options: WriteOptions) -> DeletedProject:
        """Delete a project and all it holds; ProjectProtected."""
        ...

    async def usage(self, project: Project, month: str) -> Usage:
        """Return what was used in a month such as `2026-11`."""
        ...

    async def count_request(self, project: Project, month: str) -> int:
        """Count one request now; returns how many the month has."""
        ...

    async def record_activity(
        self, month: str, requests: Mapping[str, int], last_used: Mapping[str, str]
    ) -> None:
        """Add requests by project id, and note when each key id was last used."""
        ...
