"""Counts the tokens of messages as they are sent: all that a model reads, and nothing else.

Ids, types, signatures, encrypted content and bytes are not read. A chat template adds something
around each message, call and result, which is counted as a constant.
"""

import json
from collections.abc import Iterable
from typing import Any

from dialoguedb.formats.attachment_tokens import LOW_DETAIL_TOKENS, attachment_tokens
from dialoguedb.formats.attachments.sizes import AttachmentSize, attachment_size
from dialoguedb.formats.json_text import string
from dialoguedb.formats.parts import AttachmentKind
from dialoguedb.formats.tokens import MESSAGE_TOKENS, TOOL_TOKENS, CountTokens
from dialoguedb.values.fields import Dialect

Json = dict[str, Any]

_UNREAD = frozenset(
    {
        *("role", "type", "id", "call_id", "tool_call_id", "tool_use_id", "toolCallId", "index"),
        *("status", "phase", "format", "detail", "caller", "cache_control", "is_error"),
        *("signature", "thoughtSignature", "thought_signature", "extra_content"),
        *("encrypted_content", "encrypted_stdout", "encrypted_index", "file_id", "container_id"),
        *("provider_specific_fields", "reasoning_details", "thinking_blocks", "logprobs"),
    }
)
"""Members that a model does not read."""

_OBJECTS = frozenset({"input", "args", "arguments", "response", "action", "operation"})
"""Members that a model reads as JSON, whatever is in them."""

_CALLS_AND_RESULTS = frozenset(
    {"tool_use", "tool_result", "function", "custom", "function_call", "custom_tool_call"}
    | {"function_call_output", "custom_tool_call_output", "server_tool_use"}
)
_KINDS: dict[str, AttachmentKind] = {
    "image": "image",
    "image_url": "image",
    "input_image": "image",
    "computer_screenshot": "image",
    "input_audio": "audio",
    "document": "document",
    "file": "document",
    "input_file": "document",
}
_MEMBERS = ("source", "image_url", "input_audio", "file", "inlineData", "inline_data", "fileData")
_MEMBER_NAMES = frozenset(_MEMBERS)
_DATA = ("data", "file_data", "url", "image_url")
_IMAGE_GENERATED = "image_generation_call"


class RenderedTokens:
    """Counts messages of a dialect."""

    def __init__(self, dialect: Dialect, count: CountTokens) -> None:
        self._dialect: Dialect = dialect
        self._count = count

    def of(self, messages: Iterable[Json]) -> int:
        """Return the tokens of messages."""
        return sum(MESSAGE_TOKENS + self._message(message) for message in messages)

    def _message(self, message: Json) -> int:
        content = message.get("content")
        if len(message) == 2 and isinstance(content, str):  # noqa: PLR2004 - a role beside it
            return self._count(content)
        if "role" not in message:
            return self._value(message)
        around = TOOL_TOKENS if message["role"] == "tool" else 0
        return around + self._members(message)

    def _value(self, value: Any) -> int:
        if isinstance(value, str):
            return self._count(value) if value else 0
        if isinstance(value, list):
            return sum(self._value(item) for item in value)
        return self._object(value) if isinstance(value, dict) else 0

    def _object(self, value: Json) -> int:
        kind = string(value, "type")
        if kind == "redacted_thinking":
            return 0
        if kind == _IMAGE_GENERATED:
            return self._generated(value)
        if attachment := _attachment(value):
            return self._attachment(value, *attachment)
        is_of_tool = kind in _CALLS_AND_RESULTS or not _GEMINI_TOOLS.isdisjoint(value)
        return (TOOL_TOKENS if is_of_tool else 0) + self._members(value)

    def _members(self, value: Json) -> int:
        tokens = 0
        for key, item in value.items():
            if key in _UNREAD:
                continue
            if key in _OBJECTS and not isinstance(item, str):
                tokens += self._count(json.dumps(item, ensure_ascii=False))
            else:
                tokens += self._value(item)
        return tokens

    def _generated(self, value: Json) -> int:
        """Count an item that holds the image which it has made, bare of any object."""
        item = {key: member for key, member in value.items() if key != "result"}
        made = {"type": "input_image", "data": value.get("result")}
        return self._members(item) + (self._value(made) if made["data"] else 0)

    def _attachment(self, value: Json, kind: AttachmentKind, inside: Json) -> int:
        title = self._count(str(value.get("title") or inside.get("filename") or ""))
        source = value.get("source")
        if isinstance(source, dict) and source.get("type") in {"text", "content"}:
            return title + self._value([source.get("data"), source.get("content")])
        if inside.get("detail") == "low":
            return LOW_DETAIL_TOKENS
        return title + attachment_tokens(self._dialect, kind, _size(kind, inside))


_GEMINI_TOOLS = frozenset({"functionCall", "functionResponse", "function_call"})


def _attachment(value: Json) -> tuple[AttachmentKind, Json] | None:
    """Return the kind of an attachment and the object that tells of its bytes; else None."""
    kind = _KINDS.get(str(value["type"])) if "type" in value else None
    if (kind is None and "type" in value) or _MEMBER_NAMES.isdisjoint(value):
        return None if kind is None else (kind, value)
    inside = next((found for key in _MEMBERS if isinstance(found := value.get(key), dict)), None)
    if kind is not None:
        return kind, inside or value
    if inside is not None:
        return _kind_of(str(inside.get("mimeType") or inside.get("mime_type") or "")), inside
    return None


def _kind_of(media_type: str) -> AttachmentKind:
    kinds: dict[str, AttachmentKind] = {"image": "image", "audio": "audio", "video": "video"}
    return kinds.get(media_type.partition("/")[0], "document")


def _size(kind: AttachmentKind, inside: Json) -> AttachmentSize:
    data = next((found for key in _DATA if isinstance(found := inside.get(key), str)), "")
    media_type = inside.get("media_type") or inside.get("mimeType") or inside.get("format") or ""
    if data.startswith("data:"):
        head, _, data = data.partition(",")
        media_type = head.removeprefix("data:").partition(";")[0]
    elif data.startswith(("http://", "https://")):
        return AttachmentSize()
    return attachment_size(kind, str(media_type), data) if data else AttachmentSize()
