"""Rows that a search has found, read as far as a response can hold them.

Whatever is long is left out of the first read, which tells its length; what there is room for is
read then.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from msgspec import structs

from dialoguedb.model.dialogues import Dialogue
from dialoguedb.model.memories import Memory
from dialoguedb.model.messages import Message
from dialoguedb.model.projects import Project
from dialoguedb.model.rules.dialogues import StoredDialogue
from dialoguedb.model.rules.memories import StoredMemory
from dialoguedb.model.rules.messages import StoredMessage
from dialoguedb.model.search import SearchObject
from dialoguedb.model.search_results import UNREAD
from dialoguedb.ports.search import Item
from dialoguedb.retrieval.room import Room
from dialoguedb.store.columns import columns_of

_SHORT_BYTES = 8 * 1024
"""What is longer is not read at once."""

_IN_ITEM = 2
"""How often a response has what was looked for."""


class FoundMessage(StoredMessage, gc=False):
    """A message with its dialogue."""

    dialogue_id: str
    namespace: str
    row_id: int


class FoundDialogue(StoredDialogue, gc=False):
    """A dialogue with the length of its state."""

    state_length: int
    row_id: int


class FoundMemory(StoredMemory, gc=False):
    """A memory with the length of its value."""

    value_length: int
    row_id: int


Found = FoundMessage | FoundDialogue | FoundMemory
R = TypeVar("R", FoundMessage, FoundDialogue, FoundMemory)
T = TypeVar("T", Message, Dialogue, Memory)


class Long(NamedTuple):
    """The field of rows, and of the objects made of them, that may be long."""

    field: str
    length: str
    """The field of rows that has its length in bytes."""

    def of(self, row: Found) -> bytes | None:
        """Return its value in a row; None where it was not read, empty where it will not be."""
        value: bytes | None = getattr(row, self.field)
        return value

    def length_in(self, row: Found) -> int:
        """Return how long it is in a row."""
        length: int = getattr(row, self.length)
        return length

    def unread_in(self, found: T) -> T:
        """Return an object without it."""
        return structs.replace(found, **{self.field: UNREAD})


CONTENT = Long("content", "content_length")
STATE = Long("state", "state_length")
VALUE = Long("value", "value_length")


def _unless_long(column: str) -> str:
    return f"CASE WHEN octet_length({column}) <= {_SHORT_BYTES} THEN {column} END"


MESSAGE_COLUMNS = columns_of(
    FoundMessage,
    content=_unless_long("r.content"),
    dialogue_id="d.id",
    namespace="d.namespace",
    row_id="r.number",
)
"""Of messages `r` of dialogues `d`."""

DIALOGUE_COLUMNS = columns_of(
    FoundDialogue,
    tags="b.tags",
    metadata="b.metadata",
    state=_unless_long("b.state"),
    state_length="octet_length(b.state)",
    row_id="r.number",
)
"""Of dialogues `r` with bodies `b`."""

MEMORY_COLUMNS = columns_of(
    FoundMemory,
    value=_unless_long("r.value"),
    value_length="octet_length(r.value)",
    row_id="r.number",
)
"""Of memories `r`."""


class FoundRows(ABC):
    """Reads what was found within a snapshot; an engine supplies the SQL."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._read_bytes = 0
        """What was read by now of long values and of attachments."""

    def items(self, kind: SearchObject, keys: Sequence[int], room: Room) -> dict[int, Item]:
        """Return objects, by row id: in full as far as there is room for each twice."""
        made: Sequence[Item]
        if kind == "message":
            made = self._messages(self._rows(FoundMessage, keys), room, times=_IN_ITEM)
        elif kind == "dialogue":
            dialogues = self._fitting(self._rows(FoundDialogue, keys), STATE, room, _IN_ITEM)
            made = [_object(row, STATE, row.to_dialogue(self._project)) for row in dialogues]
        else:
            memories = self._fitting(self._rows(FoundMemory, keys), VALUE, room, _IN_ITEM)
            made = [_object(row, VALUE, row.to_memory()) for row in memories]
        return dict(zip(keys, made, strict=True))

    def messages(self, keys: Sequence[int], room: Room) -> dict[int, Message]:
        """Return messages, by row id: in full as far as there is room, in the order of the keys."""
        made = self._messages(self._rows(FoundMessage, keys), room)
        return dict(zip(keys, made, strict=True))

    def _messages(
        self, rows: Sequence[FoundMessage], room: Room, *, times: int = 1
    ) -> list[Message]:
        """Return messages, whole or without content, each of which a response has so many times."""
        fitting = self._fitting(rows, CONTENT, room, times)
        attached = [row for row in fitting if row.content and row.attachments]
        whole = iter(self._attach(attached, self._count(attached, CONTENT)) if attached else ())
        made = [next(whole) if row.content and row.attachments else row for row in fitting]
        return [
            _object(row, CONTENT, row.to_message(row.dialogue_id, row.namespace)) for row in made
        ]

    def _rows(self, row: type[R], keys: Sequence[int]) -> list[R]:
        """Return rows in the order of their keys."""
        by_key = {columns[-1]: columns for columns in self._listed(row, keys)}
        return [row(*by_key[key]) for key in keys]

    def _fitting(self, rows: Sequence[R], long: Long, room: Room, times: int) -> list[R]:
        """Return rows as far as there is room for each so many times; others have nothing there."""
        fits = [room.take(long.length_in(row) * times) for row in rows]
        unread = [
            row for row, does in zip(rows, fits, strict=True) if does and long.of(row) is None
        ]
        values: Mapping[int, bytes] = {}
        if unread:
            values = self._read_long(
                long, [row.row_id for row in unread], self._count(unread, long)
            )
        return [
            _with(row, long, values) if does else structs.replace(row, **{long.field: b""})
            for row, does in zip(rows, fits, strict=True)
        ]

    def _count(self, rows: Iterable[Found], long: Long) -> int:
        """Count what is long in rows as read; returns how much that makes in all."""
        self._read_bytes += sum(map(long.length_in, rows))
        return self._read_bytes

    @abstractmethod
    def _listed(self, row: type[Found], keys: Sequence[int]) -> Iterable[Sequence[Any]]:
        """Return the columns of rows, of each the row id at last."""

    @abstractmethod
    def _read_long(self, long: Long, keys: Sequence[int], read_bytes: int) -> Mapping[int, bytes]:
        """Return what is long in rows, by row id, unless so many bytes are too many in all."""

    @abstractmethod
    def _attach(self, rows: Sequence[FoundMessage], read_bytes: int) -> Sequence[FoundMessage]:
        """Put the attachments of messages back, unless so many bytes are too many in all."""


def _with(row: R, long: Long, values: Mapping[int, bytes]) -> R:
    if long.of(row) is not None:
        return row
    return structs.replace(row, **{long.field: values[row.row_id]})


def _object(row: Found, long: Long, made: T) -> T:
    return made if long.of(row) else long.unread_in(made)
