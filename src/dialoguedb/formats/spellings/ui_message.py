"""The UIMessage of the AI SDK: `{id, role, parts}`, a call and its result in one part."""

from collections.abc import Iterator

from dialoguedb.formats.parts import Other, Part, Text, ToolCall, ToolKind, ToolResult
from dialoguedb.formats.spellings.media import attachment
from dialoguedb.formats.spellings.part_types import Json, PartType, Source, shape, types
from dialoguedb.formats.spellings.readers import arguments_of, opaque, sdk_reasoning, text

_PREFIX = "tool-"


def _message(source: Source) -> Iterator[Part]:
    """Read a message; the results of parallel calls come behind these calls."""
    results: list[ToolResult] = []
    for part in source.reader.parts(source.value.get("parts")):
        if isinstance(part, ToolResult):
            results.append(part)
            continue
        if not isinstance(part, ToolCall):
            yield from results
            results.clear()
        yield part
    yield from results


def _tool(source: Source) -> Iterator[Part]:
    """Read a call, and its result if there is one."""
    value = source.value
    name = source.string("toolName") or source.string("type").removeprefix(_PREFIX)
    ran = value.get("providerExecuted") is True
    call_id = source.string("toolCallId")
    arguments = arguments_of(value, "input", "rawInput", "args")
    kind: ToolKind = "server" if ran else "function"
    yield ToolCall(call_id, name, arguments, kind, source.native)
    state = source.string("state")
    if state == "output-available":
        parts = source.reader.output(value.get("output"))
        yield ToolResult(call_id, parts, kind=kind, name=name, native=source.native)
    elif state in {"output-error", "output-denied"}:
        problem = source.string("errorText") or _reason(value) or str(state)
        yield ToolResult(
            call_id, (Text(problem),), is_error=True, kind=kind, name=name, native=source.native
        )


def _reason(value: Json) -> str:
    approval = value.get("approval")
    reason = approval.get("reason") if isinstance(approval, dict) else None
    return reason if isinstance(reason, str) else ""


def _data(source: Source) -> Iterator[Part]:
    yield Other(source.string("type"), native=source.native)


def _is_message(value: Json) -> bool:
    return isinstance(value.get("role"), str) and isinstance(value.get("parts"), list)


TYPES = [
    *types(
        "text",
        text("text", native="providerMetadata"),
        "text",
        keys=("text state", "text providerMetadata"),
    ),
    *types("reasoning", sdk_reasoning, "reasoning", keys=("text state", "text providerMetadata")),
    *types("attachment", attachment(), "file", keys=("url mediaType", "url filename")),
    *types("call", _tool, "dynamic-tool"),
    PartType("tool-", "call", _tool, ("state", "toolCallId input"), by="prefix"),
    PartType("data-", "opaque", _data, ("data",), by="prefix"),
    *types("opaque", opaque(), "step-start", "source-url", "source-document"),
    shape("a message with `role` and `parts`", "message", _message, ("parts",), _is_message),
]
