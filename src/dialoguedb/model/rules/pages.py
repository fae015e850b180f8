"""Pages of a list, which end early by bytes."""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from msgspec import Struct

from dialoguedb.values import limits
from dialoguedb.values.lists import Window

T = TypeVar("T")

ITEM_BYTES = 8 * 1024
"""What an item takes beside its values, at the most: five names of 256 characters, escaped."""

FIRST_PIECE_BYTES = 1536 * 1024
"""What the first piece of a page holds, beside the item that goes above it: most pages whole."""

PIECE_BYTES = 512 * 1024
"""What each further piece of a page holds, beside the item that goes above it."""

USUAL_ITEM_BYTES = 384
"""What an item takes beside its values, as a rule."""

ESCAPED_BYTES = 6
"""What a character takes in JSON, at the most: a control character."""


def take(
    found: Iterable[T],
    limit: int,
    size: Callable[[T], int],
    bytes_max: int = limits.PAGE_BYTES_MAX,
    least: int = 1,
    item_bytes: int = ITEM_BYTES,
) -> tuple[list[T], bool]:
    """Return the items of a page, and whether more follow.

    `found` begins with the page's first item. A page ends at its limit, or early when the next
    item would take it above `bytes_max`, but not before it holds the least number of items.
    """
    taken: list[T] = []
    add, room = taken.append, bytes_max
    for item in found:
        if len(taken) == limit:
            return taken, True
        room -= item_bytes + size(item)
        if room < 0 and len(taken) >= least:
            return taken, True
        add(item)
    return taken, False


class Piece(Struct, Generic[T], frozen=True):
    """The next items of a page."""

    items: list[T]
    size: int
    """What they take of the room of the page."""

    more: bool
    """Whether items follow, or may follow where the page does not end."""

    is_last: bool
    """Whether the page ends with it."""


def take_piece(found: Iterable[T], window: Window, size: Callable[[T], int]) -> Piece[T]:
    """Return a piece of a page; `found` begins with its first item.

    All pieces of a page together are what `take` returns at once.
    """
    taken: list[T] = []
    used = read = 0
    piece_bytes = PIECE_BYTES if window.continues else FIRST_PIECE_BYTES
    for item in found:
        if len(taken) == window.limit:
            return Piece(taken, used, more=True, is_last=True)
        item_bytes = size(item)
        used += ITEM_BYTES + item_bytes
        if used > window.room and (taken or window.continues):
            return Piece(taken, used, more=True, is_last=True)
        taken.append(item)
        read += USUAL_ITEM_BYTES + item_bytes
        if read > piece_bytes:
            return Piece(taken, used, more=True, is_last=False)
    return Piece(taken, used, more=False, is_last=True)
