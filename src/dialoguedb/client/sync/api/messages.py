# Generated from dialoguedb.client.aio by `make sync`; change it there.
"""Calls about messages."""

from collections.abc import Sequence
from typing import Any, Unpack

from dialoguedb.client.inputs import (
    AnyMessage,
    AppendOptions,
    ChangeOptions,
    Content,
    MessageOptions,
    MessagePageOptions,
)
from dialoguedb.client.keyword_arguments import known_only
from dialoguedb.client.records import DeletionResponse, MessagePage, MessageRecord
from dialoguedb.client.sync.sender import Sender
from dialoguedb.client.transport.requests import delete_call, get_call, write_call
from dialoguedb.model.messages import AttachmentMode


class MessageApi:
    """Calls about messages; each names the dialogue that they are in."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    @known_only
    def create(
        self, dialogue_id: str, role: str, content: Content | None, **fields: Unpack[MessageOptions]
    ) -> MessageRecord:
        """Append a message; returns the stored one if it has this `id` and the same bytes."""
        sent = self._sender.with_namespace({"role": role, "content": content, **fields})
        call = write_call(
            "POST", "dialogue", dialogue_id, "messages", fields=sent, nullable=("content",)
        )
        return self._sender.send(call, MessageRecord)

    @known_only
    def create_many(
        self, dialogue_id: str, messages: Sequence[AnyMessage], **fields: Unpack[AppendOptions]
    ) -> list[MessageRecord]:
        """Append messages, all or none, in their order."""
        sent = self._sender.with_namespace({"messages": messages, **fields})
        call = write_call(
            "POST", "dialogue", dialogue_id, "messages", fields=sent, nullable=("messages",)
        )
        return (self._sender.send(call, MessagePage)).items

    def get(
        self,
        dialogue_id: str,
        message_id: str,
        *,
        namespace: str | None = None,
        attachments: AttachmentMode | None = None,
    ) -> MessageRecord:
        """Return one message; MessageNotFound."""
        query = self._sender.with_namespace({"namespace": namespace, "attachments": attachments})
        call = get_call("dialogue", dialogue_id, "messages", message_id, query=query)
        return self._sender.send(call, MessageRecord)

    @known_only
    def list(self, dialogue_id: str, **options: Unpack[MessagePageOptions]) -> MessagePage:
        """Return a page of messages, oldest first; DialogueNotFound."""
        query = self._sender.with_namespace(options)
        call = get_call("dialogue", dialogue_id, "messages", query=query)
        page, version = self._sender.send_versioned(call, MessagePage)
        page.version = version
        return page

    @known_only
    def update(
        self,
        dialogue_id: str,
        message_id: str,
        *,
        tags: Sequence[str],
        **options: Unpack[ChangeOptions],
    ) -> MessageRecord:
        """Replace the tags of a message; all else is write-once."""
        fields = self._sender.with_namespace({"tags": tags, **options})
        call = write_call("PUT", "dialogue", dialogue_id, "messages", message_id, fields=fields)
        return self._sender.send(call, MessageRecord)

    def delete(self, dialogue_id: str, message_id: str, *, namespace: str | None = None) -> None:
        """Delete one message for good; MessageNotFound."""
        query = self._sender.with_namespace({"namespace": namespace})
        call = delete_call("dialogue", dialogue_id, "messages", message_id, query=query)
        self._sender.send(call, DeletionResponse[Any])
