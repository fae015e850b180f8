"""Writes messages of OpenAI's Chat Completions, and of all APIs made after it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from dialoguedb.formats.outgoing.call_ids import fit_tool_name
from dialoguedb.formats.outgoing.messages import (
    Losses,
    OutgoingMessage,
    OutgoingPart,
    native_of,
    visible,
    without_nulls,
)
from dialoguedb.formats.outgoing.texts_behind_calls import with_texts_behind_calls
from dialoguedb.formats.parts import Attachment, Other, Part, Reasoning, Text, ToolCall, ToolResult
from dialoguedb.formats.spellings.openai import BESIDE_KEYS, REASONING_KEYS
from dialoguedb.formats.writers.arguments import as_text
from dialoguedb.formats.writers.shown_parts import is_fetchable, joined, words

Json = dict[str, Any]

_FIELDS = (*REASONING_KEYS, *BESIDE_KEYS)
"""Fields of an assistant message, beside its content, that some provider wants back."""

_WHY_NO_THOUGHT = "chat messages hold thoughts of their own API alone, and within a tool loop"
_NOT_SENT = frozenset({"index", "parsed_arguments"})
"""What client libraries add to calls."""

_BEHIND = "[What the tools returned beside text:]"
_SOUNDS = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
}


def write(messages: Sequence[OutgoingMessage], losses: Losses) -> list[Json]:
    """Return the messages of a request."""
    written: list[Json] = []
    waiting: Json = {}
    for message, in_loop in zip(messages, _in_loops(messages), strict=True):
        if message.speaker == "tool":
            written += _results(message, losses)
            continue
        fields = _fields(message, losses, in_loop=in_loop)
        if message.speaker == "assistant":
            fields = _merged(waiting, fields)
        one = _message(message, losses)
        waiting = {} if one else fields  # thoughts alone go with the message behind them
        if one:
            written.append({**one, **fields})
    return written


def with_calls_last(
    messages: Sequence[OutgoingMessage], losses: Losses
) -> Iterator[OutgoingMessage]:
    """Yield messages with what stands behind a call, or is beside text in its result, behind it."""
    return _with_attachments_behind(with_texts_behind_calls(messages, losses))


def _with_attachments_behind(messages: Iterable[OutgoingMessage]) -> Iterator[OutgoingMessage]:
    """Yield messages, and after results a user's message of the images in them.

    A tool's message holds text alone; where an image was, its name stays.
    """
    for message in messages:
        yield message
        if message.speaker != "tool":
            continue
        shown = [
            each.replaced(part)
            for each in message.parts
            if type(each.part) is ToolResult
            for part in each.part.parts
            if type(part) is Attachment and _attachment(part)
        ]
        if shown:
            yield OutgoingMessage("user", None, [OutgoingPart(Text(_BEHIND)), *shown])


def user_message(text: str) -> Json:
    """Return a user's message of a text."""
    return {"role": "user", "content": text}


def _in_loops(messages: Sequence[OutgoingMessage]) -> list[bool]:
    """Tell of each message whether it is the assistant's, with a call in it or soon behind it.

    These are the messages of a tool loop; what a model thought there, templates show to it.
    """
    found: list[bool] = []
    calls_follow = False
    for message in reversed(messages):
        if message.speaker == "user":
            calls_follow = False
        elif any(type(outgoing.part) is ToolCall for outgoing in message.parts):
            calls_follow = True
        found.append(message.speaker == "assistant" and calls_follow)
    return found[::-1]


def _fields(message: OutgoingMessage, losses: Losses, *, in_loop: bool) -> Json:
    """Return the fields of a message beside its content and its calls."""
    fields: Json = {}
    for outgoing in message.parts:
        if type(outgoing.part) is not Reasoning and type(outgoing.part) is not Other:
            continue
        native = native_of(outgoing.part, "openai") or {}
        own = {key: native[key] for key in _FIELDS if native.get(key)}
        if not in_loop:
            own = {key: value for key, value in own.items() if key not in REASONING_KEYS}
        if isinstance(outgoing.part, Reasoning) and own.keys().isdisjoint(REASONING_KEYS):
            losses.add(outgoing, "thought", _WHY_NO_THOUGHT)
        fields = _merged(fields, own)
    return fields


def _merged(first: Json, second: Json) -> Json:
    """Return the fields of two messages as those of one."""
    return {**first, **{key: _added(first.get(key), value) for key, value in second.items()}}


def _added(before: Any, value: Any) -> Any:
    """Return two values of one field as one."""
    if before is None or before == value:
        return value
    if isinstance(before, str) and isinstance(value, str):
        return f"{before}\n{value}"
    if isinstance(before, list) and isinstance(value, list):
        return [*before, *value]
    return value


def _message(message: OutgoingMessage, losses: Losses) -> Json | None:
    calls = [_call(each.part) for each in message.parts if type(each.part) is ToolCall]
    shown = visible(message.parts)
    if not (calls or shown):
        return None
    written: Json = {"role": message.speaker}
    if message.name:
        written["name"] = message.name
    written["content"] = joined(shown)  # "" beside calls, as many templates raise on null
    if any(type(part) is Attachment for part in shown):
        parts = _content_parts(message, losses)
        if any(part["type"] != "text" for part in parts):
            written["content"] = parts
    if calls:
        written["tool_calls"] = calls
    return written


def _content_parts(message: OutgoingMessage, losses: Losses) -> list[Json]:
    shown = [each for each in message.parts if visible([each])]
    if message.speaker == "user":
        return [_content_part(each, losses) for each in shown]
    for each in shown:
        if isinstance(each.part, Attachment):
            losses.add(each, "attachment", "an assistant's message names it alone")
    return []


def _call(call: ToolCall) -> Json:
    """Return a call, with what its provider has put beside the usual fields."""
    native = native_of(call, "openai") or {}
    name = fit_tool_name(call.name)
    if call.kind == "custom":
        kind, inner = "custom", {"name": name, "input": call.arguments}
    else:
        kind, inner = "function", {"name": name, "arguments": as_text(call)}
    before = native.get(kind)
    if isinstance(before, dict):
        inner = {**_sent(before), **inner}
        return {**_sent(native), "id": call.id, "type": kind, kind: inner}
    return {"id": call.id, "type": kind, kind: inner}


def _sent(value: Json) -> Json:
    return {key: item for key, item in without_nulls(value).items() if key not in _NOT_SENT}


def _results(message: OutgoingMessage, losses: Losses) -> Iterator[Json]:
    for outgoing in message.parts:
        result = outgoing.part
        assert isinstance(result, ToolResult)
        if result.is_error:
            losses.add(outgoing, "error", "that it is an error, nothing but its text says")
        content = joined(result.parts)
        yield {"role": "tool", "tool_call_id": result.call_id, "content": content}


def _content_part(outgoing: OutgoingPart, losses: Losses) -> Json:
    part: Part = outgoing.part
    assert isinstance(part, Text | Attachment | Other)
    if isinstance(part, Attachment):
        if written := _attachment(part):
            return written
        losses.add(outgoing, "attachment", "chat messages cannot hold it, and name it alone")
    return {"type": "text", "text": words(part)}


def _attachment(part: Attachment) -> Json | None:
    """Return an attachment as a part of a user's message; None for one it cannot be."""
    native = native_of(part, "openai")
    if native and native.get("type") == "file":
        return native
    if part.kind == "image" and is_fetchable(part):
        inside: Json = {"url": part.url or f"data:{part.media_type};base64,{part.data}"}
        detail = native.get("image_url") if native else None
        if isinstance(detail, dict) and "detail" in detail:
            inside["detail"] = detail["detail"]
        return {"type": "image_url", "image_url": inside}
    if part.data and part.media_type in _SOUNDS:
        sound = {"data": part.data, "format": _SOUNDS[part.media_type]}
        return {"type": "input_audio", "input_audio": sound}
    return _file(part)


def _file(part: Attachment) -> Json | None:
    if part.data and part.media_type == "application/pdf":
        url = f"data:application/pdf;base64,{part.data}"
        file = {"filename": part.name or "document.pdf", "file_data": url}
        return {"type": "file", "file": file}
    if part.file_id and part.native and part.native.spelling == "responses":
        return {"type": "file", "file": {"file_id": part.file_id}}
    return None
