"""Writes what messages and outputs of OpenAI's Responses API consist of: texts, images, files."""

from typing import Any

from dialoguedb.formats.outgoing.messages import native_of
from dialoguedb.formats.parts import Attachment, Other, Text, ToolResult
from dialoguedb.formats.writers.shown_parts import is_fetchable, joined, words

Json = dict[str, Any]

_LOCATORS = {
    "input_image": ("image_url", "file_id"),
    "input_file": ("file_data", "file_url", "file_id"),
}
_MEMBERS = frozenset(
    {"type", "text", "detail", "filename", "prompt_cache_breakpoint"}
    | {key for keys in _LOCATORS.values() for key in keys}
)
"""What the parts of messages and outputs may have."""


def output_of(result: ToolResult) -> str | list[Json]:
    """Return the output of a function or a custom tool: a text, or parts when it has files."""
    if any(isinstance(part, Attachment) and attachment(part) for part in result.parts):
        return [_output_part(part) for part in result.parts if words(part)]
    return joined(result.parts)


def is_output(result: ToolResult, output: object) -> bool:
    """Tell whether what a result was read from is a text, or parts that an output may have."""
    if isinstance(output, str) or not isinstance(output, list):
        return isinstance(output, str)
    shown = all(_is_readable(part) for part in result.parts if isinstance(part, Attachment))
    return shown and all(isinstance(part, dict) and _is_part(part) for part in output)


def _is_part(part: Json) -> bool:
    is_text = part.get("type") == "input_text" and isinstance(part.get("text"), str)
    return part.keys() <= _MEMBERS and (is_text or _is_own(part))


def _is_own(part: Json) -> bool:
    """Tell whether it is an image or a file as the API takes it."""
    locators = _LOCATORS.get(str(part.get("type")), ())
    return any(isinstance(part.get(key), str) for key in locators)


def _is_readable(part: Attachment) -> bool:
    return part.kind != "image" or bool(part.file_id) or is_fetchable(part)


def _output_part(part: Text | Attachment | Other) -> Json:
    written = attachment(part) if isinstance(part, Attachment) else None
    return written or {"type": "input_text", "text": words(part)}


def attachment(part: Attachment) -> Json | None:
    """Return an attachment as a part of a message; None for one it cannot be."""
    native = native_of(part, "responses")
    if native and _is_own(native) and (part.file_id or is_fetchable(part)):
        return {key: item for key, item in native.items() if key in _MEMBERS and item is not None}
    if part.kind == "image" and is_fetchable(part):
        url = part.url or f"data:{part.media_type};base64,{part.data}"
        return {"type": "input_image", "detail": "auto", "image_url": url}
    return _file(part)


def _file(part: Attachment) -> Json | None:
    if part.file_id and part.native and part.native.spelling == "openai":
        return {"type": "input_file", "file_id": part.file_id}
    if part.media_type == "application/pdf" and is_fetchable(part):
        if part.url:
            return {"type": "input_file", "file_url": part.url}
        url = f"data:application/pdf;base64,{part.data}"
        return {"type": "input_file", "filename": part.name or "document.pdf", "file_data": url}
    return None
