"""Messages that a search has found, as far as a response can hold them."""

from collections.abc import Callable, Sequence

from msgspec import structs

from dialoguedb.model.messages import UNREAD, Message
from dialoguedb.model.rules.messages import StoredMessage
from dialoguedb.retrieval.room import Room
from dialoguedb.store.columns import columns_of


class LocatedMessage(StoredMessage, gc=False):
    """A message with its dialogue."""

    dialogue_id: str
    namespace: str
    row_id: int

    def located(self) -> Message:
        """Return the message for a response."""
        return self.to_message(self.dialogue_id, self.namespace)


_OF_DIALOGUE = {"dialogue_id": "d.id", "namespace": "d.namespace", "row_id": "r.number"}
COLUMNS = columns_of(LocatedMessage, **_OF_DIALOGUE)
"""Of messages `r` of dialogues `d`."""


def fitting(
    rows: Sequence[LocatedMessage],
    room: Room,
    make_whole: Callable[[Sequence[LocatedMessage]], Sequence[LocatedMessage]],
    *,
    times: int = 1,
) -> list[Message]:
    """Return messages, whole or, where there is no room for them, without their content.

    `make_whole` puts their attachments back; a response has each of them so many times.
    """
    fit = [room.take(row.content_length * times) for row in rows]
    whole = iter(make_whole([row for row, fits in zip(rows, fit, strict=True) if fits]))
    return [
        next(whole).located() if fits else structs.replace(row.located(), content=UNREAD)
        for row, fits in zip(rows, fit, strict=True)
    ]


def attached_bytes(rows: Sequence[LocatedMessage]) -> int:
    """Return how much reading the attachments of messages takes."""
    return sum(row.content_length for row in rows if row.attachments)
