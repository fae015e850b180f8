"""A chat message history for LangChain; the extra is `langchain`."""

from collections.abc import Iterator, Sequence
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
from dialoguedb.integrations.langchain_messages import CLASSES, is_of_tools, of_chat, read_others
from dialoguedb.values.limits import PAGE_ITEMS_MAX

_ROLES = {"human": "user", "ai": "assistant", "function": "tool"}
_WHOLE = {"type", "data"}
"""What LangChain's own form of a message is made of."""


class DialogueDBChatMessageHistory(BaseChatMessageHistory):
    """The history of one conversation: a dialogue, created when the first messages are added.

    Messages that are added together are stored together, all or none, up to 1,000 and 35 MB. Its
    async methods run the others on threads, which may share a database.

    With `max_tokens` its messages are a window of the conversation instead of all of it: one that
    begins as the one before it, so that the provider's cache hits.
    """

    def __init__(
        self,
        session_id: str,
        db: Database,
        *,
        namespace: str | None = None,
        max_tokens: int | None = None,
    ) -> None:
        super().__init__()
        self.session_id = session_id
        self._db = db
        self._namespace = namespace
        self._max_tokens = max_tokens

    @property
    # The base class declares an attribute where its own histories have properties, too.
    def messages(self) -> list[BaseMessage]:  # type: ignore[override]
        """All messages, or a window of them, oldest first."""
        try:
            return [*self._all()] if self._max_tokens is None else self._window(self._max_tokens)
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

    # --- Internals --------------------------------------------------------------------------

    def _all(self) -> Iterator[BaseMessage]:
        found = read_messages(
            self._db, self.session_id, limit=PAGE_ITEMS_MAX, namespace=self._namespace
        )
        for by_others, records in groupby(found, _is_by_others):
            if by_others:
                yield from read_others(records)
            else:
                yield from map(_restored, records)

    def _window(self, max_tokens: int) -> list[BaseMessage]:
        window = self._db.api.context.get(
            self.session_id, max_tokens, stable=True, namespace=self._namespace
        )
        return [*map(of_chat, window.messages)]


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
