"""Calls about summaries, and about the templates of what a model is asked for."""

from typing import Any, Unpack

from dialoguedb.client.aio.sender import AsyncSender
from dialoguedb.client.inputs import (
    IdempotencyOptions,
    PageOptions,
    SummaryFields,
    SummaryPageOptions,
    TemplateChanges,
)
from dialoguedb.client.keyword_arguments import known_only
from dialoguedb.client.records import DeletionResponse, SummaryRecord, TemplateRecord
from dialoguedb.client.transport.requests import delete_call, get_call, write_call
from dialoguedb.values.lists import Page


class AsyncSummaryApi:
    """Calls about summaries, each of a part of one dialogue."""

    def __init__(self, sender: AsyncSender) -> None:
        self._sender = sender

    @known_only
    async def create(self, dialogue_id: str, **fields: Unpack[SummaryFields]) -> SummaryRecord:
        """Start a summary; its `status` is `processing` until it is made."""
        sent = self._sender.with_namespace({"dialogue_id": dialogue_id, **fields})
        return await self._sender.send(write_call("POST", "summary", fields=sent), SummaryRecord)

    async def get(
        self, summary_id: str, *, namespace: str | None = None, expand: bool | None = None
    ) -> SummaryRecord:
        """Return one summary, with the messages it covers if you like; SummaryNotFound."""
        query = self._sender.with_namespace({"namespace": namespace, "expand": expand})
        return await self._sender.send(get_call("summary", summary_id, query=query), SummaryRecord)

    @known_only
    async def list(
        self, dialogue_id: str, **options: Unpack[SummaryPageOptions]
    ) -> Page[SummaryRecord]:
        """Return a page of a dialogue's summaries, newest first."""
        query = self._sender.with_namespace({"dialogue_id": dialogue_id, **options})
        return await self._sender.send(get_call("summary", query=query), Page[SummaryRecord])

    async def delete(self, summary_id: str, *, namespace: str | None = None) -> None:
        """Delete a summary, also while it is being made; the messages stay."""
        query = self._sender.with_namespace({"namespace": namespace})
        await self._sender.send(
            delete_call("summary", summary_id, query=query), DeletionResponse[Any]
        )


class AsyncTemplateApi:
    """Calls about a project's summary templates; they need an admin key."""

    def __init__(self, sender: AsyncSender) -> None:
        self._sender = sender

    @known_only
    async def create(
        self,
        name: str,
        prompt: str,
        *,
        description: str | None = None,
        **options: Unpack[IdempotencyOptions],
    ) -> TemplateRecord:
        """Create a template; its prompt names `{messages}`, at least."""
        fields = {"name": name, "prompt": prompt, "description": description, **options}
        call = write_call("POST", "admin", "summary-templates", fields=fields)
        return await self._sender.send(call, TemplateRecord)

    async def get(self, name: str) -> TemplateRecord:
        """Return one template; TemplateNotFound."""
        call = get_call("admin", "summary-templates", name, query={})
        return await self._sender.send(call, TemplateRecord)

    @known_only
    async def list(self, **options: Unpack[PageOptions]) -> Page[TemplateRecord]:
        """Return a page of templates."""
        call = get_call("admin", "summary-templates", query=options)
        return await self._sender.send(call, Page[TemplateRecord])

    @known_only
    async def update(self, name: str, **changes: Unpack[TemplateChanges]) -> TemplateRecord:
        """Change a template."""
        call = write_call("PUT", "admin", "summary-templates", name, fields=changes)
        return await self._sender.send(call, TemplateRecord)

    async def delete(self, name: str) -> None:
        """Delete a template."""
        call = delete_call("admin", "summary-templates", name, query={})
        await self._sender.send(call, DeletionResponse[Any])
