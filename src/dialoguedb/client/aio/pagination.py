"""Iterates over lists, page by page."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from dialoguedb.values.lists import Page

T = TypeVar("T")


async def every_item(
    fetch: Callable[..., Awaitable[Page[T]]], page_size: int | None, options: dict[str, Any]
) -> AsyncIterator[T]:
    """Yield every item of every page.

    What is there throughout is yielded exactly once, whatever is added or deleted meanwhile.
    """
    page = await fetch(limit=page_size, **options)
    for item in page:
        yield item
    while page.next is not None:
        page = await fetch(**options | {"limit": page_size, "next": page.next})
        for item in page:
            yield item
