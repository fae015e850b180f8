"""Calls for what a model is to be sent."""

from typing import Unpack

from dialoguedb.client.aio.sending import AsyncSender
from dialoguedb.client.inputs import ContextFields
from dialoguedb.client.keywords import known_only
from dialoguedb.client.records import Check, Context
from dialoguedb.client.requests import reading, writing


class AsyncContextApi:
    """Calls for what a model is to be sent."""

    def __init__(self, sender: AsyncSender) -> None:
        self._sender = sender

    @known_only
    async def get(
        self, dialogue_id: str, max_tokens: int, **wanted: Unpack[ContextFields]
    ) -> Context:
        """Return a window on a dialogue of at most so many tokens, ready to be sent to a model."""
        fields = self._sender.placed({"max_tokens": max_tokens, **wanted})
        call = writing("POST", "dialogue", dialogue_id, "context", fields=fields)
        return await self._sender.ask(call, Context)

    async def check(self, dialogue_id: str, *, namespace: str | None = None) -> Check:
        """Tell whether providers would take a dialogue as it is."""
        query = self._sender.placed({"namespace": namespace})
        return await self._sender.ask(reading("dialogue", dialogue_id, "check", query=query), Check)
