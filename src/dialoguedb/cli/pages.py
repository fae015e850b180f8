"""Whole lists, fetched page by page."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from dialoguedb.model.projects import Project
from dialoguedb.service import Services
from dialoguedb.service.pages import ListRequest, NoFilter, PageRequest
from dialoguedb.values import limits
from dialoguedb.values.lists import Page

T = TypeVar("T")


async def all_of(
    list_page: Callable[[PageRequest[NoFilter]], Awaitable[Page[T]]],
) -> AsyncIterator[T]:
    """Yield every item of a list, oldest first."""
    listing = ListRequest(NoFilter(), "asc", limit=limits.PAGE_ITEMS_MAX)
    page = await list_page(PageRequest(listing))
    while True:
        for item in page.items:
            yield item
        if page.next is None:
            return
        page = await list_page(PageRequest(listing, next=page.next))


async def owners(services: Services) -> AsyncIterator[Project | None]:
    """Yield all that keys can belong to: every project, and None for the operator."""
    yield None
    async for project in all_of(services.projects.list):
        yield project
