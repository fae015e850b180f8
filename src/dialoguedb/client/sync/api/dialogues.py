# Generated from dialoguedb.client.aio by `make sync`; change it there.
"""Calls about dialogues."""

from typing import Unpack

from dialoguedb.client.inputs import (
    ChangeOptions,
    DialogueChanges,
    DialogueFields,
    DialoguePageOptions,
    SummaryFields,
)
from dialoguedb.client.keyword_arguments import known_only
from dialoguedb.client.records import (
    DeletionReceipt,
    DeletionResponse,
    DialogueRecord,
    SummaryRecord,
)
from dialoguedb.client.sync.sender import Sender
from dialoguedb.client.transport.requests import ApiCall, delete_call, get_call, write_call
from dialoguedb.model.dialogues import DeletedDialogue
from dialoguedb.model.messages import AttachmentMode
from dialoguedb.values.lists import Page


class DialogueApi:
    """Calls about dialogues."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    @known_only
    def create(self, **fields: Unpack[DialogueFields]) -> DialogueRecord:
        """Create a dialogue, with its first messages if you like; DuplicateId."""
        return self._one(write_call("POST", "dialogue", fields=self._sender.with_namespace(fields)))

    def get(
        self,
        dialogue_id: str,
        *,
        namespace: str | None = None,
        messages: int | None = None,
        attachments: AttachmentMode | None = None,
    ) -> DialogueRecord:
        """Return one dialogue, with its last messages if you like; DialogueNotFound."""
        options = {"namespace": namespace, "messages": messages, "attachments": attachments}
        query = self._sender.with_namespace(options)
        return self._one(get_call("dialogue", dialogue_id, query=query))

    @known_only
    def list(self, **options: Unpack[DialoguePageOptions]) -> Page[DialogueRecord]:
        """Return a page of dialogues, newest first; without a namespace of the whole project."""
        call = get_call("dialogue", query=self._sender.with_namespace(options))
        return self._sender.send(call, Page[DialogueRecord])

    @known_only
    def update(self, dialogue_id: str, **changes: Unpack[DialogueChanges]) -> DialogueRecord:
        """Change label, state and tags and append messages, all in one commit.

        `state` and `tags` replace what is there; `label=None` takes the label away.
        """
        fields = self._sender.with_namespace(changes)
        return self._one(
            write_call("PUT", "dialogue", dialogue_id, fields=fields, nullable=("label",))
        )

    @known_only
    def end(self, dialogue_id: str, **options: Unpack[ChangeOptions]) -> DialogueRecord:
        """End a dialogue: it takes no more messages."""
        return self._change_status(dialogue_id, "end", options)

    @known_only
    def archive(self, dialogue_id: str, **options: Unpack[ChangeOptions]) -> DialogueRecord:
        """Archive a dialogue: it changes no more at all."""
        return self._change_status(dialogue_id, "archive", options)

    @known_only
    def reopen(self, dialogue_id: str, **options: Unpack[ChangeOptions]) -> DialogueRecord:
        """Make a dialogue active again."""
        return self._change_status(dialogue_id, "reopen", options)

    @known_only
    def compact(self, dialogue_id: str, **fields: Unpack[SummaryFields]) -> SummaryRecord:
        """Start a summary of what is new in a dialogue; its messages stay."""
        call = write_call(
            "POST", "dialogue", dialogue_id, "compact", fields=self._sender.with_namespace(fields)
        )
        return self._sender.send(call, SummaryRecord)

    def delete(self, dialogue_id: str, *, namespace: str | None = None) -> DeletionReceipt:
        """Delete a dialogue for good, with its messages and, recursively, its threads."""
        query = self._sender.with_namespace({"namespace": namespace})
        call = delete_call("dialogue", dialogue_id, query=query)
        response = self._sender.send(call, DeletionResponse[DeletedDialogue])
        return DeletionReceipt(dialogue_id, response.deleted)

    def _change_status(
        self, dialogue_id: str, action: str, options: ChangeOptions
    ) -> DialogueRecord:
        fields = self._sender.with_namespace(options)
        return self._one(write_call("POST", "dialogue", dialogue_id, action, fields=fields))

    def _one(self, call: ApiCall) -> DialogueRecord:
        record, version = self._sender.send_versioned(call, DialogueRecord)
        record.version = version
        return record
