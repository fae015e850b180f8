# Generated from dialoguedb.client.aio by `make sync`; change it there.
"""Calls about the state of a dialogue."""

from collections.abc import Mapping
from typing import Any, Unpack

import msgspec
from msgspec import Raw

from dialoguedb.client.inputs import ChangeOptions, StateChangeOptions
from dialoguedb.client.keyword_arguments import known_only
from dialoguedb.client.records import StateRecord
from dialoguedb.client.sync.sender import Sender
from dialoguedb.client.transport.requests import ApiCall, get_call, write_call
from dialoguedb.errors import InvalidRequest


class StateApi:
    """Calls about the state of a dialogue."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def get(self, dialogue_id: str, *, namespace: str | None = None) -> StateRecord:
        """Return the state; DialogueNotFound."""
        query = self._sender.with_namespace({"namespace": namespace})
        call = get_call("dialogue", dialogue_id, "state", query=query)
        return self._one(call)

    @known_only
    def update(
        self,
        dialogue_id: str,
        state: Mapping[str, Any] | Raw,
        **options: Unpack[StateChangeOptions],
    ) -> StateRecord:
        """Merge these members into the state, or replace it with `merge=False`."""
        return self._change("PUT", dialogue_id, state, options)

    @known_only
    def patch(
        self, dialogue_id: str, patch: Mapping[str, Any], **options: Unpack[ChangeOptions]
    ) -> StateRecord:
        """Apply a JSON Merge Patch (RFC 7396): objects merge, None deletes."""
        return self._change("PATCH", dialogue_id, patch, options)

    def _change(
        self,
        method: str,
        dialogue_id: str,
        state: Mapping[str, Any] | Raw,
        options: Mapping[str, Any],
    ) -> StateRecord:
        if not isinstance(state, Mapping | Raw):
            raise InvalidRequest(f"A state should be a dict, not {state!r}")
        query = self._sender.with_namespace(
            {name: options.get(name) for name in ("namespace", "merge")}
        )
        call = msgspec.structs.replace(
            write_call(method, "dialogue", dialogue_id, "state", fields=options),
            body=state,
            query=query,
        )
        return self._one(call)

    def _one(self, call: ApiCall) -> StateRecord:
        state, version = self._sender.send_versioned(call, dict[str, Any])
        return StateRecord(value=state, version=version)
