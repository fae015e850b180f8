# Generated from dialoguedb.client.aio by `make sync`; change it there.
"""Calls that search."""

from collections.abc import Mapping
from typing import Any, TypeVar, Unpack

from dialoguedb.client.inputs import SearchFields
from dialoguedb.client.keywords import known_only
from dialoguedb.client.records import DialogueRecord, Found, MemoryRecord, MessageRecord
from dialoguedb.client.requests import writing
from dialoguedb.client.sync.sending import Sender
from dialoguedb.model.search import SearchObject

T = TypeVar("T")


class SearchApi:
    """Searches by meaning and by words; without a namespace through the whole project."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    @known_only
    def messages(self, query: str, **wanted: Unpack[SearchFields]) -> Found[MessageRecord]:
        """Find messages."""
        return self._search("message", query, wanted, Found[MessageRecord])

    @known_only
    def dialogues(self, query: str, **wanted: Unpack[SearchFields]) -> Found[DialogueRecord]:
        """Find dialogues by what is said in them, and by their labels."""
        return self._search("dialogue", query, wanted, Found[DialogueRecord])

    @known_only
    def memories(self, query: str, **wanted: Unpack[SearchFields]) -> Found[MemoryRecord]:
        """Find memories."""
        return self._search("memory", query, wanted, Found[MemoryRecord])

    def _search(
        self, kind: SearchObject, query: str, wanted: Mapping[str, Any], found: type[T]
    ) -> T:
        fields = self._sender.placed({"object": kind, "query": query, **wanted})
        return self._sender.ask(writing("POST", "search", fields=fields), found)
