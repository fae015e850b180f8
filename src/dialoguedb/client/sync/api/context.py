# Generated from dialoguedb.client.aio by `make sync`; change it there.
"""Calls for what a model is to be sent."""

from typing import Unpack

from dialoguedb.client.inputs import ContextFields
from dialoguedb.client.keywords import known_only
from dialoguedb.client.records import Check, Context
from dialoguedb.client.requests import reading, writing
from dialoguedb.client.sync.sending import Sender


class ContextApi:
    """Calls for what a model is to be sent."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    @known_only
    def get(self, dialogue_id: str, max_tokens: int, **wanted: Unpack[ContextFields]) -> Context:
        """Return a window on a dialogue of at most so many tokens, ready to be sent to a model."""
        fields = self._sender.placed({"max_tokens": max_tokens, **wanted})
        call = writing("POST", "dialogue", dialogue_id, "context", fields=fields)
        return self._sender.ask(call, Context)

    def check(self, dialogue_id: str, *, namespace: str | None = None) -> Check:
        """Tell whether providers would take a dialogue as it is."""
        query = self._sender.placed({"namespace": namespace})
        return self._sender.ask(reading("dialogue", dialogue_id, "check", query=query), Check)
