"""What a stored message says, in whichever spelling: texts, images, tool calls and their results.

Known are OpenAI's chat messages (`tool_calls`, role `tool`), the items of its Responses, the blocks
of Anthropic's messages, and what is close to them; whole messages as content, single parts or
arrays of parts; and calls that are kept in the metadata of a message.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Literal, Protocol

from msgspec import Raw, Struct, UnsetType

from dialoguedb.formats.parts import Image, Part, Reasoning, Text, ToolCall, ToolResult
from dialoguedb.formats.search_text import MEDIA_TYPE_KEYS, decode_stored
from dialoguedb.values.fields import Id

Speaker = Literal["system", "user", "assistant", "tool"]

_SPEAKERS: dict[str, Speaker] = {
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("assistant", "ai", "model", "bot"), "assistant"),
    **dict.fromkeys(("tool", "function"), "tool"),
}
_KNOWN = {"user", "human", *_SPEAKERS}


class StoredMessage(Protocol):
    """What is read of a message; `model.messages.Message` has it."""

    id: str
    created: str
    seq: int
    role: str
    name: str | UnsetType
    content: Raw
    metadata: Raw
    token_count: int


class Turn(Struct, frozen=True):
    """A message, understood."""

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
    def speaks(self) -> bool:
        """Whether it says something beside calls and results."""
        return any(isinstance(part, Text | Image) for part in self.parts)


def speaker_of(role: str) -> Speaker:
    """Return who speaks in a role; what is unknown is somebody beside the assistant."""
    return _SPEAKERS.get(role, "user")


def parse_turn(message: StoredMessage) -> Turn:
    """Understand a message."""
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


def text_if_plain(role: str, content: bytes, metadata: bytes) -> str | None:
    """Return the text of a message that is one and no more, as most are; None for any other."""
    if (
        content[:1] != b'"'
        or b"\\" in content
        or b"tool" in metadata
        or content.startswith(b'"data:')
        or speaker_of(role) == "tool"
    ):
        return None
    text = content[1:-1].decode("utf-8", "replace")
    return text if text and not text.isspace() else None


def parse_parts(role: str, content: bytes, metadata: bytes) -> tuple[Speaker, tuple[Part, ...]]:
    """Return who speaks in a message, and what it says; content and metadata are JSON."""
    value = decode_stored(content)
    speaker = _speaker(role, value)
    parts = _answers(value) if speaker == "tool" else _parts(value)
    return speaker, _with_calls(tuple(parts), speaker, metadata)


def _speaker(role: str, value: Any) -> Speaker:
    """Return who speaks; a whole message as content tells it where the role itself does not.

    What is said in a known role may be anybody's words: its content changes no role.
    """
    if role in _KNOWN or not (isinstance(value, dict) and _is_message(value)):
        return speaker_of(role)
    inside = speaker_of(_string(value, "role"))
    return speaker_of(role) if inside == "system" else inside


def _with_calls(parts: tuple[Part, ...], speaker: Speaker, metadata: bytes) -> tuple[Part, ...]:
    """Add the calls, or the call that is answered, that the metadata tells of."""
    told = decode_stored(metadata) if b"tool" in metadata else None
    told = told if isinstance(told, dict) else {}
    if speaker == "tool" and not any(isinstance(part, ToolResult) for part in parts):
        call_id = _string(told, "tool_call_id", "toolCallId", "tool_use_id")
        return (ToolResult(call_id, tuple(_shown(parts))),)
    if speaker == "assistant" and not any(isinstance(part, ToolCall) for part in parts):
        return (*parts, *_calls(told.get("tool_calls") or told.get("toolCalls")))
    return parts


def _parts(value: Any) -> Iterator[Part]:
    if isinstance(value, str):
        yield from _said(value)
    elif isinstance(value, list):
        for item in value:
            yield from _parts(item)
    elif isinstance(value, dict):
        yield from _part(value)
    elif value is not None:
        yield Text(json.dumps(value))


def _said(text: str) -> Iterator[Part]:
    data = _DATA.fullmatch(text) if text.startswith("data:") else None
    if data:
        yield from _bytes(data["type"], data["data"])
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
        yield _as_it_is(part)


def _kind(part: dict[str, Any]) -> "_Kind | None":
    """Return what a part is by its type, if it has what makes it one; else it is just data."""
    name = part.get("type")
    kind = _KINDS.get(name) if isinstance(name, str) else None
    if kind is None or (kind.made_of and len(part) > 1 and kind.made_of.isdisjoint(part)):
        return None
    return kind


def _is_message(value: dict[str, Any]) -> bool:
    return (
        isinstance(value.get("tool_calls"), list)
        or isinstance(value.get("function_call"), dict)
        or (isinstance(value.get("role"), str) and "content" in value)
    )


def _as_it_is(value: Any) -> Text:
    return Text(replace_surrogates(json.dumps(_without_bytes(value), ensure_ascii=False)))


def _answers(value: Any) -> Iterator[Part]:
    """Read what a tool says: results that name their calls, or the answer itself."""
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
    """Read a tool's answer: parts where all of it is parts that show something, else any JSON."""
    items = value if isinstance(value, list) and value else [value]
    if all(isinstance(item, str) or _is_shown(item) for item in items):
        yield from _parts(value)
    elif value is not None:
        yield _as_it_is(value)


def _is_shown(value: Any) -> bool:
    kind = _kind(value) if isinstance(value, dict) else None
    return kind is not None and kind.read in {_text, _image, _document}


def _without_bytes(value: Any) -> Any:
    """Return JSON with the bytes in it named, and without what only its provider can read."""
    if isinstance(value, list):
        return [_without_bytes(item) for item in value]
    if isinstance(value, dict):
        media_type = _string(value, *MEDIA_TYPE_KEYS)
        return {
            key: f"[{media_type}]" if key == "data" and media_type else _without_bytes(item)
            for key, item in value.items()
            if key not in _SEALED
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
    """Read a call of any spelling; one that names no tool is none."""
    inside = call.get("function")
    inside = inside if isinstance(inside, dict) else call
    name = _string(inside, "name", "toolName") or _BUILT_IN.get(_string(call, "type"), "")
    if not name:
        return
    arguments: Any = next((inside[key] for key in _ARGUMENTS if key in inside), {})
    if not isinstance(arguments, str):
        arguments = json.dumps(arguments, ensure_ascii=False)
    yield ToolCall(
        _string(call, "call_id", "toolCallId", "id"),
        replace_surrogates(name),
        replace_surrogates(arguments),
    )


def _result(result: dict[str, Any]) -> Iterator[ToolResult]:
    call_id = _string(result, *_ANSWERED)
    said = next((result[key] for key in _OUTPUTS if key in result), None)
    yield ToolResult(call_id, tuple(_shown(tuple(_output(said)))), result.get("is_error") is True)


def _shown(parts: tuple[Part, ...]) -> Iterator[Text | Image]:
    """Keep what a tool can show."""
    for part in parts:
        if isinstance(part, Text | Image):
            yield part
        elif isinstance(part, ToolResult):
            yield from part.parts


def _text(part: dict[str, Any]) -> Iterator[Part]:
    yield from _parts(next((part[key] for key in _TEXTS if key in part), None))


def _image(part: dict[str, Any]) -> Iterator[Part]:
    source = part.get("source")
    source = source if isinstance(source, dict) else part
    url = part.get("image_url", source.get("url"))
    url = url.get("url") if isinstance(url, dict) else url
    data = source.get("data")
    if isinstance(data, str) and data:
        yield from _bytes(_string(source, *MEDIA_TYPE_KEYS), data)
    elif isinstance(url, str) and url.startswith("data:"):
        head, _, data = url.partition(",")
        yield from _bytes(head[len("data:") :].partition(";")[0], data)
    elif isinstance(url, str) and url:
        yield Image(url=replace_surrogates(url))
    else:
        yield Text("[image]")


def _bytes(media_type: str, data: str) -> Iterator[Part]:
    """Read bytes written as base64; what is no image is named."""
    if media_type in _PICTURED and len(data) % 4 == 0 and _BASE64.fullmatch(data):
        yield Image(media_type=media_type, data=data)
    else:
        yield Text(f"[{replace_surrogates(media_type) or 'image'}]")


def _document(part: dict[str, Any]) -> Iterator[Part]:
    source = part.get("source")
    if isinstance(source, dict) and source.get("type") == "text":
        yield from _parts(source.get("data"))
    else:
        yield Text(f"[{_string(part, 'title', 'filename', 'name') or part['type']}]")


def _thought(part: dict[str, Any]) -> Iterator[Part]:
    if part["type"] == "thinking":
        yield Reasoning(_string(part, "thinking"), _string(part, "signature"))
    elif part["type"] == "redacted_thinking":
        yield Reasoning(data=_string(part, "data"))
    else:
        yield Reasoning()  # only its provider can use it


def _string(part: dict[str, Any], *keys: str) -> str:
    """Return the first of these members that is a string that says something."""
    values = (part.get(key) for key in keys)
    return next(
        (replace_surrogates(value) for value in values if isinstance(value, str) and value), ""
    )


def replace_surrogates(text: str) -> str:
    """Return a text that can be encoded, lone surrogates replaced."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


_PICTURED = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
"""What every provider can see."""

_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_DATA = re.compile(
    r"data:(?P<type>[\w.+-]+/[\w.+-]+)(?:;[\w.+=-]+)*;base64,(?P<data>[\w+/-]+={0,2})", re.ASCII
)
"""A data URI that is the whole of a text."""

_SEALED = frozenset({"encrypted_content", "signature"})
_ARGUMENTS = ("arguments", "input", "args", "action")
_ANSWERED = ("tool_call_id", "call_id", "tool_use_id", "toolCallId")
_OUTPUTS = ("output", "content", "result")
_TEXTS = ("text", "refusal", "data", "content", "value")
_BUILT_IN = {"computer_call": "computer", "local_shell_call": "local_shell"}
"""The tools of calls that name none."""


class _Kind(Struct, frozen=True):
    """What parts of a type are."""

    read: Callable[[dict[str, Any]], Iterator[Part]]
    made_of: frozenset[str] = frozenset()
    """A part that says more than its type has one of these members."""


_SAID = _Kind(_text, frozenset(_TEXTS))
_SEEN = _Kind(_image, frozenset({"image_url", "source", "url", "data", "file_id"}))
_CALLED = _Kind(_call, frozenset({"name", "toolName", "function", "action"}))
_ANSWER = _Kind(_result, frozenset({*_ANSWERED, *_OUTPUTS}))
_THOUGHT = _Kind(_thought)
_FILES = ("source", "file", "file_id", "file_data", "file_url", "input_audio", "data", "url")
_FILE = _Kind(_document, frozenset(_FILES))
_KINDS: dict[str, _Kind] = {
    **dict.fromkeys(("text", "input_text", "output_text", "refusal"), _SAID),
    **dict.fromkeys(("image", "image_url", "input_image"), _SEEN),
    **dict.fromkeys(("tool_use", "function_call", "custom_tool_call"), _CALLED),
    **dict.fromkeys(("function", "tool_call", "tool-call", *_BUILT_IN), _CALLED),
    **dict.fromkeys(("tool_result", "tool-result"), _ANSWER),
    **dict.fromkeys(("function_call_output", "custom_tool_call_output"), _ANSWER),
    **dict.fromkeys((f"{name}_output" for name in _BUILT_IN), _ANSWER),
    **dict.fromkeys(("thinking", "redacted_thinking", "reasoning"), _THOUGHT),
    **dict.fromkeys(("document", "file", "input_file", "input_audio", "audio"), _FILE),
    "message": _Kind(_message, frozenset({"content"})),
}
