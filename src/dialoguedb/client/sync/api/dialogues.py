# Generated from dialoguedb.client.aio by `make sync`; change it there.
"""Calls about dialogues."""

from typing import Unpack

from msgspec import Struct

from dialoguedb.client.inputs import (
    Change,
    DialogueChanges,
    DialogueFields,
    DialogueList,
    SummaryFields,
)
from dialoguedb.client.keywords import known_only
from dialoguedb.client.records import (
    DeletedCounts,
    DeletedDialogue,
    DialogueRecord,
    Page,
    SummaryRecord,
)
from dialoguedb.client.requests import Call, deleting, reading, writing
from dialoguedb.client.sync.sending import Sender


class _Deleted(Struct):
    deleted: DeletedCounts | None = None


class DialogueApi:
    """Calls about dialogues."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    @known_only
    def create(self, **fields: Unpack[DialogueFields]) -> DialogueRecord:
        """Create a dialogue, with its first messages if you like; DuplicateId."""
        return self._one(writing("POST", "dialogue", fields=self._sender.placed(fields)))

    def get(
        self, dialogue_id: str, *, namespace: str | None = None, messages: int | None = None
    ) -> DialogueRecord:
        """Return one dialogue, with its last messages if you like; DialogueNotFound."""
        query = self._sender.placed({"namespace": namespace, "messages": messages})
        return self._one(reading("dialogue", dialogue_id, query=query))

    @known_only
    def list(self, **wanted: Unpack[DialogueList]) -> Page[DialogueRecord]:
        """Return a page of dialogues, newest first; without a namespace of the whole project."""
        call = reading("dialogue", query=self._sender.placed(wanted))
        return self._sender.ask(call, Page[DialogueRecord])

    @known_only
    def update(self, dialogue_id: str, **changes: Unpack[DialogueChanges]) -> DialogueRecord:
        """Change label, state and tags and append messages, all in one commit.

        `state` and `tags` replace what is there; `label=None` takes the label away.
        """
        fields = self._sender.placed(changes)
        return self._one(
            writing("PUT", "dialogue", dialogue_id, fields=fields, nullable=("label",))
        )

    @known_only
    def end(self, dialogue_id: str, **how: Unpack[Change]) -> DialogueRecord:
        """End a dialogue: it takes no more messages."""
        return self._act(dialogue_id, "end", how)

    @known_only
    def archive(self, dialogue_id: str, **how: Unpack[Change]) -> DialogueRecord:
        """Archive a dialogue: it changes no more at all."""
        return self._act(dialogue_id, "archive", how)

    @known_only
    def reopen(self, dialogue_id: str, **how: Unpack[Change]) -> DialogueRecord:
        """Make a dialogue active again."""
        return self._act(dialogue_id, "reopen", how)

    @known_only
    def compact(self, dialogue_id: str, **fields: Unpack[SummaryFields]) -> SummaryRecord:
        """Start a summary of what is new in a dialogue; its messages stay."""
        call = writing(
            "POST", "dialogue", dialogue_id, "compact", fields=self._sender.placed(fields)
        )
        return self._sender.ask(call, SummaryRecord)

    def delete(self, dialogue_id: str, *, namespace: str | None = None) -> DeletedDialogue:
        """Delete a dialogue for good, with its messages and, recursively, its threads."""
        query = self._sender.placed({"namespace": namespace})
        told = self._sender.ask(deleting("dialogue", dialogue_id, query=query), _Deleted)
        return DeletedDialogue(dialogue_id, told.deleted)

    def _act(self, dialogue_id: str, action: str, how: Change) -> DialogueRecord:
        fields = self._sender.placed(how)
        return self._one(writing("POST", "dialogue", dialogue_id, action, fields=fields))

    def _one(self, call: Call) -> DialogueRecord:
        record, version = self._sender.ask_versioned(call, DialogueRecord)
        record.version = version
        return record
