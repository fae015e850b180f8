"""The parts of the Agent2Agent protocol: of 0.3, which name their `kind`, and of 1.x."""

from collections.abc import Iterator

from dialoguedb.formats.json_text import json_lines
from dialoguedb.formats.parts import Part
from dialoguedb.formats.spellings.media import attachment
from dialoguedb.formats.spellings.part_types import Json, PartType, Source, shape
from dialoguedb.formats.spellings.readers import text, text_part


def _data(source: Source) -> Iterator[Part]:
    yield from text_part(json_lines(source.value.get("data")))


def _is_file(value: Json) -> bool:
    has_bytes = isinstance(value.get("raw"), str)
    return (has_bytes or isinstance(value.get("url"), str)) and "mediaType" in value


TYPES = [
    PartType("text", "text", text("text"), ("text",), by="kind"),
    PartType("file", "attachment", attachment(), ("file",), by="kind"),
    PartType("data", "text", _data, ("data",), by="kind"),
    shape("`raw` or `url`, with `mediaType`", "attachment", attachment(), ("raw", "url"), _is_file),
]
