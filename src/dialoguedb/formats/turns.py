"""Parses stored messages of any chat API into turns: text, images, tool calls and results.

Known are OpenAI's Chat Completions (`tool_calls`, role `tool`) and Responses items, Anthropic's
Messages blocks, Gemini's `inline_data`, the AI SDK's `tool-call` parts and what resembles them; as
whole messages, single parts or arrays of parts; and calls in the metadata of a message.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, Protocol

from msgspec import Raw, Struct, UnsetType

from dialoguedb.formats.attachments.spellings import MEDIA_TYPE_KEYS
from dialoguedb.formats.parts import Attachment, Other, Part, Reasoning, Text, ToolCall, ToolResult
from dialoguedb.formats.search_text import decode_stored
from dialoguedb.values.fields import Id

TOOL_ROLES = ("tool", "function")

Speaker = Literal["system", "user", "assistant", "tool"]

_SPEAKERS: dict[str, Speaker] = {
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("assistant", "ai", "model", "bot"), "assistant"),
    **dict.fromkeys(TOOL_ROLES, "tool"),
}
_KNOWN = {"user", "human", *_SPEAKERS}


class ParsableMessage(Protocol):
    """The fields of a message that are parsed; `model.messages.Message` has them."""

    id: str
    created: str
    seq: int
    role: str
    name: str | UnsetType
    content: Raw
    metadata: Raw
    token_count: int


class Turn(Struct, frozen=True):
    """A parsed message."""

    id: Id
    created: str
    seq: int
    speaker: Speaker
    name: str | None
    parts: tuple[Part, ...]
    tokens: int

    @property
    def uses_tools(self) -> bool:
        """Whether it holds a call or a result."""
        return any(isinstance(part, ToolCall | ToolResult) for part in self.parts)

    @property
    def has_text(self) -> bool:
        """Whether it has text or images beside calls and results."""
        return any(isinstance(part, Text | Attachment | Other) for part in self.parts)

    @property
    def by_user(self) -> bool:
        """Whether it is what a user says, not just results of tools."""
        return is_by_user(self.speaker, self.parts)


def is_by_user(speaker: Speaker, parts: Iterable[Part]) -> bool:
    """Tell whether a message is what a user says: a text or an attachment."""
    return speaker == "user" and any(isinstance(one, Text | Attachment | Other) for one in parts)


def speaker_of(role: str) -> Speaker:
    """Return the speaker of a role; an unknown role is a user."""
    return _SPEAKERS.get(role, "user")


def parse_turn(message: ParsableMessage) -> Turn:
    """Parse a message."""
    speaker, parts = parse_parts(message.role, bytes(message.content), bytes(message.metadata))
    return Turn(
        id=message.id,
        created=message.created,
        seq=message.seq,
        speaker=speaker,
        name=message.name if isinstance(message.name, str) else None,
        parts=parts,
        tokens=message.token_count,
    )


def parse_parts(role: str, content: bytes, metadata: bytes) -> tuple[Speaker, tuple[Part, ...]]:
    """Return the speaker and the parts of a message; content and metadata are JSON."""
    value = decode_stored(content)
    speaker = _speaker(role, value)
    parts = _tool_parts(value) if speaker == "tool" else _parts(value)
    return speaker, _with_calls(tuple(parts), speaker, metadata)


def _speaker(role: str, value: Any) -> Speaker:
    """Return the speaker; with an unknown role, that of a whole message in the content.

    A known role is never overridden by the content, which anybody may have written.
    """
    if role in _KNOWN or not (isinstance(value, dict) and _is_message(value)):
        return speaker_of(role)
    inside = speaker_of(_string(value, "role"))
    return speaker_of(role) if inside == "system" else inside


def _with_calls(parts: tuple[Part, ...], speaker: Speaker, metadata: bytes) -> tuple[Part, ...]:
    """Add tool calls, or the id of the call that a result belongs to, from the metadata."""
    fields = decode_stored(metadata) if b"tool" in metadata else None
    fields = fields if isinstance(fields, dict) else {}
    if speaker == "tool" and not any(isinstance(part, ToolResult) for part in parts):
        call_id = _string(fields, "tool_call_id", "toolCallId", "tool_use_id")
        return (ToolResult(call_id, tuple(_visible(parts))),)
    if speaker == "assistant" and not any(isinstance(part, ToolCall) for part in parts):
        return (*parts, *_calls(fields.get("tool_calls") or fields.get("toolCalls")))
    return parts


def _parts(value: Any) -> Iterator[Part]:
    if isinstance(value, str):
        yield from _text_parts(value)
    elif isinstance(value, list):
        for item in value:
            yield from _parts(item)
    elif isinstance(value, dict):
        yield from _part(value)
    elif value is not None:
        yield Text(json.dumps(value))


def _text_parts(text: str) -> Iterator[Part]:
    data = _DATA.fullmatch(text) if text.startswith("data:") else None
    if data:
        yield from _inline_data(data["type"], data["data"])
    elif text and not text.isspace():
        yield Text(replace_surrogates(text))


def _part(part: dict[str, Any]) -> Iterator[Part]:
    if kind := _kind(part):
        yield from kind.read(part)
    elif isinstance(part.get("tool_call_id"), str):
        yield from _result(part)
    elif _is_message(part):
        yield from _message(part)
    elif isinstance(inline := part.get("inline_data", part.get("inlineData")), dict):
        yield from _image(inline)
    elif part:
        yield _json_text(part)


def _kind(part: dict[str, Any]) -> "_Kind | None":
    """Return the kind of a part by its `type`, if it has a key of that kind; else None."""
    name = part.get("type")
    kind = _KINDS.get(name) if isinstance(name, str) else None
    if kind is None or (kind.keys and len(part) > 1 and kind.keys.isdisjoint(part)):
        return None
    return kind


def _is_message(value: dict[str, Any]) -> bool:
    return (
        isinstance(value.get("tool_calls"), list)
        or isinstance(value.get("function_call"), dict)
        or (isinstance(value.get("role"), str) and "content" in value)
    )


def _json_text(value: Any) -> Text:
    return Text(replace_surrogates(json.dumps(_without_binary(value), ensure_ascii=False)))


def _tool_parts(value: Any) -> Iterator[Part]:
    """Parse the content of a tool message: results with call ids, or the output itself."""
    if any(_is_result(item) for item in (value if isinstance(value, list) else [value])):
        yield from _parts(value)
    else:
        yield from _output(value)


def _is_result(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    kind = _kind(value)
    return (
        (kind is not None and kind.read is _result)
        or isinstance(value.get("tool_call_id"), str)
        or (_is_message(value) and speaker_of(_string(value, "role")) == "tool")
    )


def _output(value: Any) -> Iterator[Part]:
    """Parse a tool's output: parts if all of it is text, images or documents, else any JSON."""
    items = value if isinstance(value, list) and value else [value]
    if all(isinstance(item, str) or _is_visible(item) for item in items):
        yield from _parts(value)
    elif value is not None:
        yield _json_text(value)


def _is_visible(value: Any) -> bool:
    kind = _kind(value) if isinstance(value, dict) else None
    return kind is not None and kind.read in {_text, _image, _document}


def _without_binary(value: Any) -> Any:
    """Return JSON with media types in place of base64, without what only its provider can read."""
    if isinstance(value, list):
        return [_without_binary(item) for item in value]
    if isinstance(value, dict):
        media_type = _string(value, *MEDIA_TYPE_KEYS)
        return {
            key: f"[{media_type}]" if key == "data" and media_type else _without_binary(item)
            for key, item in value.items()
            if key not in _OPAQUE_KEYS
        }
    data = _DATA.fullmatch(value) if isinstance(value, str) and value[:5] == "data:" else None
    return f"[{data['type']}]" if data else value


def _message(message: dict[str, Any]) -> Iterator[Part]:
    if speaker_of(_string(message, "role")) == "tool":
        yield from _result(message)
        return
    yield from _parts(message.get("content"))
    yield from _parts(message.get("refusal"))
    yield from _calls(message.get("tool_calls"))
    yield from _calls([message.get("function_call")])


def _calls(calls: Any) -> Iterator[ToolCall]:
    for call in calls if isinstance(calls, list) else ():
        if isinstance(call, dict):
            yield from _call(call)


def _call(call: dict[str, Any]) -> Iterator[ToolCall]:
    """Parse a tool call of any API; one without a tool name is skipped."""
    inside = call.get("function")
    inside = inside if isinstance(inside, dict) else call
    name = _string(inside, "name", "toolName") or _BUILT_IN.get(_string(call, "type"), "")
    if not name:
        return
    arguments: Any = next((inside[key] for key in _ARGUMENT_KEYS if key in inside), {})
    if not isinstance(arguments, str):
        arguments = json.dumps(arguments, ensure_ascii=False)
    yield ToolCall(
        _string(call, "call_id", "toolCallId", "id"),
        replace_surrogates(name),
        replace_surrogates(arguments),
    )


def _result(result: dict[str, Any]) -> Iterator[ToolResult]:
    call_id = _string(result, *_CALL_ID_KEYS)
    output = next((result[key] for key in _OUTPUT_KEYS if key in result), None)
    yield ToolResult(
        call_id, tuple(_visible(tuple(_output(output)))), result.get("is_error") is True
    )


def _visible(parts: tuple[Part, ...]) -> Iterator[Text | Attachment | Other]:
    """Yield the text and images of a tool's output."""
    for part in parts:
        if isinstance(part, Text | Attachment | Other):
            yield part
        elif isinstance(part, ToolResult):
            yield from part.parts


def _text(part: dict[str, Any]) -> Iterator[Part]:
    yield from _parts(next((part[key] for key in _TEXT_KEYS if key in part), None))


def _image(part: dict[str, Any]) -> Iterator[Part]:
    source = part.get("source")
    source = source if isinstance(source, dict) else part
    url = part.get("image_url", source.get("url"))
    url = url.get("url") if isinstance(url, dict) else url
    data = source.get("data")
    if isinstance(data, str) and data:
        yield from _inline_data(_string(source, *MEDIA_TYPE_KEYS), data)
    elif isinstance(url, str) and url.startswith("data:"):
        head, _, data = url.partition(",")
        yield from _inline_data(head[len("data:") :].partition(";")[0], data)
    elif isinstance(url, str) and url:
        yield Attachment(url=replace_surrogates(url))
    else:
        yield Text("[image]")


def _inline_data(media_type: str, data: str) -> Iterator[Part]:
    """Parse base64; what is not an image becomes a placeholder text."""
    if media_type in _IMAGE_TYPES and len(data) % 4 == 0 and _BASE64.fullmatch(data):
        yield Attachment(media_type=media_type, data=data)
    else:
        yield Text(f"[{replace_surrogates(media_type) or 'image'}]")


def _document(part: dict[str, Any]) -> Iterator[Part]:
    source = part.get("source")
    if isinstance(source, dict) and source.get("type") == "text":
        yield from _parts(source.get("data"))
    else:
        yield Text(f"[{_string(part, 'title', 'filename', 'name') or part['type']}]")


def _reasoning(part: dict[str, Any]) -> Iterator[Part]:
    if part["type"] == "thinking":
        yield Reasoning(_string(part, "thinking"), _string(part, "signature"))
    elif part["type"] == "redacted_thinking":
        yield Reasoning(data=_string(part, "data"))
    else:
        yield Reasoning()  # only its provider can use it


def _string(part: dict[str, Any], *keys: str) -> str:
    """Return the first of these members that is a non-empty string."""
    values = (part.get(key) for key in keys)
    return next(
        (replace_surrogates(value) for value in values if isinstance(value, str) and value), ""
    )


def replace_surrogates(text: str) -> str:
    """Return a text that encodes as UTF-8, lone surrogates replaced."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


_IMAGE_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
"""The media types that every provider accepts."""

_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_DATA = re.compile(
    r"data:(?P<type>[\w.+-]+/[\w.+-]+)(?:;[\w.+=-]+)*;base64,(?P<data>[\w+/-]+={0,2})", re.ASCII
)
"""A text that is just a data URI."""

_OPAQUE_KEYS = frozenset({"encrypted_content", "signature"})
_ARGUMENT_KEYS = ("arguments", "input", "args", "action")
_CALL_ID_KEYS = ("tool_call_id", "call_id", "tool_use_id", "toolCallId")
_OUTPUT_KEYS = ("output", "content", "result")
_TEXT_KEYS = ("text", "refusal", "data", "content", "value")
_BUILT_IN = {"computer_call": "computer", "local_shell_call": "local_shell"}
"""Tool names of call types that carry none."""


class _Kind(Struct, frozen=True):
    """How the parts of a `type` are parsed."""

    read: Callable[[dict[str, Any]], Iterator[Part]]
    keys: frozenset[str] = frozenset()
    """A part of this kind has one of these members, unless `type` is all it has."""


_TEXT = _Kind(_text, frozenset(_TEXT_KEYS))
_IMAGE = _Kind(_image, frozenset({"image_url", "source", "url", "data", "file_id"}))
_CALL = _Kind(_call, frozenset({"name", "toolName", "function", "action"}))
_RESULT = _Kind(_result, frozenset({*_CALL_ID_KEYS, *_OUTPUT_KEYS}))
_REASONING = _Kind(_reasoning)
_FILE_KEYS = ("source", "file", "file_id", "file_data", "file_url", "input_audio", "data", "url")
_FILE = _Kind(_document, frozenset(_FILE_KEYS))
_KINDS: dict[str, _Kind] = {
    **dict.fromkeys(("text", "input_text", "output_text", "refusal"), _TEXT),
    **dict.fromkeys(("image", "image_url", "input_image"), _IMAGE),
    **dict.fromkeys(("tool_use", "function_call", "custom_tool_call"), _CALL),
    **dict.fromkeys(("function", "tool_call", "tool-call", *_BUILT_IN), _CALL),
    **dict.fromkeys(("tool_result", "tool-result"), _RESULT),
    **dict.fromkeys(("function_call_output", "custom_tool_call_output"), _RESULT),
    **dict.fromkeys((f"{name}_output" for name in _BUILT_IN), _RESULT),
    **dict.fromkeys(("thinking", "redacted_thinking", "reasoning"), _REASONING),
    **dict.fromkeys(("document", "file", "input_file", "input_audio", "audio"), _FILE),
    "message": _Kind(_message, frozenset({"content"})),
}
