"""Projects, their settings and usage."""

from collections.abc import Callable, Mapping

from msgspec import UnsetType

from dialoguedb.model.keys import NewKey
from dialoguedb.model.projects import (
    DeletedProject,
    Project,
    ProjectInput,
    ProjectSettings,
    SettingsChange,
    Usage,
    changed_settings,
    looks_like_id,
)
from dialoguedb.ports import ProjectStore, WriteOptions
from dialoguedb.service.pages import NoFilter, PageRequest, PageTokens
from dialoguedb.values import timestamps
from dialoguedb.values.lists import Page
from dialoguedb.values.validation_errors import invalid_request

_SCOPE = "projects"


class ProjectService:
    """What can be done with projects."""

    def __init__(self, store: ProjectStore, new_id: Callable[[], str], pages: PageTokens) -> None:
        self._store = store
        self._new_id = new_id
        self._pages = pages

    async def create(
        self, sent: ProjectInput, key: NewKey | None, options: WriteOptions
    ) -> Project:
        """Create a project, with its first key."""
        if looks_like_id(sent.name):
            raise invalid_request(
                "name", "A name that looks like an id could be taken for another's"
            )
        change = SettingsChange() if isinstance(sent.settings, UnsetType) else sent.settings
        project = Project(
            id=self._new_id(),
            name=sent.name,
            created=options.now,
            modified=options.now,
            settings=changed_settings(ProjectSettings(), (change or SettingsChange()).validate()),
        )
        return await self._store.create(project, key, options)

    async def get(self, id_or_name: str) -> Project:
        """Return one project."""
        return await self._store.get(id_or_name)

    async def list(self, request: PageRequest[NoFilter]) -> Page[Project]:
        """Return a page of projects."""
        listing = self._pages.resume(_SCOPE, request)
        found = await self._store.list(listing.window)
        return self._pages.page(_SCOPE, listing, found)

    async def update(
        self, project: Project, change: SettingsChange, options: WriteOptions
    ) -> Project:
        """Change a project's settings."""
        return await self._store.update(project, change.validate(), options)

    async def delete(self, project_id: str, options: WriteOptions) -> DeletedProject:
        """Delete a project and all it holds."""
        return await self._store.delete(project_id, options)

    async def usage(self, project: Project, now: str) -> Usage:
        """Return what was used in the month of a time."""
        return await self._store.usage(project, timestamps.month_of(now))

    async def count_request(self, project: Project, now: str) -> int:
        """Count one request; returns how many its month has."""
        return await self._store.count_request(project, timestamps.month_of(now))

    async def record_activity(
        self, now: str, requests: Mapping[str, int], last_used: Mapping[str, str]
    ) -> None:
        """Add requests by project id, and note when each key id was last used."""
        await self._store.record_activity(timestamps.month_of(now), requests, last_used)
