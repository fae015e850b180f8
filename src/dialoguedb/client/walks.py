"""Lists of messages that are loaded page by page: how far they got."""

from collections.abc import Mapping
from typing import Any

from dialoguedb.client.records import MessagePage
from dialoguedb.client.versions import last_seq

_NARROWING = ("role", "tags", "created", "start_date", "end_date")


class Walk:
    """The last list of all messages that was begun, whatever else is looked at meanwhile."""

    def __init__(self) -> None:
        self._next: str | None = None
        self._met = 0
        self._last_seq: int | None = None

    @property
    def is_unfinished(self) -> bool:
        """Whether a page of it told of another one, which was not loaded."""
        return self._next is not None

    def met(self, page: MessagePage, wanted: Mapping[str, Any]) -> tuple[int, int] | None:
        """Take note of a page; returns what the list has told when it is through.

        That is the number of the message that was the last one when it began, and how many there
        were up to it.
        """
        token = wanted.get("next")
        if any(wanted.get(name) is not None for name in _NARROWING):
            return None
        if token is None:
            self._met, self._last_seq = 0, last_seq(page.version)
        elif token != self._next:
            return None
        last = self._last_seq
        self._met += sum(last is not None and message.seq <= last for message in page)
        self._next = page.next
        return None if last is None or page.next is not None else (last, self._met)
