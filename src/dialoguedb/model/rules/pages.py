"""Pages of a list, which end early by bytes."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from dialoguedb.values import limits

T = TypeVar("T")

ITEM_BYTES = 8 * 1024
"""What an item takes beside its values, at the most: five names of 256 characters, escaped."""

ESCAPED_BYTES = 6
"""What a character takes in JSON, at the most: a control character."""


def take(
    found: Iterable[T],
    limit: int,
    size: Callable[[T], int],
    bytes_max: int = limits.PAGE_BYTES_MAX,
    least: int = 1,
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
        room -= ITEM_BYTES + size(item)
        if room < 0 and len(taken) >= least:
            return taken, True
        add(item)
    return taken, False
