"""Writes contents of Gemini's API."""

from collections.abc import Sequence
from typing import Any

from dialoguedb.formats.outgoing.call_ids import fit_name_for_gemini
from dialoguedb.formats.outgoing.messages import (
    Losses,
    OutgoingMessage,
    OutgoingPart,
    native_of,
    without_nulls,
)
from dialoguedb.formats.outgoing.thought_signatures import signature_of
from dialoguedb.formats.parts import Attachment, Other, Part, Reasoning, Text, ToolCall, ToolResult
from dialoguedb.formats.spellings.gemini import PART_KEYS, SIGNATURE_KEYS
from dialoguedb.formats.writers.arguments import as_object
from dialoguedb.formats.writers.shown_parts import joined, words

Json = dict[str, Any]

STAND_IN_SIGNATURE = "skip_thought_signature_validator"
"""What Gemini takes in place of a signature for calls that it did not make itself."""

_CALL_KEYS = ("functionCall", "function_call")


def write(messages: Sequence[OutgoingMessage], losses: Losses) -> list[Json]:
    """Return contents that alternate; consecutive ones of a role are one."""
    written: list[Json] = []
    for message in messages:
        role = "model" if message.speaker == "assistant" else "user"
        parts = _parts(message, losses)
        if not parts:
            continue
        if written and written[-1]["role"] == role:
            written[-1]["parts"].extend(parts)
        else:
            written.append({"role": role, "parts": parts})
    return written


def with_signed_steps(contents: Sequence[Json]) -> list[Json]:
    """Return contents in which the first call of each has a signature, as Gemini 3 demands.

    It demands that of the current turn alone, but a window is to begin as the one before it began.
    """
    return [_signed(content) for content in contents]


def _signed(content: Json) -> Json:
    parts = [*content["parts"]]
    first = next((index for index, part in enumerate(parts) if "functionCall" in part), None)
    if first is not None and parts[first].keys().isdisjoint(SIGNATURE_KEYS):
        parts[first] = {**parts[first], "thoughtSignature": STAND_IN_SIGNATURE}
    return {**content, "parts": parts}


def user_message(text: str) -> Json:
    """Return a user's message of a text."""
    return {"role": "user", "parts": [{"text": text}]}


def _parts(message: OutgoingMessage, losses: Losses) -> list[Json]:
    parts: list[Json] = []
    behind: list[Json] = []
    before: Json | None = None
    for outgoing in message.parts:
        native = native_of(outgoing.part, "gemini")
        if native is not None and native is before:
            continue
        before = native
        if isinstance(outgoing.part, ToolResult) and message.speaker == "tool":
            parts.append(_result(outgoing.part))
            behind += _attachments(outgoing.part)
        elif part := _part(outgoing, losses):
            parts.append(part)
    return parts + behind


def _part(outgoing: OutgoingPart, losses: Losses) -> Json | None:
    part = outgoing.part
    native = native_of(part, "gemini")
    match part:
        case ToolCall() if part.kind != "server" or not native:
            return _call(part)
        case Attachment():
            own = {key: native[key] for key in native if key in PART_KEYS} if native else {}
            return without_nulls(own) or _attachment(outgoing, losses)
        case Reasoning() if not native:
            losses.add(outgoing, "thought", "Gemini takes no thoughts of other APIs")
            return None
    return without_nulls(native) if native else _text(part)


def _text(part: Part) -> Json | None:
    text = words(part) if isinstance(part, Text | Other) else ""
    if not text:
        return None
    signature = signature_of(part) if isinstance(part, Text) else ""
    return {"text": text, "thoughtSignature": signature} if signature else {"text": text}


def _call(call: ToolCall) -> Json:
    native = native_of(call, "gemini") or {}
    beside = {key: native[key] for key in without_nulls(native) if key not in _CALL_KEYS}
    if beside.keys().isdisjoint(SIGNATURE_KEYS) and (signature := signature_of(call)):
        beside["thoughtSignature"] = signature
    own_id = {"id": call.id} if call.id else {}
    function = {**own_id, "name": fit_name_for_gemini(call.name), "args": as_object(call)}
    return {"functionCall": function, **beside}


def _result(result: ToolResult) -> Json:
    own_id = {"id": result.call_id} if result.call_id else {}
    name = fit_name_for_gemini(result.name)
    if native := native_of(result, "gemini"):
        inner = native.get("functionResponse") or native.get("function_response") or {}
        response = inner.get("response")
        if not isinstance(response, dict):
            response = {"output": "" if response is None else response}
        own = {**without_nulls(inner), **own_id, "name": name, "response": response}
        return {"functionResponse": own}
    output = {"error" if result.is_error else "output": joined(result.parts)}
    return {"functionResponse": {**own_id, "name": name, "response": output}}


def _attachments(result: ToolResult) -> list[Json]:
    """Return what a result shows beside text, which stands behind all results."""
    if native_of(result, "gemini"):
        return []
    return [
        inline
        for part in result.parts
        if isinstance(part, Attachment) and (inline := _inline(part))
    ]


def _attachment(outgoing: OutgoingPart, losses: Losses) -> Json:
    part = outgoing.part
    assert isinstance(part, Attachment)
    if inline := _inline(part):
        return inline
    losses.add(outgoing, "attachment", "Gemini takes inline data alone; it is named")
    return {"text": words(part)}


def _inline(part: Attachment) -> Json | None:
    if part.data and part.media_type:
        return {"inlineData": {"mimeType": part.media_type, "data": part.data}}
    return None
