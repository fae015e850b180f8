"""The messages of Letta, which name their `message_type`."""

from collections.abc import Callable, Iterator

from dialoguedb.formats.json_text import string
from dialoguedb.formats.parts import Other, Part, Reasoning, ToolCall, ToolResult
from dialoguedb.formats.spellings.part_types import Json, PartKind, PartType, Read, Source, shape
from dialoguedb.formats.spellings.readers import arguments_of, nested


def _calls(source: Source) -> Iterator[Part]:
    """Read a call, or the several of one step."""
    several = source.value.get("tool_calls")
    one = source.value.get("tool_call")
    for call in several if isinstance(several, list) and several else [one]:
        if isinstance(call, dict) and (name := string(call, "name")):
            yield ToolCall(string(call, "tool_call_id"), name, arguments_of(call, "arguments"))


def _results(source: Source) -> Iterator[Part]:
    """Read a result, or the several of one step."""
    several = source.value.get("tool_returns")
    for found in several if isinstance(several, list) and several else [source.value]:
        if isinstance(found, dict):
            output = found.get("tool_return", found.get("func_response"))
            parts = source.reader.output(output)
            failed = string(found, "status") == "error"
            name = string(found, "name")
            yield ToolResult(string(found, "tool_call_id"), parts, failed, name=name)


def _reasoning(source: Source) -> Iterator[Part]:
    yield Reasoning(source.string("reasoning"), source.string("signature"))


def _aside(source: Source) -> Iterator[Part]:
    yield Other(source.string("message_type"), native=source.native)


def _hidden(source: Source) -> Iterator[Part]:
    yield Reasoning(data=source.string("hidden_reasoning"), native=source.native)


def _is(name: str) -> Callable[[Json], bool]:
    return lambda value: value.get("message_type") == name


def _type(kind: PartKind, read: Read, *names: str) -> list[PartType]:
    key = ("message_type",)
    return [shape(f"`message_type: {name}`", kind, read, key, _is(name)) for name in names]


_TEXTS = ("user_message", "assistant_message", "system_message")
_CALLS = ("tool_call_message", "approval_request_message")
_ASIDE = ("approval_response_message", "event_message")

TYPES = [
    *_type("message", nested("content"), *_TEXTS),
    *_type("reasoning", _reasoning, "reasoning_message"),
    *_type("reasoning", _hidden, "hidden_reasoning_message"),
    *_type("call", _calls, *_CALLS),
    *_type("result", _results, "tool_return_message"),
    *_type("message", nested("summary"), "summary_message"),
    *_type("opaque", _aside, *_ASIDE),
]
