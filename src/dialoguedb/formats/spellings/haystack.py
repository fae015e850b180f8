"""Haystack's `ChatMessage`: parts whose only member tells their type."""

from collections.abc import Callable, Iterator
from typing import Any

from dialoguedb.formats.json_text import string
from dialoguedb.formats.parts import AttachmentKind, Part, Reasoning, ToolCall, ToolResult
from dialoguedb.formats.spellings.media import attachment_of
from dialoguedb.formats.spellings.part_types import Json, PartKind, PartType, Read, Source, shape
from dialoguedb.formats.spellings.readers import arguments_text


def _inner(source: Source, key: str) -> Json:
    inner: Json = source.value[key]
    return inner


def _call(source: Source) -> Iterator[Part]:
    found = _inner(source, "tool_call")
    arguments = arguments_text(found.get("arguments"))
    yield ToolCall(string(found, "id"), string(found, "tool_name"), arguments)


def _result(source: Source) -> Iterator[Part]:
    found = _inner(source, "tool_call_result")
    origin: Any = found.get("origin")
    origin = origin if isinstance(origin, dict) else {}
    parts = source.reader.output(found.get("result"))
    failed = found.get("error") is True
    yield ToolResult(string(origin, "id"), parts, failed, name=string(origin, "tool_name"))


def _reasoning(source: Source) -> Iterator[Part]:
    yield Reasoning(string(_inner(source, "reasoning"), "reasoning_text"))


def _attachment(key: str, data: str, kind: AttachmentKind | None) -> Read:
    def read(source: Source) -> Iterator[Part]:
        found = _inner(source, key)
        flat = {
            "data": string(found, data),
            "mimeType": string(found, "mime_type"),
            "name": string(found, "filename"),
        }
        yield attachment_of(source.of({name: item for name, item in flat.items() if item}), kind)

    return read


def _has(key: str, inner: str) -> Callable[[Json], bool]:
    """Return whether an object has a member that has a certain one itself."""

    def fits(value: Json) -> bool:
        held = value.get(key)
        return isinstance(held, dict) and inner in held

    return fits


def _part(kind: PartKind, read: Read, key: str, inner: str) -> PartType:
    return shape(f"`{key}` with `{inner}`", kind, read, (key,), _has(key, inner))


TYPES = [
    _part("call", _call, "tool_call", "tool_name"),
    _part("result", _result, "tool_call_result", "result"),
    _part("reasoning", _reasoning, "reasoning", "reasoning_text"),
    _part("attachment", _attachment("image", "base64_image", "image"), "image", "base64_image"),
    _part("attachment", _attachment("file", "base64_data", None), "file", "base64_data"),
]
