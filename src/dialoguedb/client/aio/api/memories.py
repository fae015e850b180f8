"""Calls about memories."""

from collections.abc import Sequence
from typing import Any, Unpack

from msgspec import Struct

from dialoguedb.client.aio.sending import AsyncSender
from dialoguedb.client.inputs import Change, MemoryFields, MemoryList
from dialoguedb.client.keywords import known_only
from dialoguedb.client.records import MemoryRecord, Page
from dialoguedb.client.requests import deleting, reading, writing


class _Deleted(Struct):
    success: bool = True


class AsyncMemoryApi:
    """Calls about memories."""

    def __init__(self, sender: AsyncSender) -> None:
        self._sender = sender

    @known_only
    async def create(self, value: Any, **fields: Unpack[MemoryFields]) -> MemoryRecord:
        """Create a memory of any JSON value; one stored with this id and bytes answers itself."""
        sent = self._sender.placed({"value": value, **fields})
        call = writing("POST", "memory", fields=sent, nullable=("value",))
        return await self._sender.ask(call, MemoryRecord)

    async def get(self, memory_id: str, *, namespace: str | None = None) -> MemoryRecord:
        """Return one memory; MemoryNotFound."""
        query = self._sender.placed({"namespace": namespace})
        return await self._sender.ask(reading("memory", memory_id, query=query), MemoryRecord)

    @known_only
    async def list(self, **wanted: Unpack[MemoryList]) -> Page[MemoryRecord]:
        """Return a page of memories, newest first; without a namespace of the whole project."""
        call = reading("memory", query=self._sender.placed(wanted))
        return await self._sender.ask(call, Page[MemoryRecord])

    @known_only
    async def update(
        self, memory_id: str, *, tags: Sequence[str], **how: Unpack[Change]
    ) -> MemoryRecord:
        """Replace the tags of a memory; all else is write-once."""
        fields = self._sender.placed({"tags": tags, **how})
        return await self._sender.ask(
            writing("PUT", "memory", memory_id, fields=fields), MemoryRecord
        )

    async def delete(self, memory_id: str, *, namespace: str | None = None) -> None:
        """Delete one memory for good; MemoryNotFound."""
        query = self._sender.placed({"namespace": namespace})
        await self._sender.ask(deleting("memory", memory_id, query=query), _Deleted)
