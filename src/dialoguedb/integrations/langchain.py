"""A chat message history for LangChain; the extra is `langchain`."""

from collections.abc import Sequence
from contextlib import suppress
from itertools import groupby

from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.messages import (
    BaseMessage,
    ChatMessage,
    message_to_dict,
    messages_from_dict,
)

from dialoguedb.client.inputs import MessageDict
from dialoguedb.client.records import MessageRecord
from dialoguedb.client.sync.database import Database
from dialoguedb.errors import DialogueNotFound
from dialoguedb.integrations.batches import batches
from dialoguedb.integrations.content import is_plain
from dialoguedb.integrations.histories import append_messages, read_messages
from dialoguedb.integrations.langchain_messages import CLASSES, is_of_tools, read_others
from dialoguedb.values.limits import PAGE_ITEMS_MAX

_ROLES = {"human": "user", "ai": "assistant", "function": "tool"}
_WHOLE = {"type", "data"}
"""What LangChain's own form of a message is made of."""


class DialogueDBChatMessageHistory(BaseChatMessageHistory):
    """The history of one conversation: a dialogue, created when the first messages are added.

    Messages that are added together are stored together, all or none, up to 1,000 and 35 MB. Its
    async methods run the others on threads, which may share a database.
    """

    def __init__(self, session_id: str, db: Database, *, namespace: str | None = None) -> None:
        super().__init__()
        self.session_id = session_id
        self._db = db
        self._namespace = namespace

    @property
    # The base class declares an attribute where its own histories have properties, too.
    def messages(self) -> list[BaseMessage]:  # type: ignore[override]
        """All messages, oldest first."""
        try:
            found = read_messages(
                self._db, self.session_id, limit=PAGE_ITEMS_MAX, namespace=self._namespace
            )
            return [
                message
                for by_others, records in groupby(found, _is_by_others)
                for message in (read_others(records) if by_others else map(_restored, records))
            ]
        except DialogueNotFound:
            return []

    def add_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Append messages in their order."""
        stored = [_message(message) for message in messages]
        for batch in batches(stored):
            append_messages(self._db, self.session_id, batch, namespace=self._namespace)

    def clear(self) -> None:
        """Delete the dialogue for good."""
        with suppress(DialogueNotFound):
            self._db.delete_dialogue(self.session_id, namespace=self._namespace)


def _message(message: BaseMessage) -> MessageDict:
    """Return the message to store: only the text, or the whole message if there is more."""
    role = _ROLES.get(message.type, message.type)
    content = message.content
    if is_plain(content) and role in CLASSES and CLASSES[role](content=content) == message:
        return {"role": role, "content": content}
    return {"role": getattr(message, "role", role), "content": message_to_dict(message)}


def _is_by_others(record: MessageRecord) -> bool:
    """Tell whether a message is in a form that this history does not write."""
    content = record.content
    if isinstance(content, dict):
        return content.keys() != _WHOLE
    return is_of_tools(record)


def _restored(record: MessageRecord) -> BaseMessage:
    content = record.content
    if isinstance(content, dict):
        return messages_from_dict([content])[0]
    if record.role in CLASSES:
        return CLASSES[record.role](content=content)
    return ChatMessage(role=record.role, content=content)
