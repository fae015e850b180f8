"""The messages of LangGraph's threads, each a dialogue."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any
from urllib.parse import quote, unquote

from dialoguedb.client.inputs import MessageDict
from dialoguedb.client.records import MessageRecord
from dialoguedb.client.sync.database import Database
from dialoguedb.client.sync.pagination import every_item
from dialoguedb.errors import DialogueNotFound, MessageNotFound
from dialoguedb.integrations.hashed_tags import hashed_tag
from dialoguedb.integrations.histories import append_messages, read_messages
from dialoguedb.integrations.langgraph.serialization import (
    CHECKPOINT,
    VALUE,
    WRITES,
    payload_of,
    piece,
)
from dialoguedb.values.limits import NAME_CHARS_MAX, PAGE_ITEMS_MAX
from dialoguedb.values.lists import Order

_PREFIX = "langgraph:"
_LARGE_MESSAGES_MAX = 20
"""Messages with large content in one request or page."""

_KNOWN_THREADS_MAX = 1_000


class Threads:
    """Reads, appends and deletes messages of threads, each named by its id."""

    def __init__(self, db: Database, namespace: str | None) -> None:
        self._db = db
        self._namespace = namespace
        self._tag = hashed_tag("langgraph", namespace or "")
        """Within our namespace: a list without one goes through all of them."""

        self._known: OrderedDict[str, frozenset[str]] = OrderedDict()
        """By thread, the pieces of the last checkpoint that was stored here, and of its writes."""

    def ids(self) -> Iterator[str]:
        """Return all threads, the newest first."""
        options = {"tags": [self._tag], "namespace": self._namespace}
        dialogues = every_item(self._db.api.dialogue.list, PAGE_ITEMS_MAX, options)
        return (_thread_of(one.id) for one in dialogues)

    def messages(
        self, thread: str, role: str, order: Order, limit: int = _LARGE_MESSAGES_MAX, **options: Any
    ) -> Iterator[MessageRecord]:
        """Read messages of a role, `limit` at once; DialogueNotFound."""
        own = {"namespace": self._namespace, "role": role, "order": order}
        return read_messages(self._db, _dialogue_id(thread), limit=limit, **own, **options)

    def message(self, thread: str, message_id: str) -> MessageRecord:
        """Return one message; DialogueNotFound, MessageNotFound."""
        return self._db.api.message.get(_dialogue_id(thread), message_id, namespace=self._namespace)

    def append(self, thread: str, *messages: MessageDict) -> None:
        """Append messages, all or none; creates the thread if there is none."""
        append_messages(
            self._db,
            _dialogue_id(thread),
            messages,
            namespace=self._namespace,
            label=f"LangGraph thread {thread}"[:NAME_CHARS_MAX],
            tags=[self._tag],
        )

    def store(
        self,
        thread: str,
        message: MessageDict,
        pieces: Mapping[str, bytes],
        *,
        replace_known: bool = False,
    ) -> None:
        """Append a message, with those of its pieces that are not known to be stored.

        With `replace_known`, only these are known from then on.
        """
        known = self._known.pop(thread, frozenset())
        fresh = [piece(name, data) for name, data in pieces.items() if name not in known]
        whole = len(fresh) // _LARGE_MESSAGES_MAX * _LARGE_MESSAGES_MAX
        for start in range(0, whole, _LARGE_MESSAGES_MAX):
            self.append(thread, *fresh[start : start + _LARGE_MESSAGES_MAX])
        self.append(thread, *fresh[whole:], message)
        self._known[thread] = frozenset(pieces) if replace_known else known | pieces.keys()
        if len(self._known) > _KNOWN_THREADS_MAX:
            self._known.popitem(last=False)

    def copy(self, source: str, target: str) -> None:
        """Append all messages of a thread to another."""
        with suppress(DialogueNotFound):
            found = read_messages(
                self._db, _dialogue_id(source), namespace=self._namespace, limit=_LARGE_MESSAGES_MAX
            )
            while batch := [_copy(record) for record in islice(found, _LARGE_MESSAGES_MAX)]:
                self.append(target, *batch)

    def delete(self, thread: str) -> None:
        """Delete all that a thread has."""
        self._known.pop(thread, None)
        with suppress(DialogueNotFound):
            self._db.delete_dialogue(_dialogue_id(thread), namespace=self._namespace)

    def delete_message(self, thread: str, message_id: str) -> None:
        """Delete one message, if it is there."""
        with suppress(MessageNotFound, DialogueNotFound):
            self._db.api.message.delete(_dialogue_id(thread), message_id, namespace=self._namespace)

    def delete_unused(self, thread: str) -> None:
        """Delete the pieces that no checkpoint and no write uses."""
        with suppress(DialogueNotFound):
            used: set[str] = set()
            for role in (CHECKPOINT, WRITES):
                for record in self.messages(thread, role, "asc"):
                    used.update(payload_of(record)["pieces"])
            pieces: Sequence[str] = [one.id for one in self.messages(thread, VALUE, "asc")]
            for piece_id in set(pieces) - used:
                self.delete_message(thread, piece_id)


def _dialogue_id(thread: str) -> str:
    """Return the id of a thread's dialogue, in which `=` stands for the `%` that no id has."""
    return _PREFIX + quote(thread, safe="@:|,;+").replace("%", "=")


def _thread_of(dialogue_id: str) -> str:
    return unquote(dialogue_id.removeprefix(_PREFIX).replace("=", "%"))


def _copy(record: MessageRecord) -> MessageDict:
    return {
        "id": record.id,
        "role": record.role,
        "content": record.content,
        "tags": record.tags,
        "metadata": record.metadata,
    }
