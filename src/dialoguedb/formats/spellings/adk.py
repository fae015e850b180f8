"""Events of Google's Agent Development Kit, whose contents are Gemini's."""

from collections.abc import Iterator

from dialoguedb.formats.json_text import string
from dialoguedb.formats.parts import Part
from dialoguedb.formats.spellings.part_types import Json, Source, shape, types


def role_of(value: Json) -> str:
    """Return the role that the content of an event has; empty when the object is none."""
    content = value.get("content")
    return string(content, "role") if _is_event(value) and isinstance(content, dict) else ""


def _event(source: Source) -> Iterator[Part]:
    yield from source.reader.parts(_content(source.value))


def _content(event: Json) -> object:
    """Return the parts of an event; one about state alone has none."""
    content = event.get("content")
    return content.get("parts") if isinstance(content, dict) else None


def _kept(source: Source) -> Iterator[Part]:
    """Read a message that keeps the event that it was made from."""
    event = source.value.get("event")
    if isinstance(event, dict):
        yield from source.reader.parts(_content(event))


def _is_event(value: Json) -> bool:
    names_invocation = "invocationId" in value or "invocation_id" in value
    return isinstance(value.get("author"), str) and names_invocation


TYPES = [
    *types("message", _kept, "message", keys=("event role",)),
    shape("an event with `author` and `invocationId`", "message", _event, ("author",), _is_event),
]
