"""The ModelMessage of the AI SDK, which it sends to providers."""

from collections.abc import Iterator
from typing import Any

from dialoguedb.formats.json_text import json_text
from dialoguedb.formats.parts import Part, Text, ToolCall, ToolKind, ToolResult
from dialoguedb.formats.spellings.media import attachment
from dialoguedb.formats.spellings.part_types import Source, Visible, types
from dialoguedb.formats.spellings.readers import arguments_of, opaque, sdk_reasoning, text

_CALL_KEYS = frozenset({"toolCallId", "toolName", "input", "args", "providerExecuted"})


def _call(source: Source) -> Iterator[Part]:
    kind: ToolKind = "server" if source.value.get("providerExecuted") is True else "function"
    yield ToolCall(
        source.string("toolCallId"),
        source.string("toolName"),
        arguments_of(source.value, "input", "args"),
        kind,
        source.native if kind == "server" else source.native_beyond(_CALL_KEYS),
    )


def _result(source: Source) -> Iterator[Part]:
    """Read a result; its output says of which type it is, and so whether it is an error."""
    value = source.value
    output = value.get("output", value.get("result", value.get("error")))
    form = output.get("type") if isinstance(output, dict) and "value" in output else None
    failed = value.get("isError") is True or source.string("type") == "tool-error"
    yield ToolResult(
        source.string("toolCallId"),
        _output(source, output),
        failed or str(form).startswith("error") or _is_denied(output),
        "server" if value.get("providerExecuted") is True else "function",
        source.string("toolName"),
        source.native,
    )


def _output(source: Source, output: Any) -> tuple[Visible, ...]:
    if _is_denied(output):
        return (Text(str(output.get("reason") or "denied")),)
    if not (isinstance(output, dict) and isinstance(output.get("type"), str) and "value" in output):
        return source.reader.output(output)
    value = output["value"]
    if output["type"] in {"json", "error-json"} and not isinstance(value, str):
        return (Text(json_text(value)),)
    return source.reader.output(value)


def _is_denied(output: Any) -> bool:
    return isinstance(output, dict) and output.get("type") == "execution-denied"


TYPES = [
    *types("text", text("text", native="providerOptions"), "text", keys=("text providerOptions",)),
    *types("reasoning", sdk_reasoning, "reasoning", keys=("text",)),
    *types("attachment", attachment("image"), "image", keys=("image",)),
    *types("attachment", attachment(), "file", keys=("data", "url")),
    *types("attachment", attachment(), "media", "file-data", "file-url", "file-id"),
    *types("attachment", attachment("image"), "image-data", "image-url", "image-file-id"),
    *types("call", _call, "tool-call", keys=("toolName",)),
    *types("result", _result, "tool-result", "tool-error", keys=("toolCallId", "output", "result")),
    *types("opaque", opaque(), "tool-approval-request", "tool-approval-response"),
]
