"""Writes turns of ShareGPT: texts, and calls one at a time, each with its result behind it.

The form has no ids: a result belongs to the call before it.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

from dialoguedb.formats.outgoing.messages import Losses, OutgoingMessage, OutgoingPart, visible
from dialoguedb.formats.parts import Attachment, Reasoning, ToolCall, ToolResult
from dialoguedb.formats.turns import Speaker
from dialoguedb.formats.writers.arguments import as_text
from dialoguedb.formats.writers.shown_parts import joined

Json = dict[str, Any]

_SPEAKERS: dict[Speaker, str] = {
    "system": "system",
    "user": "human",
    "assistant": "gpt",
    "tool": "observation",
}

_Results = dict[str, OutgoingPart]
"""The results behind a message, by the ids of their calls."""


def write(messages: Sequence[OutgoingMessage], losses: Losses) -> list[Json]:
    """Return turns; the result of each call is directly behind it."""
    written: list[Json] = []
    results: _Results | None = None
    for message, behind in zip_longest(messages, messages[1:]):
        if message.speaker == "tool":
            left = _by_call(message) if results is None else results
            written += [_unasked(each, losses) for each in left.values()]
            results = None
        else:
            is_answered = behind is not None and behind.speaker == "tool"
            results = _by_call(behind) if behind and is_answered else {}
            written += _turns(message, results, losses)
    return written


def user_message(text: str) -> Json:
    """Return a user's turn of a text."""
    return _turn("user", text)


def _by_call(message: OutgoingMessage) -> _Results:
    found = {}
    for index, each in enumerate(message.parts):
        assert isinstance(each.part, ToolResult)
        key = each.part.call_id
        found[key if key not in found else f"{key} {index}"] = each
    return found


def _turns(message: OutgoingMessage, results: _Results, losses: Losses) -> Iterator[Json]:
    shown: list[OutgoingPart] = []
    for each in message.parts:
        part = each.part
        if not isinstance(part, ToolCall):
            _note(each, losses)
            shown.append(each)
            continue
        yield from _texts(message.speaker, shown)
        shown = []
        yield _call(part)
        if result := results.pop(part.id, None):
            yield _result(result, losses)
    yield from _texts(message.speaker, shown)


def _texts(speaker: Speaker, parts: Sequence[OutgoingPart]) -> Iterator[Json]:
    if text := joined(visible(parts)):
        yield _turn(speaker, text)


def _note(outgoing: OutgoingPart, losses: Losses) -> None:
    if isinstance(outgoing.part, Reasoning):
        losses.add(outgoing, "thought", "turns hold no thoughts")
    elif isinstance(outgoing.part, Attachment):
        losses.add(outgoing, "attachment", "turns name it alone")


def _call(call: ToolCall) -> Json:
    called = f'{{"name": {json.dumps(call.name)}, "arguments": {as_text(call)}}}'
    return {"from": "function_call", "value": called}


def _unasked(outgoing: OutgoingPart, losses: Losses) -> Json:
    losses.add(outgoing, "result", "it stands behind no call of its own")
    return _result(outgoing, losses)


def _result(outgoing: OutgoingPart, losses: Losses) -> Json:
    result = outgoing.part
    assert isinstance(result, ToolResult)
    if result.is_error:
        losses.add(outgoing, "error", "that it is an error, its text alone says")
    for part in result.parts:
        _note(outgoing.replaced(part), losses)
    return _turn("tool", joined(result.parts))


def _turn(speaker: Speaker, text: str) -> Json:
    return {"from": _SPEAKERS[speaker], "value": text}
