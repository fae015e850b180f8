"""Calls about projects, for the operator, and about the settings of one's own."""

from collections.abc import Mapping
from typing import Any, Unpack

from msgspec import Struct

from dialoguedb.client.aio.sending import AsyncSender
from dialoguedb.client.inputs import Once, Paging
from dialoguedb.client.keywords import known_only
from dialoguedb.client.records import Page, ProjectRecord
from dialoguedb.client.requests import Call, deleting, reading, writing
from dialoguedb.model.projects import DeletedProject, Settings, Usage


class _Deleted(Struct):
    deleted: DeletedProject | None = None


class AsyncProjectApi:
    """Calls about projects; they need an operator's key."""

    def __init__(self, sender: AsyncSender) -> None:
        self._sender = sender

    @known_only
    async def create(
        self, name: str, *, settings: Mapping[str, Any] | None = None, **once: Unpack[Once]
    ) -> ProjectRecord:
        """Create a project; the secret of its first key is in `key`, this once.

        Where the answer was lost on the way, another try tells the project without the secret:
        create a key for it then, on the command line.
        """
        fields = {"name": name, "settings": settings, **once}
        call = writing("POST", "admin", "projects", fields=fields)
        return await self._sender.ask(call, ProjectRecord)

    async def get(self, project: str) -> ProjectRecord:
        """Return one project, named by its id or its name; ProjectNotFound."""
        return await self._sender.ask(
            reading("admin", "projects", project, query={}), ProjectRecord
        )

    @known_only
    async def list(self, **paging: Unpack[Paging]) -> Page[ProjectRecord]:
        """Return a page of projects, newest first."""
        call = reading("admin", "projects", query=paging)
        return await self._sender.ask(call, Page[ProjectRecord])

    async def delete(self, project: str) -> DeletedProject | None:
        """Delete a project with all it holds; returns the counts, unless that answer was lost."""
        call = deleting("admin", "projects", project, query={})
        return (await self._sender.ask(call, _Deleted)).deleted


class AsyncSettingsApi:
    """Calls about the key's own project; they need an admin key."""

    def __init__(self, sender: AsyncSender) -> None:
        self._sender = sender

    async def get(self) -> Settings:
        """Return the settings."""
        return await self._sender.ask(reading("admin", "settings", query={}), Settings)

    @known_only
    async def update(self, changes: Mapping[str, Any], **once: Unpack[Once]) -> Settings:
        """Change settings: what is left out stays, None means the default."""
        key = once.get("idempotency_key")
        call = Call(method="PUT", path=("admin", "settings"), body=changes, idempotency_key=key)
        return await self._sender.ask(call, Settings)

    async def usage(self) -> Usage:
        """Return what was used this month."""
        return await self._sender.ask(reading("admin", "usage", query={}), Usage)
