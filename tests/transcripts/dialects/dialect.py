"""What a spelling of requests and answers provides."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from tests.transcripts.script import halves

Entries = list[tuple[str, str]]


class Reply(Struct, frozen=True):
    """What the model says to a request."""

    id: str
    text: str
    calls: list[tuple[str, str, Any]]
    """Ids, tools and arguments."""

    tokens: int

    @property
    def halves(self) -> tuple[str, str]:
        """The text in two pieces."""
        return halves(self.text)


class Dialect(Struct, frozen=True):
    """How a provider's API is spelled."""

    entries: Callable[[Any], Entries]
    """Takes a request; returns what it repeats of the conversation."""

    has_tools: Callable[[Any], bool]
    """Whether the program would run commands; else it asks for a title or the like."""

    whole: Callable[[Reply], Any]
    events: Callable[[Reply], Iterator[str | None]]
    """Yields the events of a stream, and None in the middle of the text."""


def event(data: Any, name: str = "") -> str:
    """Return an event of a stream."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data)}\n\n"


def texts(content: Any) -> str:
    """Return the texts of a content, whatever its form."""
    if isinstance(content, str):
        return content
    return "\n".join(str(part.get("text") or "") for part in content or ())
