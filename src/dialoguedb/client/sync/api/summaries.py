# Generated from dialoguedb.client.aio by `make sync`; change it there.
"""Calls about summaries, and about the templates of what a model is asked for."""

from typing import Unpack

from msgspec import Struct

from dialoguedb.client.inputs import Once, Paging, SummaryFields, SummaryList, TemplateChanges
from dialoguedb.client.keywords import known_only
from dialoguedb.client.records import Page, SummaryRecord, TemplateRecord
from dialoguedb.client.requests import deleting, reading, writing
from dialoguedb.client.sync.sending import Sender


class _Deleted(Struct):
    success: bool = True


class SummaryApi:
    """Calls about summaries, each of a part of one dialogue."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    @known_only
    def create(self, dialogue_id: str, **fields: Unpack[SummaryFields]) -> SummaryRecord:
        """Start a summary; its `status` is `processing` until it is made."""
        sent = self._sender.placed({"dialogue_id": dialogue_id, **fields})
        return self._sender.ask(writing("POST", "summary", fields=sent), SummaryRecord)

    def get(
        self, summary_id: str, *, namespace: str | None = None, expand: bool | None = None
    ) -> SummaryRecord:
        """Return one summary, with the messages it covers if you like; SummaryNotFound."""
        query = self._sender.placed({"namespace": namespace, "expand": expand})
        return self._sender.ask(reading("summary", summary_id, query=query), SummaryRecord)

    @known_only
    def list(self, dialogue_id: str, **wanted: Unpack[SummaryList]) -> Page[SummaryRecord]:
        """Return a page of a dialogue's summaries, newest first."""
        query = self._sender.placed({"dialogue_id": dialogue_id, **wanted})
        return self._sender.ask(reading("summary", query=query), Page[SummaryRecord])

    def delete(self, summary_id: str, *, namespace: str | None = None) -> None:
        """Delete a summary, also while it is being made; the messages stay."""
        query = self._sender.placed({"namespace": namespace})
        self._sender.ask(deleting("summary", summary_id, query=query), _Deleted)


class TemplateApi:
    """Calls about a project's summary templates; they need an admin key."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    @known_only
    def create(
        self, name: str, prompt: str, *, description: str | None = None, **once: Unpack[Once]
    ) -> TemplateRecord:
        """Create a template; its prompt names `{messages}`, at least."""
        fields = {"name": name, "prompt": prompt, "description": description, **once}
        call = writing("POST", "admin", "summary-templates", fields=fields)
        return self._sender.ask(call, TemplateRecord)

    def get(self, name: str) -> TemplateRecord:
        """Return one template; TemplateNotFound."""
        call = reading("admin", "summary-templates", name, query={})
        return self._sender.ask(call, TemplateRecord)

    @known_only
    def list(self, **paging: Unpack[Paging]) -> Page[TemplateRecord]:
        """Return a page of templates."""
        call = reading("admin", "summary-templates", query=paging)
        return self._sender.ask(call, Page[TemplateRecord])

    @known_only
    def update(self, name: str, **changes: Unpack[TemplateChanges]) -> TemplateRecord:
        """Change a template."""
        call = writing("PUT", "admin", "summary-templates", name, fields=changes)
        return self._sender.ask(call, TemplateRecord)

    def delete(self, name: str) -> None:
        """Delete a template."""
        call = deleting("admin", "summary-templates", name, query={})
        self._sender.ask(call, _Deleted)
