# Generated from dialoguedb.client.aio by `make sync`; change it there.
"""Calls about projects, for the operator, and about the settings of one's own."""

from collections.abc import Mapping
from typing import Any, Unpack

from dialoguedb.client.inputs import IdempotencyOptions, PageOptions
from dialoguedb.client.keyword_arguments import known_only
from dialoguedb.client.records import DeletionResponse, ProjectRecord
from dialoguedb.client.sync.sender import Sender
from dialoguedb.client.transport.requests import ApiCall, delete_call, get_call, write_call
from dialoguedb.model.projects import DeletedProject, ProjectSettings, Usage
from dialoguedb.values.lists import Page


class ProjectApi:
    """Calls about projects; they need an operator's key."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    @known_only
    def create(
        self,
        name: str,
        *,
        settings: Mapping[str, Any] | None = None,
        **options: Unpack[IdempotencyOptions],
    ) -> ProjectRecord:
        """Create a project; the secret of its first key is in `key`, this once.

        Where the answer was lost on the way, another try tells the project without the secret:
        create a key for it then, on the command line.
        """
        fields = {"name": name, "settings": settings, **options}
        call = write_call("POST", "admin", "projects", fields=fields)
        return self._sender.send(call, ProjectRecord)

    def get(self, project: str) -> ProjectRecord:
        """Return one project, named by its id or its name; ProjectNotFound."""
        return self._sender.send(get_call("admin", "projects", project, query={}), ProjectRecord)

    @known_only
    def list(self, **options: Unpack[PageOptions]) -> Page[ProjectRecord]:
        """Return a page of projects, newest first."""
        call = get_call("admin", "projects", query=options)
        return self._sender.send(call, Page[ProjectRecord])

    def delete(self, project: str) -> DeletedProject | None:
        """Delete a project with all it holds; returns the counts, unless that response was lost."""
        call = delete_call("admin", "projects", project, query={})
        return (self._sender.send(call, DeletionResponse[DeletedProject])).deleted


class SettingsApi:
    """Calls about the key's own project; they need an admin key."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def get(self) -> ProjectSettings:
        """Return the settings."""
        return self._sender.send(get_call("admin", "settings", query={}), ProjectSettings)

    @known_only
    def update(
        self, changes: Mapping[str, Any], **options: Unpack[IdempotencyOptions]
    ) -> ProjectSettings:
        """Change settings: what is left out stays, None means the default."""
        key = options.get("idempotency_key")
        call = ApiCall(method="PUT", path=("admin", "settings"), body=changes, idempotency_key=key)
        return self._sender.send(call, ProjectSettings)

    def usage(self) -> Usage:
        """Return what was used this month."""
        return self._sender.send(get_call("admin", "usage", query={}), Usage)
