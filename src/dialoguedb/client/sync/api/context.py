# Generated from dialoguedb.client.aio by `make sync`; change it there.
"""Calls for what a model is to be sent."""

from typing import Unpack

from dialoguedb.client.inputs import ContextOptions
from dialoguedb.client.keyword_arguments import known_only
from dialoguedb.client.records import (
    ContextReceiptRecord,
    ContextRecord,
    HistoryCheck,
    HistoryRepair,
)
from dialoguedb.client.sync.sender import Sender
from dialoguedb.client.transport.requests import get_call, write_call


class ContextApi:
    """Calls for what a model is to be sent."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    @known_only
    def get(
        self, dialogue_id: str, max_tokens: int, **options: Unpack[ContextOptions]
    ) -> ContextRecord:
        """Return a context window of at most so many tokens, ready to be sent to a model."""
        fields = self._sender.with_namespace({"max_tokens": max_tokens, **options})
        call = write_call("POST", "dialogue", dialogue_id, "context", fields=fields)
        return self._sender.send(call, ContextRecord)

    def get_recorded(
        self, context_id: str, *, namespace: str | None = None
    ) -> ContextReceiptRecord:
        """Return a recorded window as the model saw it; ContextNotFound."""
        query = self._sender.with_namespace({"namespace": namespace})
        return self._sender.send(get_call("context", context_id, query=query), ContextReceiptRecord)

    def check(
        self, dialogue_id: str, *, provider: str | None = None, namespace: str | None = None
    ) -> HistoryCheck:
        """Tell whether a provider, or all of them, would accept a dialogue as it is."""
        query = self._sender.with_namespace({"provider": provider, "namespace": namespace})
        return self._sender.send(
            get_call("dialogue", dialogue_id, "check", query=query), HistoryCheck
        )

    def repair(
        self, dialogue_id: str, provider: str, *, namespace: str | None = None
    ) -> HistoryRepair:
        """Return a dialogue's messages as a provider takes them, and what was changed for it."""
        query = self._sender.with_namespace({"provider": provider, "namespace": namespace})
        return self._sender.send(
            get_call("dialogue", dialogue_id, "repair", query=query), HistoryRepair
        )
