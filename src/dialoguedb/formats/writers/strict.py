"""Shapes messages for chat templates: alternating turns, one call at a time, plain arguments."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from dialoguedb.formats.outgoing.messages import OutgoingMessage, OutgoingPart
from dialoguedb.formats.parts import ToolCall
from dialoguedb.formats.writers.arguments import as_text

Json = dict[str, Any]

UNANSWERED_TURN = "[No answer.]"
"""The assistant's turn between a tool's result and a user's message, where there was none."""


def one_call_at_a_time(messages: Iterable[OutgoingMessage]) -> list[OutgoingMessage]:
    """Return parallel calls one after the other, each with its result."""
    return list(_one_call_at_a_time(messages))


def _one_call_at_a_time(messages: Iterable[OutgoingMessage]) -> Iterator[OutgoingMessage]:
    waiting: list[OutgoingPart] = []
    for message in messages:
        calls = [each for each in message.parts if isinstance(each.part, ToolCall)]
        if message.speaker == "tool":
            yield from _pairs(waiting, message)
            waiting = []
        elif len(calls) > 1:
            waiting = calls[1:]
            first = [each for each in message.parts if each not in waiting]
            yield OutgoingMessage(message.speaker, message.name, first)
        else:
            yield message


def _pairs(calls: Sequence[OutgoingPart], results: OutgoingMessage) -> Iterator[OutgoingMessage]:
    yield OutgoingMessage("tool", None, results.parts[: len(results.parts) - len(calls)])
    for call, result in zip(calls, results.parts[1:], strict=False):
        yield OutgoingMessage("assistant", None, [call])
        yield OutgoingMessage("tool", None, [result])


def shaped(messages: Iterable[Json]) -> list[Json]:
    """Return messages that alternate, with texts and objects where templates demand them."""
    return [_plain_message(message) for message in _alternating(messages)]


def _plain_message(message: Json) -> Json:
    plain = {**message, "content": message.get("content") or ""}
    if "tool_calls" in message:
        plain["tool_calls"] = [_plain_call(call) for call in message["tool_calls"]]
    return plain


def _plain_call(call: Json) -> Json:
    custom = call.get("custom")
    if custom:
        arguments = json.dumps({"input": custom["input"]}, ensure_ascii=False)
        function = {"name": custom["name"], "arguments": arguments}
    else:
        inside = call["function"]
        arguments = as_text(ToolCall(call["id"], inside["name"], inside["arguments"]))
        function = {**inside, "arguments": arguments}
    return {"id": call["id"], "type": "function", "function": function}


def _alternating(messages: Iterable[Json]) -> list[Json]:
    """Join consecutive messages of a role; no user's message follows a tool's at once."""
    turns: list[Json] = []
    for message in messages:
        last = turns[-1] if turns else None
        if last and last["role"] == message["role"] and _can_join(last, message):
            turns[-1] = _joined(last, message)
            continue
        if last and last["role"] == "tool" and message["role"] == "user":
            turns.append({"role": "assistant", "content": UNANSWERED_TURN})
        turns.append(message)
    return turns


def _can_join(last: Json, message: Json) -> bool:
    return message["role"] in {"user", "assistant"} and "tool_calls" not in last


def _joined(last: Json, message: Json) -> Json:
    content = _joined_content(last.get("content"), message.get("content"))
    return {**last, **message, "content": content}


def _joined_content(first: Any, second: Any) -> Any:
    if isinstance(first, list) or isinstance(second, list):
        return [*_as_list(first), *_as_list(second)]
    return "\n\n".join(text for text in (first, second) if text)


def _as_list(content: Any) -> list[Json]:
    if isinstance(content, list):
        return content
    return [{"type": "text", "text": content}] if content else []
