"""LangChain's messages, as `messages_to_dict`, `model_dump` and `dumpd` write them, and blocks."""

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from dialoguedb.formats.json_text import decode_text, string
from dialoguedb.formats.parts import Native, Part, Reasoning, ToolCall
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

_PIECE = "input_json_delta"
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
    parts = list(source.reader.parts(_joined(inner.get("content"))))
    found = [*_list(inner.get("tool_calls")), *_list(inner.get("invalid_tool_calls"))]
    found = found or [*_list(more.get("tool_calls")), more.get("function_call")]
    listed = list(calls(source, found))
    by_id = {one.id: one for one in listed if one.id}
    for part in parts:
        yield _signed(_as_listed(part, by_id), more) if isinstance(part, ToolCall) else part
    yield from text_part(more.get("refusal"))
    known = {part.id for part in parts if isinstance(part, ToolCall)}
    for listed_call in listed:
        if not (listed_call.id and listed_call.id in known):
            yield _signed(listed_call, more)


def _joined(content: Any) -> Any:
    """Return content with the pieces of JSON that were streamed in the calls that they belong to.

    The blocks of one call have one `index`.
    """
    blocks: list[Any] = []
    calls_at: dict[int, Json] = {}
    for block in content if isinstance(content, list) else ():
        kind = string(block, "type") if isinstance(block, dict) else ""
        if kind == _PIECE and not string(block, "name"):
            index = block.get("index")
            whole = calls_at.get(index) if isinstance(index, int) else None
            if whole is not None:
                whole["partial_json"] += string(block, "partial_json", "input")
            continue
        if kind.endswith("tool_use") and isinstance(block.get("index"), int):
            whole = {**block, "partial_json": string(block, "partial_json")}
            calls_at[block["index"]] = whole
            blocks.append(whole)
        else:
            blocks.append(block)
    return blocks if isinstance(content, list) else content


def _streamed(source: Source) -> Iterator[Part]:
    """Read a call that was streamed: its input, if it has none, is what its pieces say."""
    block = {key: item for key, item in source.value.items() if key != "partial_json"}
    if string(block, "type") == _PIECE:
        block["type"] = "tool_use"
    block["input"] = block.get("input") or decode_text(source.string("partial_json")) or {}
    yield from source.reader.parts(block)


def _as_listed(call: ToolCall, listed: dict[str, ToolCall]) -> ToolCall:
    """Return a call of the content with the arguments that `tool_calls` have, as LangChain does."""
    if call.kind == "server" or call.id not in listed:
        return call
    return replace(call, arguments=listed[call.id].arguments)


def _signed(call: ToolCall, beside: Json) -> ToolCall:
    """Return a call with its signature of Gemini, which a message keeps by the id of the call."""
    signatures = beside.get(_SIGNATURES)
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


def _bedrock_reasoning(source: Source) -> Iterator[Part]:
    """Read a thought of Bedrock, as langchain-aws writes it."""
    inner = source.value.get("reasoning_content", source.value)
    inner = inner if isinstance(inner, dict) else {"text": inner}
    thought = inner.get("reasoning_text")
    thought = thought if isinstance(thought, dict) else inner
    data = string(inner, "redacted_content")
    yield Reasoning(string(thought, "text"), string(thought, "signature"), data)


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
    *types("reasoning", _bedrock_reasoning, "reasoning_content"),
    *types("attachment", attachment("image"), "image", keys=_MEDIA),
    *types("attachment", attachment("audio"), "audio", keys=_MEDIA),
    *types("attachment", attachment("video"), "video", keys=_MEDIA),
    *types("attachment", attachment(), "file", keys=_MEDIA),
    *types("text", text("text"), "text-plain", keys=("text",)),
    *types("attachment", attachment("document"), "text-plain"),
    *types("call", _CALL, "tool_call", "tool_call_chunk", "invalid_tool_call", keys=("args",)),
    *types("call", _streamed, "tool_use", keys=("partial_json",)),
    *types("call", _streamed, _PIECE, keys=("name",)),
    *types("server call", _streamed, "server_tool_use", keys=("partial_json",)),
    *types("server call", _server_tool_call, "server_tool_call", "server_tool_call_chunk"),
    *types("server result", _SERVER_RESULT, "server_tool_result"),
    *types("text", nested("value"), "non_standard", keys=("value",)),
    *types("opaque", opaque(), "citation", "non_standard_annotation"),
]
