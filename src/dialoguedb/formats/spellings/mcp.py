"""The content of the Model Context Protocol."""

from collections.abc import Iterator

from dialoguedb.formats.attachments.kinds import kind_of
from dialoguedb.formats.json_text import json_text, string
from dialoguedb.formats.parts import Attachment, Part, Text, ToolResult
from dialoguedb.formats.spellings.media import attachment, attachment_of
from dialoguedb.formats.spellings.part_types import Json, Source, Visible, shape, types
from dialoguedb.formats.spellings.readers import is_error, text

_STRUCTURED = ("structuredContent", "structured_content")
_RESULT_KEYS = ("isError", "is_error", *_STRUCTURED)


def _result(source: Source) -> Iterator[Part]:
    """Read a result: its content, or what is structured when there is no content."""
    value = source.value
    parts: tuple[Visible, ...] = ()
    if content := value.get("content"):
        parts = source.reader.output(content)
    structured = next((value[key] for key in _STRUCTURED if value.get(key) is not None), None)
    if not parts and structured is not None:
        parts = (Text(json_text(structured)),)
    call_id = source.string("toolUseId", "tool_use_id", "tool_call_id")
    native = source.native if structured is not None else None
    yield ToolResult(call_id, parts, is_error(value), native=native)


def _resource(source: Source) -> Iterator[Part]:
    """Read an embedded resource: a document in words, or a file."""
    inner = source.value.get("resource")
    inner = inner if isinstance(inner, dict) else {}
    uri, media_type = string(inner, "uri"), string(inner, "mimeType", "mime_type")
    if isinstance(written := inner.get("text"), str):
        yield Attachment("document", "", media_type or "text/plain", name=uri, text=written)
    else:
        blob = {"data": inner.get("blob"), "mimeType": media_type, "name": uri}
        yield attachment_of(source.of(blob))


def _link(source: Source) -> Iterator[Part]:
    media_type = source.string("mimeType", "mime_type")
    yield Attachment(
        kind_of(media_type),
        source.string("uri"),
        media_type,
        name=source.string("title", "name"),
        text=source.string("description"),
        native=source.native,
    )


def _is_result(value: Json) -> bool:
    return "role" not in value and isinstance(value.get("content"), list)


TYPES = [
    *types("text", text("text"), "text", keys=("text _meta", "text meta")),
    *types("attachment", attachment("image"), "image", keys=("data",)),
    *types("attachment", attachment("audio"), "audio", keys=("data",)),
    *types("attachment", _resource, "resource", keys=("resource",)),
    *types("attachment", _link, "resource_link", keys=("uri",)),
    *types("result", _result, "tool_result", keys=("toolUseId", *_STRUCTURED)),
    shape("a `CallToolResult`", "result", _result, _RESULT_KEYS, _is_result),
]
