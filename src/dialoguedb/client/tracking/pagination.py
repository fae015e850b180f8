"""Lists of messages that are loaded page by page: how far they got."""

from collections.abc import Mapping
from typing import Any

from dialoguedb.client.encoding.etags import last_seq
from dialoguedb.client.records import MessagePage

_FILTERS = ("role", "tags", "created", "start_date", "end_date")


class PaginationState:
    """The last list of all messages that was begun; filtered lists do not count."""

    def __init__(self) -> None:
        self._next: str | None = None
        self._loaded = 0
        self._last_seq: int | None = None

    @property
    def is_unfinished(self) -> bool:
        """Whether the list has a next page that was not loaded."""
        return self._next is not None

    def add_page(self, page: MessagePage, options: Mapping[str, Any]) -> tuple[int, int] | None:
        """Count a page; when it completes the list, return what the whole list holds.

        That is the `seq` of the last message when the list began, and the number of messages up to
        it.
        """
        token = options.get("next")
        if any(options.get(name) is not None for name in _FILTERS):
            return None
        if token is None:
            self._loaded, self._last_seq = 0, last_seq(page.version)
        elif token != self._next:
            return None
        last = self._last_seq
        self._loaded += sum(last is not None and message.seq <= last for message in page)
        self._next = page.next
        return None if last is None or page.next is not None else (last, self._loaded)
