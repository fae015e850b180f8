"""The UIMessage of the AI SDK: `{id, role, parts}`, a call and its result in one part."""

from collections.abc import Iterable, Iterator

from dialoguedb.formats.json_text import string
from dialoguedb.formats.parts import Other, Part, Reasoning, Text, ToolCall, ToolKind, ToolResult
from dialoguedb.formats.spellings.media import attachment, attachment_of
from dialoguedb.formats.spellings.part_types import Json, PartType, Source, shape, types
from dialoguedb.formats.spellings.readers import (
    arguments_of,
    inner_text,
    opaque,
    sdk_reasoning,
    text,
)

_PREFIX = "tool-"


def _message(source: Source) -> Iterator[Part]:
    yield from _with_results_last(source.reader.parts(source.value.get("parts")))


def _with_results_last(parts: Iterable[Part]) -> Iterator[Part]:
    """Yield parts, the results of parallel calls behind these calls."""
    results: list[ToolResult] = []
    for part in parts:
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


def _invoked(source: Source) -> Iterator[Part]:
    """Read a call of AI SDK 4, and its result if there is one."""
    inner = source.value.get("toolInvocation")
    yield from _invocation(source, inner if isinstance(inner, dict) else {})


def _invocation(source: Source, inner: Json) -> Iterator[Part]:
    call_id, name = string(inner, "toolCallId"), string(inner, "toolName")
    if name:
        yield ToolCall(call_id, name, arguments_of(inner, "args"))
        if string(inner, "state") == "result":
            yield ToolResult(call_id, source.reader.output(inner.get("result")), name=name)


def _reasoning(source: Source) -> Iterator[Part]:
    """Read reasoning of AI SDK 4, whose details have the signature."""
    details = source.value.get("details")
    details = details if isinstance(details, list) else []
    signatures = [string(one, "signature") for one in details if isinstance(one, dict)]
    written = inner_text(source, source.value.get("reasoning"))
    yield Reasoning(written, next(filter(None, signatures), ""), native=source.native)


def _former_message(source: Source) -> Iterator[Part]:
    """Read a message of AI SDK 4: its parts, else its members; and its attachments."""
    value = source.value
    if isinstance(value.get("parts"), list) and value["parts"]:
        yield from _message(source)
    else:
        if thought := source.string("reasoning"):
            yield Reasoning(thought)
        found = value.get("toolInvocations")
        inner = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
        made = (part for one in inner for part in _invocation(source, one))
        yield from _with_results_last(made)
        yield from source.reader.parts(value.get("content"))
    attached = value.get("experimental_attachments")
    for one in attached if isinstance(attached, list) else ():
        if isinstance(one, dict):
            yield attachment_of(source.of({**one, "mimeType": string(one, "contentType")}))


def _is_former_message(value: Json) -> bool:
    held = (value.get("toolInvocations"), value.get("experimental_attachments"))
    return isinstance(value.get("role"), str) and any(isinstance(one, list) for one in held)


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
    *types("call", _invoked, "tool-invocation", keys=("toolInvocation",)),
    *types("reasoning", _reasoning, "reasoning", keys=("reasoning details",)),
    *types("opaque", opaque(), "source", keys=("source",)),
    *types("opaque", opaque(), "step-start", "source-url", "source-document"),
    shape(
        "a message of AI SDK 4 with `toolInvocations` or `experimental_attachments`",
        "message",
        _former_message,
        ("toolInvocations", "experimental_attachments"),
        _is_former_message,
    ),
    shape("a message with `role` and `parts`", "message", _message, ("parts",), _is_message),
]
