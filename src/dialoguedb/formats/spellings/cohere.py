"""What Cohere's Chat API (version 2) has beside the messages of OpenAI."""

from collections.abc import Iterator

from dialoguedb.formats.json_text import json_text
from dialoguedb.formats.parts import Part
from dialoguedb.formats.spellings.part_types import Source, types
from dialoguedb.formats.spellings.readers import text_part


def _document(source: Source) -> Iterator[Part]:
    """Read a document: its text, or its data."""
    inner = source.value.get("document")
    data = inner.get("data") if isinstance(inner, dict) else inner
    yield from text_part(data if isinstance(data, str) else json_text(data))


TYPES = types("text", _document, "document", keys=("document",))
