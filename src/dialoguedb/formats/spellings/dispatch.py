"""Reads content in whichever spelling: finds the type of each part in the tables of all."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dialoguedb.formats.json_text import (
    is_encoded,
    json_lines,
    json_text,
    string,
)
from dialoguedb.formats.parts import (
    Other,
    Part,
    Reasoning,
    Spelling,
    Text,
    ToolCall,
    ToolResult,
)
from dialoguedb.formats.spellings import (
    a2a,
    adk,
    agent_framework,
    anthropic,
    autogen,
    bedrock,
    cohere,
    gemini,
    haystack,
    langchain,
    letta,
    llamaindex,
    mcp,
    model_message,
    openai,
    openai_agents,
    opentelemetry,
    pydantic_ai,
    responses,
    ui_message,
)
from dialoguedb.formats.spellings.media import data_uri
from dialoguedb.formats.spellings.part_types import (
    Json,
    PartType,
    Read,
    Source,
    Visible,
)
from dialoguedb.formats.spellings.readers import (
    CALL_ID_KEYS,
    OUTPUT_KEYS,
    TOOL_ID_KEYS,
    ResultKeys,
    arguments_of,
    result,
    text_part,
)

TABLES: dict[Spelling, Sequence[PartType]] = {
    "pydantic-ai": pydantic_ai.TYPES,
    "adk": adk.TYPES,
    "ui-message": ui_message.TYPES,
    "langchain": langchain.TYPES,
    "mcp": mcp.TYPES,
    "anthropic": anthropic.TYPES,
    "openai-agents": openai_agents.TYPES,
    "responses": responses.TYPES,
    "model-message": model_message.TYPES,
    "cohere": cohere.TYPES,
    "autogen": autogen.TYPES,
    "bedrock": bedrock.TYPES,
    "llamaindex": llamaindex.TYPES,
    "haystack": haystack.TYPES,
    "letta": letta.TYPES,
    "agent-framework": agent_framework.TYPES,
    "openai": openai.TYPES,
    "opentelemetry": opentelemetry.TYPES,
    "a2a": a2a.TYPES,
    "gemini": gemini.TYPES,
}
"""The types of all spellings. Of several that fit a part the first one is it."""

_NAME_CHARS = 64
_READABLE_KEYS = ("title", "text", "content", "caption", "alt", "transcript")
"""Members of an unknown part that are meant to be read, if they are texts."""


class _Candidate(Struct, frozen=True):
    """A type of a spelling, ready to be compared with objects."""

    spelling: Spelling
    type: PartType
    single_keys: frozenset[str]
    key_sets: Sequence[frozenset[str]]

    @classmethod
    def of(cls, spelling: Spelling, type_: PartType) -> "_Candidate":
        """Return the candidate of a type."""
        sets = [frozenset(keys.split()) for keys in type_.keys]
        single = frozenset(key for keys in sets if len(keys) == 1 for key in keys)
        return cls(spelling, type_, single, [keys for keys in sets if len(keys) > 1])

    def fits(self, value: Json) -> bool:
        """Tell whether an object has the members of the type."""
        if not self.single_keys.isdisjoint(value):
            return self.type.fits is None or self.type.fits(value)
        for keys in self.key_sets:
            if keys <= value.keys():
                return True
        return self.type.by != "shape" and (not self.type.keys or len(value) == 1)


Found = tuple[Spelling, PartType]


def find(value: Json) -> Found | None:
    """Return the type of an object, and the spelling that has it."""
    for by in _NAMES:
        name = value.get(by)
        if isinstance(name, str):
            for candidate in _BY_NAME.get((by, name), ()) or _of_prefix(by, name):
                if candidate.fits(value):
                    return candidate.spelling, candidate.type
    for candidate in _shapes_with(_SHAPE_KEYS.intersection(value)):
        if candidate.fits(value):
            return candidate.spelling, candidate.type
    return None


@lru_cache(512)
def _shapes_with(keys: frozenset[str]) -> Sequence[_Candidate]:
    """Return the shapes that an object with these members may have."""
    return [one for one in _SHAPES if not one.single_keys.isdisjoint(keys)]


def _of_prefix(by: str, name: str) -> Sequence[_Candidate]:
    prefix, dash, _ = name.partition("-")
    return _BY_NAME.get(("prefix", prefix + dash), ()) if by == "type" else ()


class _Reader:
    """Reads what is inside of a part, in whichever spelling."""

    def parts(self, value: Any) -> Iterator[Part]:
        """Read a text, a part, a message, or an array of these."""
        if isinstance(value, str):
            yield from _text_or_data(value)
        elif isinstance(value, list):
            for item in value:
                yield from self.parts(item)
        elif isinstance(value, dict):
            yield from self._object(value)
        elif value is not None:
            yield Text(json.dumps(value))

    def output(self, value: Any) -> tuple[Visible, ...]:
        """Read the output of a tool: parts, or any JSON."""
        if isinstance(value, str):
            return tuple(visible(_text_or_data(value)))
        if is_visible(value) or _is_result(value):
            return tuple(visible(self.parts(value)))
        if isinstance(value, list) and any(map(is_visible, value)) and all(map(_is_shown, value)):
            return tuple(visible(self.parts(value)))
        return () if value is None else (Text(json_text(value)),)

    def _object(self, value: Json) -> Iterator[Part]:
        text = value.get("text") if len(value) == len(_PLAIN_TEXT) else None
        if isinstance(text, str) and value.get("type") == "text":  # as most parts are
            yield from _text_or_data(text)
        else:
            yield from self.found(value, find(value))

    def found(self, value: Json, found: Found | None) -> Iterator[Part]:
        """Read an object whose type was looked up."""
        if found:
            spelling, type_ = found
            yield from type_.read(Source(spelling, value, self))
        elif read := _reader_of_tool(value):
            yield from _as_item(read(Source("responses", value, self)), value)
        elif name := type_name(value):
            yield _unknown(name, value)
        elif value:
            yield from text_part(json_lines(value))


def type_name(value: Json) -> str:
    """Return the name of the type of a part, on one line; empty when it has none."""
    name = string(value, *_NAMES)
    return "" if is_encoded(name) else " ".join(name.split())[:_NAME_CHARS]


def _unknown(name: str, value: Json) -> Other:
    found = [string(value, key) for key in _READABLE_KEYS]
    shown = "\n".join(line for line in found if line and not is_encoded(line))
    return Other(name, shown, is_unknown=True)


_TYPED_RESULT = re.compile(r"(?:output|result|response|return)\Z")
_TYPED_CALL = re.compile(r"[-_ ]?(?:call|use)\Z")
_ARGUMENT_KEYS = ("arguments", "input", "args", "action", "operation")
_TOOL_CALL = re.compile(r"(?:tool|function)[-_ ]?(?:call|use)\Z", re.IGNORECASE)
_ANY_RESULT = result(ResultKeys(known=None))


def _reader_of_tool(value: Json) -> Read | None:
    """Return how an object of unknown type is read that has the id of a call; else None."""
    name = type_name(value)
    if not string(value, *(CALL_ID_KEYS if name else TOOL_ID_KEYS)):
        return _any_call if _TOOL_CALL.search(name) and string(value, "name") else None
    if _TYPED_RESULT.search(name) or any(key in value for key in OUTPUT_KEYS):
        return _ANY_RESULT
    return _any_call if any(key in value for key in _ARGUMENT_KEYS) else None


def _any_call(source: Source) -> Iterator[Part]:
    name = source.string("name", "tool_name", "toolName")
    called = name or _TYPED_CALL.sub("", type_name(source.value)) or "tool"
    arguments = arguments_of(source.value, *_ARGUMENT_KEYS)
    call_id = source.string(*CALL_ID_KEYS, "id")
    yield ToolCall(call_id, called, arguments, native=source.native)


def _as_item(parts: Iterable[Part], value: Json) -> Iterator[Part]:
    """Keep the object of an unknown call or result if it looks like an item of Responses."""
    is_item = isinstance(value.get("call_id"), str) and bool(type_name(value))
    for part in parts:
        yield part if is_item else replace(part, native=None)


def visible(parts: Iterable[Part]) -> Iterator[Visible]:
    """Yield what is visible of a tool's output."""
    for part in parts:
        if type(part) is ToolResult:
            yield from part.parts
        elif type(part) is not ToolCall and type(part) is not Reasoning:
            yield part


def is_visible(value: Any) -> bool:
    """Tell whether an object is a part that a tool may return, by its type."""
    found = find(value) if isinstance(value, dict) else None
    return found is not None and found[1].by != "shape" and found[1].kind in _VISIBLE_KINDS


def tool_parts(value: Any) -> Iterator[Part]:
    """Read the content of a tool message: results with call ids, or the output itself."""
    if isinstance(value, dict):
        found = find(value)
        if _is_any_result(value, found):
            yield from READER.found(value, found)
            return
    elif isinstance(value, list) and any(map(_holds_result, value)):
        yield from READER.parts(value)
        return
    yield from READER.output(value)


def _holds_result(value: Any) -> bool:
    return isinstance(value, dict) and _is_any_result(value, find(value))


def _is_any_result(value: Json, found: Found | None) -> bool:
    """Tell whether an object is the result of a call, with or without the id of that."""
    if found is None:
        return _reader_of_tool(value) is _ANY_RESULT
    if found[1].kind == "message":
        return any(isinstance(part, ToolResult) for part in READER.parts(value))
    return found[1].kind in {"result", "server result"}


def _is_result(value: Any) -> bool:
    """Tell whether an output is a result object of MCP."""
    found = find(value) if isinstance(value, dict) else None
    return found is not None and found[0] == "mcp" and found[1].kind == "result"


def _is_shown(value: Any) -> bool:
    return isinstance(value, str) or is_visible(value)


def _text_or_data(text: str) -> Iterator[Part]:
    if text.startswith("data:") and (attached := data_uri(text)):
        yield attached
    else:
        yield from text_part(text)


def _by_name() -> dict[tuple[str, str], list[_Candidate]]:
    found: dict[tuple[str, str], list[_Candidate]] = {}
    for candidate in _ALL:
        if candidate.type.by != "shape":
            found.setdefault((candidate.type.by, candidate.type.name), []).append(candidate)
    return found


_PLAIN_TEXT = ("type", "text")
_VISIBLE_KINDS = {"text", "attachment", "opaque"}
_NAMES = ("part_kind", "type", "kind")
_ALL = [_Candidate.of(spelling, type_) for spelling, table in TABLES.items() for type_ in table]
_BY_NAME = _by_name()
_SHAPES = [candidate for candidate in _ALL if candidate.type.by == "shape"]
_SHAPE_KEYS = frozenset(key for candidate in _SHAPES for key in candidate.single_keys)

READER = _Reader()
