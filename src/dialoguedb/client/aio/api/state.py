"""Calls about the state of a dialogue."""

from collections.abc import Mapping
from typing import Any, Unpack

import msgspec
from msgspec import Raw

from dialoguedb.client.aio.sending import AsyncSender
from dialoguedb.client.inputs import Change, StateMerge
from dialoguedb.client.keywords import known_only
from dialoguedb.client.records import StateRecord
from dialoguedb.client.requests import Call, reading, writing
from dialoguedb.errors import InvalidRequest


class AsyncStateApi:
    """Calls about the state of a dialogue."""

    def __init__(self, sender: AsyncSender) -> None:
        self._sender = sender

    async def get(self, dialogue_id: str, *, namespace: str | None = None) -> StateRecord:
        """Return the state; DialogueNotFound."""
        query = self._sender.placed({"namespace": namespace})
        call = reading("dialogue", dialogue_id, "state", query=query)
        return await self._one(call)

    @known_only
    async def update(
        self, dialogue_id: str, state: Mapping[str, Any] | Raw, **how: Unpack[StateMerge]
    ) -> StateRecord:
        """Put these members over the state's own, or replace it with `merge=False`."""
        return await self._change("PUT", dialogue_id, state, how)

    @known_only
    async def patch(
        self, dialogue_id: str, patch: Mapping[str, Any], **how: Unpack[Change]
    ) -> StateRecord:
        """Apply a JSON Merge Patch (RFC 7396): objects merge, None deletes."""
        return await self._change("PATCH", dialogue_id, patch, how)

    async def _change(
        self, method: str, dialogue_id: str, state: Mapping[str, Any] | Raw, how: Mapping[str, Any]
    ) -> StateRecord:
        if not isinstance(state, Mapping | Raw):
            raise InvalidRequest(f"A state should be a dict, not {state!r}")
        query = self._sender.placed({name: how.get(name) for name in ("namespace", "merge")})
        call = msgspec.structs.replace(
            writing(method, "dialogue", dialogue_id, "state", fields=how), body=state, query=query
        )
        return await self._one(call)

    async def _one(self, call: Call) -> StateRecord:
        state, version = await self._sender.ask_versioned(call, dict[str, Any])
        return StateRecord(value=state, version=version)
