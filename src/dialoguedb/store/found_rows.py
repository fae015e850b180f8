"""Rows that a search has found, read as far as a response can hold them.

Whatever is long is left out of the first read, which tells its length; what there is room for is
read then.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from msgspec import structs

from dialoguedb.model.dialogues import Dialogue
from dialoguedb.model.memories import Memory
from dialoguedb.model.messages import Message
from dialoguedb.model.projects import Project
from dialoguedb.model.rules.dialogues import StoredDialogue
from dialoguedb.model.rules.memories import StoredMemory
from dialoguedb.model.rules.messages import StoredMessage
from dialoguedb.model.search_results import UNREAD
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


class Long(NamedTuple):
    """The field of a row that may be long."""

    field: str
    length: str
    """The field that has its length in bytes."""

    def of(self, row: Found) -> bytes | None:
        """Return its value in a row; None where it was not read."""
        value: bytes | None = getattr(row, self.field)
        return value

    def length_in(self, row: Found) -> int:
        """Return how long it is in a row."""
        length: int = getattr(row, self.length)
        return length


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

ReadLong = Callable[[Long, Sequence[Found]], Mapping[int, bytes]]
"""Reads what is long in rows, by row id."""


def messages(
    rows: Sequence[FoundMessage],
    room: Room,
    read_long: ReadLong,
    attach: Callable[[Sequence[FoundMessage]], Sequence[FoundMessage]],
    *,
    are_items: bool = False,
) -> list[Message]:
    """Return messages: whole, their attachments put back by `attach`, as far as there is room.

    Those without room have no content.
    """
    fitting = _fitting(rows, CONTENT, room, read_long, _IN_ITEM if are_items else 1)
    whole = iter(attach([row for row in fitting if row.content]))
    return [_message(next(whole) if row.content else row) for row in fitting]


def _message(row: FoundMessage) -> Message:
    message = row.to_message(row.dialogue_id, row.namespace)
    return message if row.content else structs.replace(message, content=UNREAD)


def dialogues(
    rows: Sequence[FoundDialogue], project: Project, room: Room, read_long: ReadLong
) -> list[Dialogue]:
    """Return dialogues, those without room without their state."""
    fitting = _fitting(rows, STATE, room, read_long, _IN_ITEM)
    made = [row.to_dialogue(project) for row in fitting]
    return [
        one if row.state else structs.replace(one, state=UNREAD)
        for row, one in zip(fitting, made, strict=True)
    ]


def memories(rows: Sequence[FoundMemory], room: Room, read_long: ReadLong) -> list[Memory]:
    """Return memories, those without room without their value."""
    fitting = _fitting(rows, VALUE, room, read_long, _IN_ITEM)
    made = [row.to_memory() for row in fitting]
    return [
        one if row.value else structs.replace(one, value=UNREAD)
        for row, one in zip(fitting, made, strict=True)
    ]


def _fitting(rows: Sequence[R], long: Long, room: Room, read_long: ReadLong, times: int) -> list[R]:
    """Return rows as far as there is room for each so many times, the others with nothing there."""
    fits = [room.take(long.length_in(row) * times) for row in rows]
    unread = [row for row, does in zip(rows, fits, strict=True) if does and long.of(row) is None]
    values = read_long(long, unread) if unread else {}
    return [
        _with(row, long, values) if does else structs.replace(row, **{long.field: b""})
        for row, does in zip(rows, fits, strict=True)
    ]


def _with(row: R, long: Long, values: Mapping[int, bytes]) -> R:
    if long.of(row) is not None:
        return row
    return structs.replace(row, **{long.field: values[row.row_id]})


def bytes_of(rows: Iterable[Found], long: Long) -> int:
    """Return how much reading what is long in rows takes."""
    return sum(map(long.length_in, rows))
