"""Lists that fetch their pages as they are gone through."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from dialoguedb.client.records import Page

T = TypeVar("T")


async def every(
    fetch: Callable[..., Awaitable[Page[T]]], page_size: int | None, wanted: dict[str, Any]
) -> AsyncIterator[T]:
    """Go through every item of every page.

    What is there throughout is met exactly once, whatever is added or deleted meanwhile.
    """
    page = await fetch(limit=page_size, **wanted)
    for item in page:
        yield item
    while page.next is not None:
        page = await fetch(**wanted | {"limit": page_size, "next": page.next})
        for item in page:
            yield item
