"""Calls about memories."""

from collections.abc import Sequence
from typing import Any, Unpack

from dialoguedb.client.aio.sender import AsyncSender
from dialoguedb.client.inputs import ChangeOptions, MemoryFields, MemoryPageOptions
from dialoguedb.client.keyword_arguments import known_only
from dialoguedb.client.records import DeletionResponse, MemoryRecord
from dialoguedb.client.transport.requests import delete_call, get_call, write_call
from dialoguedb.values.lists import Page


class AsyncMemoryApi:
    """Calls about memories."""

    def __init__(self, sender: AsyncSender) -> None:
        self._sender = sender

    @known_only
    async def create(self, value: Any, **fields: Unpack[MemoryFields]) -> MemoryRecord:
        """Create a memory of any JSON value; returns the stored one if it has this id and bytes."""
        sent = self._sender.with_namespace({"value": value, **fields})
        call = write_call("POST", "memory", fields=sent, nullable=("value",))
        return await self._sender.send(call, MemoryRecord)

    async def get(self, memory_id: str, *, namespace: str | None = None) -> MemoryRecord:
        """Return one memory; MemoryNotFound."""
        query = self._sender.with_namespace({"namespace": namespace})
        return await self._sender.send(get_call("memory", memory_id, query=query), MemoryRecord)

    @known_only
    async def list(self, **options: Unpack[MemoryPageOptions]) -> Page[MemoryRecord]:
        """Return a page of memories, newest first; without a namespace of the whole project."""
        call = get_call("memory", query=self._sender.with_namespace(options))
        return await self._sender.send(call, Page[MemoryRecord])

    @known_only
    async def update(
        self, memory_id: str, *, tags: Sequence[str], **options: Unpack[ChangeOptions]
    ) -> MemoryRecord:
        """Replace the tags of a memory; all else is write-once."""
        fields = self._sender.with_namespace({"tags": tags, **options})
        return await self._sender.send(
            write_call("PUT", "memory", memory_id, fields=fields), MemoryRecord
        )

    async def delete(self, memory_id: str, *, namespace: str | None = None) -> None:
        """Delete one memory for good; MemoryNotFound."""
        query = self._sender.with_namespace({"namespace": namespace})
        await self._sender.send(
            delete_call("memory", memory_id, query=query), DeletionResponse[Any]
        )
