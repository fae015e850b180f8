# Generated from dialoguedb.client.aio by `make sync`; change it there.
"""Lists that fetch their pages as they are gone through."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from dialoguedb.client.records import Page

T = TypeVar("T")


def every(
    fetch: Callable[..., Page[T]], page_size: int | None, wanted: dict[str, Any]
) -> Iterator[T]:
    """Go through every item of every page.

    What is there throughout is met exactly once, whatever is added or deleted meanwhile.
    """
    page = fetch(limit=page_size, **wanted)
    for item in page:
        yield item
    while page.next is not None:
        page = fetch(**wanted | {"limit": page_size, "next": page.next})
        for item in page:
            yield item
