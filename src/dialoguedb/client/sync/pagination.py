# Generated from dialoguedb.client.aio by `make sync`; change it there.
"""Iterates over lists, page by page."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from dialoguedb.values.lists import Page

T = TypeVar("T")


def every_item(
    fetch: Callable[..., Page[T]], page_size: int | None, options: dict[str, Any]
) -> Iterator[T]:
    """Yield every item of every page.

    What is there throughout is yielded exactly once, whatever is added or deleted meanwhile.
    """
    page = fetch(limit=page_size, **options)
    for item in page:
        yield item
    while page.next is not None:
        page = fetch(**options | {"limit": page_size, "next": page.next})
        for item in page:
            yield item
