"""LlamaIndex's `ChatMessage`: a role, and blocks that name their `block_type`."""

from collections.abc import Callable, Iterator

from dialoguedb.formats.json_text import string
from dialoguedb.formats.parts import AttachmentKind, Other, Part, Reasoning, ToolCall, ToolResult
from dialoguedb.formats.spellings import openai
from dialoguedb.formats.spellings.media import attachment_of
from dialoguedb.formats.spellings.part_types import Json, PartKind, PartType, Read, Source, shape
from dialoguedb.formats.spellings.readers import (
    TOOL_ID_KEYS,
    CallKeys,
    call,
    nested,
    text,
    visible_parts,
)


def _message(source: Source) -> Iterator[Part]:
    """Read a message; calls, and the id of the call of a result, may stand beside the blocks."""
    more = source.value.get("additional_kwargs")
    more = more if isinstance(more, dict) else {}
    blocks = source.value.get("blocks")
    if string(source.value, "role") in {"tool", "function"}:
        output = tuple(visible_parts(source, blocks))
        yield ToolResult(string(more, *TOOL_ID_KEYS), output, name=string(more, "name"))
        return
    parts = tuple(source.reader.parts(blocks))
    yield from parts
    if not any(isinstance(part, ToolCall) for part in parts):
        yield from openai.calls(source, more.get("tool_calls"))


def _thinking(source: Source) -> Iterator[Part]:
    more = source.value.get("additional_information")
    signature = string(more, "signature") if isinstance(more, dict) else ""
    yield Reasoning(source.string("content"), signature)


def _attachment(kind: AttachmentKind, data: str, media_type: str) -> Read:
    def read(source: Source) -> Iterator[Part]:
        flat = {
            "data": source.string(data),
            "url": source.string("url"),
            "mimeType": source.string(media_type),
            "name": source.string("title"),
            "format": source.string("format"),
        }
        yield attachment_of(source.of({key: item for key, item in flat.items() if item}), kind)

    return read


def _cache(source: Source) -> Iterator[Part]:
    yield Other("cache", native=source.native)


def _is(name: str) -> Callable[[Json], bool]:
    return lambda value: value.get("block_type") == name


def _block(kind: PartKind, read: Read, name: str) -> PartType:
    return shape(f"`block_type: {name}`", kind, read, ("block_type",), _is(name))


def _is_message(value: Json) -> bool:
    return isinstance(value.get("role"), str) and isinstance(value.get("blocks"), list)


_CALL = CallKeys(
    id=("tool_call_id",), name=("tool_name",), arguments=("tool_kwargs",), known=("block_type",)
)

TYPES = [
    _block("text", text("text"), "text"),
    _block("reasoning", _thinking, "thinking"),
    _block("attachment", _attachment("image", "image", "image_mimetype"), "image"),
    _block("attachment", _attachment("audio", "audio", ""), "audio"),
    _block("attachment", _attachment("video", "video", "video_mimetype"), "video"),
    _block("attachment", _attachment("document", "data", "document_mimetype"), "document"),
    _block("call", call(_CALL), "tool_call"),
    _block("text", nested("content"), "citable"),
    _block("text", nested("cited_content"), "citation"),
    _block("opaque", _cache, "cache"),
    shape("a message with `role` and `blocks`", "message", _message, ("blocks",), _is_message),
]
