"""OpenAI's Chat Completions, and what servers that are compatible with it add."""

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from dialoguedb.formats.json_text import string
from dialoguedb.formats.parts import Native, Other, Part, Reasoning, ToolCall, ToolResult
from dialoguedb.formats.spellings.media import attachment, attachment_of
from dialoguedb.formats.spellings.part_types import Json, Source, shape, types
from dialoguedb.formats.spellings.readers import (
    TOOL_ID_KEYS,
    ResultKeys,
    arguments_of,
    inner_text,
    opaque,
    result,
    text,
    text_part,
)

REASONING_KEYS = (
    "reasoning_content",
    "reasoning",
    "reasoning_details",
    "thinking_blocks",
    "thinking",
)
"""Members of a message in which compatible servers answer reasoning, and want it back."""

BESIDE_KEYS = ("extra_content", "provider_specific_fields")
"""Further members that servers want back."""

_CALL_KEYS = {"id", "type", "index", "function", "custom"}
_FUNCTION_KEYS = {"name", "arguments", "input"}
_BARE_KEYS = {"id", "type", "index", "name", "toolName", "args", "error", *_FUNCTION_KEYS} | {
    *("call_id", "toolCallId", "tool_call_id")
}
"""The members of a call that names its function itself."""


def message(source: Source) -> Iterator[Part]:
    """Read a message: its reasoning, its content, and its calls; images as Ollama has them.

    The Agent User Interaction Protocol writes `toolCalls`.
    """
    value = source.value
    yield from message_reasoning(source, value)
    yield from text_part(value.get("tool_plan"))  # of Cohere
    yield from source.reader.parts(value.get("content"))
    images = value.get("images")
    for image in images if isinstance(images, list) else ():
        if isinstance(image, str):
            yield attachment_of(source.of({"data": image}), "image")
        else:
            yield from source.reader.parts(image)
    if isinstance(refused := value.get("refusal"), str):
        yield from text_part(refused, Native("openai", {"type": "refusal", "refusal": refused}))
    if isinstance(audio := value.get("audio"), dict):
        native = Native("openai", {"audio": {"id": string(audio, "id")}})
        spoken = attachment_of(source.of(audio), "audio")
        yield replace(spoken, file_id=string(audio, "id"), native=native)
    yield from calls(source, value.get("tool_calls") or value.get("toolCalls"))
    yield from calls(source, [value.get("function_call")])


def message_reasoning(source: Source, value: Json) -> Iterator[Part]:
    """Yield the reasoning that a message has beside its content, and what else goes back."""
    found = {key: value[key] for key in REASONING_KEYS if value.get(key)}
    beside = {key: value[key] for key in BESIDE_KEYS if value.get(key)}
    native = Native("openai", {**found, **beside})
    if found:
        shown = next((item for item in found.values() if isinstance(item, str)), None)
        yield Reasoning(inner_text(source, shown or next(iter(found.values()))), native=native)
    elif beside:
        yield Other(next(iter(beside)), native=native)


def calls(source: Source, found: Any) -> Iterator[ToolCall]:
    """Read the `tool_calls` of a message, or of its metadata."""
    for item in found if isinstance(found, list) else ():
        if isinstance(item, dict):
            yield from _call(source.of(item))


def _call(source: Source) -> Iterator[ToolCall]:
    """Read a call of a function or of a custom tool; one without a name is none."""
    value = source.value
    custom = isinstance(value.get("custom"), dict)
    inner = value.get("custom" if custom else "function")
    inner = inner if isinstance(inner, dict) else value
    if name := string(inner, "name", "toolName"):
        is_bare = value.keys() <= (_BARE_KEYS if inner is value else _CALL_KEYS)
        is_bare = is_bare and (inner is value or inner.keys() <= _FUNCTION_KEYS)
        yield ToolCall(
            string(value, "call_id", "toolCallId", "tool_call_id", "id"),
            name,
            arguments_of(inner, "arguments", "input", "args"),
            "custom" if custom else "function",
            None if is_bare else source.native,
        )


def _annotated(source: Source) -> Iterator[Part]:
    """Read a text of the Assistants API, which stands in an object with its annotations."""
    inner = source.value.get("text")
    if isinstance(inner, dict) and isinstance(inner.get("value"), str):
        yield from text_part(inner["value"])
    else:
        yield from source.reader.parts(inner)


def _spoken(source: Source) -> Iterator[Part]:
    """Read what was spoken in the Realtime API: a sound, or what is left of it in words."""
    if source.string("audio"):
        yield attachment_of(source, "audio")
    else:
        yield from text_part(source.value.get("transcript"))


def _is_result(value: Json) -> bool:
    if string(value, "role") in {"tool", "function"}:
        return "content" in value
    names_call = any(isinstance(value.get(key), str) for key in TOOL_ID_KEYS)
    has_output = "content" in value or "output" in value or "name" not in value
    return names_call and has_output and "tool_calls" not in value


def _is_message(value: Json) -> bool:
    if isinstance(value.get("tool_calls", value.get("toolCalls")), list):
        return True
    called = value.get("function_call")
    if isinstance(called, dict) and not isinstance(called.get("args"), dict):
        return True
    return isinstance(value.get("role"), str) and ("content" in value or "audio" in value)


def _tool_message(source: Source) -> Iterator[Part]:
    """Read a message of a tool; it may have several results in its content."""
    content = source.value.get("content")
    if isinstance(content, dict | list) and not source.string(*TOOL_ID_KEYS):
        found = list(source.reader.parts(content))
        if any(isinstance(part, ToolResult) for part in found):
            yield from found
            return
    yield from _RESULT(source)


_RESULT = result(ResultKeys(known=("role", "status", "id")))

_SPOKEN_KEYS = ("transcript", "audio")
_MESSAGE_KEYS = ("role", "tool_calls", "toolCalls", "function_call")

TYPES = [
    *types("text", _annotated, "text", keys=("text",)),
    *types("text", text("value", "data"), "text", keys=("value", "data")),
    *types("text", text("refusal", native="type"), "refusal", keys=("refusal",)),
    *types("attachment", attachment("image"), "image_url", keys=("image_url",)),
    *types("attachment", attachment("image"), "image_file", keys=("image_file",)),
    *types("attachment", attachment("audio"), "input_audio", keys=("input_audio",)),
    *types("attachment", _spoken, "input_audio", "audio", "output_audio", keys=_SPOKEN_KEYS),
    *types("attachment", attachment("video"), "video", keys=("video",)),
    *types("attachment", attachment(), "file", keys=("file",)),
    *types("attachment", attachment("audio"), "audio_url", keys=("audio_url",)),
    *types("attachment", attachment("video"), "video_url", keys=("video_url",)),
    *types("attachment", attachment("document"), "document_url", keys=("document_url",)),
    *types("opaque", opaque(), "reference", keys=("reference_ids",)),
    *types("call", _call, "function", keys=("function",)),
    *types("call", _call, "custom", keys=("custom",)),
    *types("call", _call, "tool_call", keys=("function",)),
    shape(
        "a message of role `tool` or `function`, or with `tool_call_id`",
        "result",
        _tool_message,
        ("role", *TOOL_ID_KEYS),
        _is_result,
    ),
    shape(
        "a message with `role` and `content`, or with `tool_calls`, `toolCalls` or "
        "`function_call`; "
        "also its `refusal`, `audio`, `reasoning_content`, `reasoning` and `reasoning_details`",
        "message",
        message,
        _MESSAGE_KEYS,
        _is_message,
    ),
]
