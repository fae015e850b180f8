"""Shapes messages for chat templates: alternating turns, one call at a time, plain arguments."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from msgspec.structs import replace

from dialoguedb.formats.outgoing.messages import OutgoingMessage, OutgoingPart
from dialoguedb.formats.parts import Attachment, Part, Text, ToolCall, ToolResult
from dialoguedb.formats.writers.arguments import as_text
from dialoguedb.formats.writers.shown_parts import words

Json = dict[str, Any]

NO_ANSWER = "[No answer.]"
"""The assistant's turn between a tool's result and a user's message, where there was none."""

GO_ON = "[Go on.]"
"""The user's turn between a text of the assistant and a call that it made beside it."""


def with_images_alone(messages: Iterable[OutgoingMessage]) -> list[OutgoingMessage]:
    """Return messages in which all attachments but images are named, as templates show no other."""
    found = [*messages]
    for message in found:
        message.parts = [each.replaced(_named(each.part)) for each in message.parts]
    return found


def _named(part: Part) -> Part:
    if isinstance(part, ToolResult) and any(isinstance(one, Attachment) for one in part.parts):
        return replace(part, parts=tuple(map(_named, part.parts)))
    if isinstance(part, Attachment) and part.kind != "image":
        return Text(words(part))
    return part


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
    if "tool_calls" not in message:
        return message
    return {**message, "tool_calls": [*map(_plain_call, message["tool_calls"])]}


def _plain_call(call: Json) -> Json:
    if call["type"] == "function":
        return {key: call[key] for key in ("id", "type", "function")}
    custom = call["custom"]
    arguments = as_text(ToolCall(call["id"], custom["name"], custom["input"], kind="custom"))
    function = {"name": custom["name"], "arguments": arguments}
    return {"id": call["id"], "type": "function", "function": function}


def _alternating(messages: Iterable[Json]) -> list[Json]:
    turns: list[Json] = []
    for message in chain.from_iterable(map(_without_text_beside_calls, messages)):
        last = turns[-1] if turns else {"role": ""}
        before, now = last["role"], message["role"]
        calls = "tool_calls" in message
        if before == now != "tool" and not calls and "tool_calls" not in last:
            turns[-1] = _joined(last, message)
            continue
        if before == "tool" and now == "user":
            turns.append({"role": "assistant", "content": NO_ANSWER})
        elif before == "assistant" and calls:
            turns.append({"role": "user", "content": GO_ON})
        turns.append(message)
    return turns


def _without_text_beside_calls(message: Json) -> Iterator[Json]:
    """Yield the text of a message by itself, as many templates show just the calls beside it."""
    content = message.get("content")
    if content and "tool_calls" in message:
        yield {"role": message["role"], "content": content}
        message = {**message, "content": ""}
    yield message


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
