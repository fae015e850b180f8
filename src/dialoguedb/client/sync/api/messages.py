# Generated from dialoguedb.client.aio by `make sync`; change it there.
"""Calls about messages."""

from collections.abc import Sequence
from typing import Unpack

from msgspec import Struct

from dialoguedb.client.inputs import (
    AnyMessage,
    Change,
    Content,
    MessageList,
    OneMessage,
    SeveralMessages,
)
from dialoguedb.client.keywords import known_only
from dialoguedb.client.records import MessagePage, MessageRecord
from dialoguedb.client.requests import deleting, reading, writing
from dialoguedb.client.sync.sending import Sender


class _Deleted(Struct):
    success: bool = True


class MessageApi:
    """Calls about messages; each names the dialogue that they are in."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    @known_only
    def create(
        self, dialogue_id: str, role: str, content: Content | None, **fields: Unpack[OneMessage]
    ) -> MessageRecord:
        """Append a message; an `id` that is stored already with the same bytes answers it."""
        sent = self._sender.placed({"role": role, "content": content, **fields})
        call = writing(
            "POST", "dialogue", dialogue_id, "messages", fields=sent, nullable=("content",)
        )
        return self._sender.ask(call, MessageRecord)

    @known_only
    def create_many(
        self, dialogue_id: str, messages: Sequence[AnyMessage], **fields: Unpack[SeveralMessages]
    ) -> list[MessageRecord]:
        """Append messages, all or none, in their order."""
        sent = self._sender.placed({"messages": messages, **fields})
        call = writing(
            "POST", "dialogue", dialogue_id, "messages", fields=sent, nullable=("messages",)
        )
        return (self._sender.ask(call, MessagePage)).items

    def get(
        self, dialogue_id: str, message_id: str, *, namespace: str | None = None
    ) -> MessageRecord:
        """Return one message; MessageNotFound."""
        query = self._sender.placed({"namespace": namespace})
        call = reading("dialogue", dialogue_id, "messages", message_id, query=query)
        return self._sender.ask(call, MessageRecord)

    @known_only
    def list(self, dialogue_id: str, **wanted: Unpack[MessageList]) -> MessagePage:
        """Return a page of messages, oldest first; DialogueNotFound."""
        query = self._sender.placed(wanted)
        call = reading("dialogue", dialogue_id, "messages", query=query)
        page, version = self._sender.ask_versioned(call, MessagePage)
        page.version = version
        return page

    @known_only
    def update(
        self, dialogue_id: str, message_id: str, *, tags: Sequence[str], **how: Unpack[Change]
    ) -> MessageRecord:
        """Replace the tags of a message; all else is write-once."""
        fields = self._sender.placed({"tags": tags, **how})
        call = writing("PUT", "dialogue", dialogue_id, "messages", message_id, fields=fields)
        return self._sender.ask(call, MessageRecord)

    def delete(self, dialogue_id: str, message_id: str, *, namespace: str | None = None) -> None:
        """Delete one message for good; MessageNotFound."""
        query = self._sender.placed({"namespace": namespace})
        call = deleting("dialogue", dialogue_id, "messages", message_id, query=query)
        self._sender.ask(call, _Deleted)
