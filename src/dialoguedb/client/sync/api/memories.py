# Generated from dialoguedb.client.aio by `make sync`; change it there.
"""Calls about memories."""

from typing import Any, Unpack

import msgspec

from dialoguedb.client.inputs import (
    MemoryChanges,
    MemoryPageOptions,
    MemoryVersionFields,
    MemoryVersionPageOptions,
    NewMemoryFields,
    TimeLike,
)
from dialoguedb.client.keyword_arguments import known_only
from dialoguedb.client.records import DeletionResponse, MemoryRecord, MemoryVersionRecord
from dialoguedb.client.sync.sender import Sender
from dialoguedb.client.transport.requests import delete_call, get_call, write_call
from dialoguedb.values.lists import Page

_REMOVABLE = (
    *("label", "description", "source", "valid_from", "valid_to", "expires_at"),
    *("confidence", "trust"),
)


class MemoryApi:
    """Calls about memories."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    @known_only
    def create(self, value: Any, **fields: Unpack[NewMemoryFields]) -> MemoryRecord:
        """Create a memory of any JSON value; returns the stored one if it has this id and bytes.

        With `on_similar`, one that is like it may be returned or superseded; `similar` tells.
        """
        on_similar = fields.pop("on_similar", None)
        sent = self._sender.with_namespace({"value": value, **fields})
        call = write_call("POST", "memory", fields=sent, nullable=("value",))
        call = msgspec.structs.replace(call, query={"on_similar": on_similar})
        return self._sender.send(call, MemoryRecord)

    def get(self, memory_id: str, *, namespace: str | None = None) -> MemoryRecord:
        """Return one memory; MemoryNotFound."""
        query = self._sender.with_namespace({"namespace": namespace})
        return self._sender.send(get_call("memory", memory_id, query=query), MemoryRecord)

    @known_only
    def list(self, **options: Unpack[MemoryPageOptions]) -> Page[MemoryRecord]:
        """Return a page of memories, newest first; without a namespace of the whole project."""
        call = get_call("memory", query=self._sender.with_namespace(options))
        return self._sender.send(call, Page[MemoryRecord])

    @known_only
    def update(self, memory_id: str, **changes: Unpack[MemoryChanges]) -> MemoryRecord:
        """Replace the tags of a memory, or correct it: what it said before is in its history.

        `label=None` takes the label away, and so do others but the value, tags and metadata.
        """
        fields = self._sender.with_namespace(changes)
        call = write_call("PUT", "memory", memory_id, fields=fields, nullable=_REMOVABLE)
        return self._sender.send(call, MemoryRecord)

    @known_only
    def history(
        self, memory_id: str, **options: Unpack[MemoryVersionPageOptions]
    ) -> Page[MemoryVersionRecord]:
        """Return a page of what a memory said before it was corrected, newest version first."""
        query = self._sender.with_namespace(options)
        call = get_call("memory", memory_id, "history", query=query)
        return self._sender.send(call, Page[MemoryVersionRecord])

    @known_only
    def create_version(
        self,
        memory_id: str,
        version: int,
        value: Any,
        times: tuple[TimeLike, TimeLike],
        **fields: Unpack[MemoryVersionFields],
    ) -> MemoryVersionRecord:
        """Store a former version, as an import does; `times` are when it was written, replaced."""
        named = {"version": version, "value": value, "written": times[0], "replaced": times[1]}
        sent = self._sender.with_namespace({**named, **fields})
        call = write_call("POST", "memory", memory_id, "history", fields=sent, nullable=("value",))
        return self._sender.send(call, MemoryVersionRecord)

    def delete(self, memory_id: str, *, namespace: str | None = None) -> None:
        """Delete one memory for good; MemoryNotFound."""
        query = self._sender.with_namespace({"namespace": namespace})
        self._sender.send(delete_call("memory", memory_id, query=query), DeletionResponse[Any])
