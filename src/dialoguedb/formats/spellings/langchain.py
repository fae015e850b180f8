"""LangChain's messages, as `messages_to_dict`, `model_dump` and `dumpd` write them, and blocks."""

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from dialoguedb.formats.json_text import string
from dialoguedb.formats.parts import Native, Part, ToolCall
from dialoguedb.formats.spellings.media import attachment
from dialoguedb.formats.spellings.openai import calls, message_reasoning
from dialoguedb.formats.spellings.part_types import Json, Source, shape, types
from dialoguedb.formats.spellings.readers import (
    CallKeys,
    ResultKeys,
    call,
    nested,
    opaque,
    reasoning,
    result,
    server_call,
    text,
    text_part,
)

_SIGNATURES = "__gemini_function_call_thought_signatures__"

ROLES = {"human": "user", "ai": "assistant", "system": "system", "tool": "tool", "function": "tool"}

_CLASSES = {
    "HumanMessage": "user",
    "AIMessage": "assistant",
    "SystemMessage": "system",
    "ToolMessage": "tool",
    "FunctionMessage": "tool",
}


def role_of(value: Json) -> str:
    """Return the role of a message; empty when the object is none."""
    if _is_serialized(value):
        return _CLASSES.get(str(value["id"][-1]).removesuffix("Chunk"), "")
    kind = string(value, "type")
    return ROLES.get(kind) or _CLASSES.get(kind.removesuffix("Chunk"), "")


def _message(source: Source) -> Iterator[Part]:
    """Read a message; calls stand in its content, in `tool_calls`, or in both."""
    value = source.value
    inner = value.get("kwargs" if _is_serialized(value) else "data")
    inner = inner if isinstance(inner, dict) else value
    if role_of(value) == "tool":
        yield from _TOOL_RESULT(source.of(inner))
        return
    more = inner.get("additional_kwargs")
    more = more if isinstance(more, dict) else {}
    yield from message_reasoning(source, more)
    parts = list(source.reader.parts(inner.get("content")))
    for part in parts:
        yield _signed(part, more.get(_SIGNATURES)) if isinstance(part, ToolCall) else part
    yield from text_part(more.get("refusal"))
    known = {part.id for part in parts if isinstance(part, ToolCall)}
    listed = inner.get("tool_calls") or inner.get("invalid_tool_calls")
    found = [*_list(inner.get("tool_calls")), *_list(inner.get("invalid_tool_calls"))]
    found = found if listed else [*_list(more.get("tool_calls")), more.get("function_call")]
    for listed_call in calls(source, found):
        if not (listed_call.id and listed_call.id in known):
            yield _signed(listed_call, more.get(_SIGNATURES))


def _signed(call: ToolCall, signatures: Any) -> ToolCall:
    """Return a call with its signature of Gemini, which a message keeps by the id of the call."""
    signature = signatures.get(call.id) if isinstance(signatures, dict) else None
    if call.kind == "server" or not isinstance(signature, str):
        return call
    block = {"type": "tool_call", "id": call.id, "name": call.name}
    return replace(call, native=Native("langchain", {**block, "extras": {"signature": signature}}))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_serialized(value: Json) -> bool:
    names = value.get("id")
    return value.get("type") == "constructor" and isinstance(names, list) and bool(names)


def _is_message(value: Json) -> bool:
    return _is_serialized(value) and isinstance(value.get("kwargs"), dict)


def _server_tool_call(source: Source) -> Iterator[Part]:
    yield server_call(source, arguments=source.value.get("args"))


_TOOL_RESULT = result(
    ResultKeys(
        id=("tool_call_id",),
        output=("content",),
        known=("additional_kwargs", "response_metadata", "id", "status", "artifact", "type"),
    )
)
_CALL = call(CallKeys(arguments=("args", "arguments"), known=("error",)))
_SERVER_RESULT = result(
    ResultKeys(id=("tool_call_id",), output=("output",), kind="server", known=None)
)
_MEDIA = ("base64", "url", "file_id", "source_type", "data mime_type")
_MESSAGES = ("human", "ai", "system", "tool", "function", "chat", "developer", "remove")
_CHUNKS = tuple(f"{name}Chunk" for name in _CLASSES)

TYPES = [
    *types("text", text("text"), "text", keys=("text annotations", "text extras")),
    *types("message", _message, *_MESSAGES, *_CLASSES, *_CHUNKS, keys=("data", "content")),
    shape(
        "a message in `kwargs` of type `constructor`", "message", _message, ("kwargs",), _is_message
    ),
    *types("reasoning", reasoning("reasoning"), "reasoning", keys=("reasoning",)),
    *types("attachment", attachment("image"), "image", keys=_MEDIA),
    *types("attachment", attachment("audio"), "audio", keys=_MEDIA),
    *types("attachment", attachment("video"), "video", keys=_MEDIA),
    *types("attachment", attachment(), "file", keys=_MEDIA),
    *types("text", text("text"), "text-plain", keys=("text",)),
    *types("attachment", attachment("document"), "text-plain"),
    *types("call", _CALL, "tool_call", "tool_call_chunk", "invalid_tool_call", keys=("args",)),
    *types("server call", _server_tool_call, "server_tool_call", "server_tool_call_chunk"),
    *types("server result", _SERVER_RESULT, "server_tool_result"),
    *types("text", nested("value"), "non_standard", keys=("value",)),
    *types("opaque", opaque(), "citation", "non_standard_annotation"),
]
