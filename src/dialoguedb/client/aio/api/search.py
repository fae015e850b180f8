"""Calls that search."""

from collections.abc import Mapping
from typing import Any, TypeVar, Unpack

from dialoguedb.client.aio.sender import AsyncSender
from dialoguedb.client.inputs import SearchOptions
from dialoguedb.client.keyword_arguments import known_only
from dialoguedb.client.records import DialogueRecord, MemoryRecord, MessageRecord
from dialoguedb.client.search_records import Found
from dialoguedb.client.transport.requests import write_call
from dialoguedb.model.search import SearchObject

T = TypeVar("T")


class AsyncSearchApi:
    """Searches by meaning and by words; without a namespace through the whole project."""

    def __init__(self, sender: AsyncSender) -> None:
        self._sender = sender

    @known_only
    async def messages(self, query: str, **options: Unpack[SearchOptions]) -> Found[MessageRecord]:
        """Find messages."""
        return await self._search("message", query, options, Found[MessageRecord])

    @known_only
    async def dialogues(
        self, query: str, **options: Unpack[SearchOptions]
    ) -> Found[DialogueRecord]:
        """Find dialogues by what is said in them, and by their labels."""
        return await self._search("dialogue", query, options, Found[DialogueRecord])

    @known_only
    async def memories(self, query: str, **options: Unpack[SearchOptions]) -> Found[MemoryRecord]:
        """Find memories."""
        return await self._search("memory", query, options, Found[MemoryRecord])

    async def _search(
        self, kind: SearchObject, query: str, options: Mapping[str, Any], found: type[T]
    ) -> T:
        fields = self._sender.with_namespace({"object": kind, "query": query, **options})
        return await self._sender.send(write_call("POST", "search", fields=fields), found)
