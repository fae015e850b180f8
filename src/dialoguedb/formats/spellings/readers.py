"""Readers that several spellings share: of texts, calls, results, reasoning, and opaque parts."""

import json
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from dialoguedb.formats.json_text import is_encoded, replace_surrogates, string
from dialoguedb.formats.parts import (
    Native,
    Other,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolKind,
    ToolResult,
)
from dialoguedb.formats.spellings.part_types import Json, Read, Source, Visible


def text_part(text: Any, native: Native | None = None) -> Iterator[Text]:
    """Yield a text, unless it is blank or none."""
    if isinstance(text, str) and text and not text.isspace():
        yield Text(replace_surrogates(text), native)


def text(*keys: str, native: str = "") -> Read:
    """Read the text of the first of these members; a `native` member is what its provider needs."""

    def read(source: Source) -> Iterator[Part]:
        found = next((source.value[key] for key in keys if key in source.value), None)
        if isinstance(found, str) and source.value.get(native):
            yield from text_part(found, source.native)
        else:
            yield from source.reader.parts(found)

    return read


def lines(*keys: str) -> Read:
    """Read the texts of several members as one."""

    def read(source: Source) -> Iterator[Part]:
        found = [string(source.value, key) for key in keys]
        yield from text_part("\n".join(line for line in found if line and not is_encoded(line)))

    return read


def nested(key: str) -> Read:
    """Read what a member holds."""

    def read(source: Source) -> Iterator[Part]:
        yield from source.reader.parts(source.value.get(key))

    return read


def opaque(*keys: str) -> Read:
    """Read a part that only its provider can use, and of it these members that are texts."""

    def read(source: Source) -> Iterator[Part]:
        name = source.string("type", "part_kind", "kind")
        found = source.string(*keys)
        yield Other(name, "" if is_encoded(found) else found, native=source.native)

    return read


def reasoning(*keys: str) -> Read:
    """Read reasoning that is in one of these members: a text, or an array of texts."""

    def read(source: Source) -> Iterator[Part]:
        found = next((source.value[key] for key in keys if source.value.get(key)), None)
        yield Reasoning(inner_text(source, found), native=source.native)

    return read


def sdk_reasoning(source: Source) -> Iterator[Part]:
    """Read reasoning of the AI SDK, with the signature of Anthropic that may stand beside it."""
    beside = source.value.get("providerMetadata", source.value.get("providerOptions"))
    signed = beside.get("anthropic") if isinstance(beside, dict) else None
    signed = signed if isinstance(signed, dict) else {}
    yield Reasoning(
        inner_text(source, source.value.get("text")),
        string(signed, "signature"),
        string(signed, "redactedData"),
        native=source.native,
    )


def inner_text(source: Source, value: Any) -> str:
    """Return the text of what is inside of a part."""
    if isinstance(value, str):
        return replace_surrogates(value)
    return "\n".join(
        part.text for part in source.reader.parts(value) if isinstance(part, Text | Reasoning)
    )


def visible_parts(source: Source, value: Any) -> Iterator[Visible]:
    """Yield what is visible of parts, of whatever shape."""
    for part in source.reader.parts(value):
        if not isinstance(part, ToolCall | ToolResult | Reasoning):
            yield part


class CallKeys(Struct, frozen=True, kw_only=True):
    """Where a call has its id, name and arguments."""

    id: tuple[str, ...] = ("id",)
    name: tuple[str, ...] = ("name",)
    arguments: tuple[str, ...] = ("arguments", "input", "args")
    kind: ToolKind = "function"
    known: tuple[str, ...] = ()
    """Members that need not be kept."""


def call(keys: CallKeys) -> Read:
    """Read a call; one without a name is none."""
    known = frozenset({*keys.id[:1], *keys.name, *keys.arguments, *keys.known})

    def read(source: Source) -> Iterator[Part]:
        if name := source.string(*keys.name):
            yield ToolCall(
                source.string(*keys.id),
                name,
                arguments_of(source.value, *keys.arguments),
                keys.kind,
                source.native_beyond(known),
            )

    return read


def server_call(source: Source, *, name: str = "", arguments: Any = None) -> ToolCall:
    """Return a call that the provider runs."""
    return ToolCall(
        source.string("call_id", "id", "tool_call_id", "toolCallId"),
        name or source.string("name", "tool_name", "toolName") or "tool",
        arguments_text(arguments),
        "server",
        source.native,
    )


def arguments_of(value: Json, *keys: str) -> str:
    """Return the arguments that are in one of these members, as text."""
    return arguments_text(next((value[key] for key in keys if key in value), None))


def arguments_text(arguments: Any) -> str:
    """Return arguments as text: JSON, but for what is a text already."""
    if arguments is None:
        return "{}"
    if not isinstance(arguments, str):
        arguments = json.dumps(arguments, ensure_ascii=False)
    return replace_surrogates(arguments)


CALL_ID_KEYS = ("tool_call_id", "call_id", "tool_use_id", "toolCallId", "toolUseId")
TOOL_ID_KEYS = tuple(key for key in CALL_ID_KEYS if key != "call_id")
"""Call ids that no data has which is not about tools."""

OUTPUT_KEYS = ("output", "content", "result", "response")


class ResultKeys(Struct, frozen=True, kw_only=True):
    """Where a result has the id of its call, the name of the tool, and the output."""

    id: tuple[str, ...] = CALL_ID_KEYS
    name: tuple[str, ...] = ("name", "tool_name", "toolName")
    output: tuple[str, ...] = OUTPUT_KEYS
    kind: ToolKind = "function"
    known: tuple[str, ...] | None = ()
    """Members that need not be kept; None when all are."""


def result(keys: ResultKeys) -> Read:
    """Read a result."""
    known = frozenset({*keys.id, *keys.name, *keys.output, *(keys.known or ()), "is_error"})

    def read(source: Source) -> Iterator[Part]:
        value = source.value
        output = next((value[key] for key in keys.output if key in value), None)
        yield ToolResult(
            source.string(*keys.id),
            source.reader.output(output),
            is_error(value, output),
            keys.kind,
            source.string(*keys.name),
            source.native if keys.known is None else source.native_beyond(known),
        )

    return read


def is_error(value: Json, output: Any = None) -> bool:
    """Tell whether a result says that it is an error, or its output does."""
    if value.get("is_error") is True or value.get("isError") is True:
        return True
    if string(value, "status") in {"error", "failed"}:
        return True
    if isinstance(output, dict):
        return string(output, "type").endswith("_error") or output.get("isError") is True
    return False
