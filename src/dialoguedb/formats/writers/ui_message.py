"""Writes messages of the AI SDK's `UIMessage`: a call and its result are one part."""

from collections.abc import Sequence
from typing import Any

from dialoguedb.formats.outgoing.messages import (
    Losses,
    OutgoingMessage,
    OutgoingPart,
    native_of,
    visible,
)
from dialoguedb.formats.parts import Attachment, Other, Reasoning, Text, ToolCall, ToolResult
from dialoguedb.formats.spellings.gemini import SIGNATURE_KEYS
from dialoguedb.formats.writers.arguments import as_object
from dialoguedb.formats.writers.shown_parts import is_fetchable, joined, words

Json = dict[str, Any]

_ENCRYPTED = frozenset({"encrypted_content", *SIGNATURE_KEYS})
_STEP = {"type": "step-start"}


def write(messages: Sequence[OutgoingMessage], losses: Losses) -> list[Json]:
    """Return messages; all that an assistant does between two messages of users is one."""
    writer = _Writer(losses)
    for message in messages:
        writer.add(message)
    return writer.written


def user_message(text: str) -> Json:
    """Return a user's message of a text."""
    return {"id": "msg", "role": "user", "parts": [{"type": "text", "text": text}]}


class _Writer:
    def __init__(self, losses: Losses) -> None:
        self.written: list[Json] = []
        self._losses = losses
        self._calls: dict[str, Json] = {}
        """The parts of calls without a result so far, by their ids."""

    def add(self, message: OutgoingMessage) -> None:
        """Append a message."""
        if message.speaker == "tool":
            for outgoing in message.parts:
                self._add_result(outgoing)
            return
        parts = self._parts(message)
        if not parts:
            return
        last: Json = self.written[-1] if self.written else {"role": ""}
        if message.speaker == "assistant" == last["role"]:
            last["parts"] += parts if parts[0] == _STEP else [dict(_STEP), *parts]
        else:
            own_id = f"msg-{len(self.written)}"
            self.written.append({"id": own_id, "role": message.speaker, "parts": parts})

    def _parts(self, message: OutgoingMessage) -> list[Json]:
        parts: list[Json] = []
        before: Json | None = None
        for outgoing in message.parts:
            native = native_of(outgoing.part, "ui-message")
            if native is not None and native is before:
                continue
            before = native
            if isinstance(outgoing.part, ToolCall):
                part: Json | None = self._call(outgoing.part)
            else:
                part = native or self._part(outgoing)
            if part is not None:
                parts.append(part)
        return parts

    def _call(self, call: ToolCall) -> Json:
        if native := native_of(call, "ui-message"):
            self._calls[call.id] = own = dict(native)  # its result comes into it
            return own
        part: Json = {
            "type": f"tool-{call.name}",
            "toolCallId": call.id,
            "state": "input-available",
            "input": as_object(call),
        }
        if call.kind == "server":
            part["providerExecuted"] = True
        self._calls[call.id] = part
        return part

    def _add_result(self, outgoing: OutgoingPart) -> None:
        result = outgoing.part
        assert isinstance(result, ToolResult)
        call = self._calls.pop(result.call_id, None)
        if call is None:
            self._losses.add(outgoing, "result", "it answers no call")
        elif not native_of(result, "ui-message"):
            call |= _outcome(result)

    def _part(self, outgoing: OutgoingPart) -> Json | None:
        part = outgoing.part
        if isinstance(part, Reasoning):
            return self._thought(outgoing)
        if isinstance(part, Attachment) and (file := _file(part)):
            return file
        if isinstance(part, Attachment):
            self._losses.add(outgoing, "attachment", "it has neither bytes nor a URL; it is named")
        if isinstance(part, ToolResult):
            self._add_result(outgoing)
            return None
        return (
            {"type": "text", "text": joined(visible([outgoing]))} if visible([outgoing]) else None
        )

    def _thought(self, outgoing: OutgoingPart) -> Json | None:
        thought = outgoing.part
        assert isinstance(thought, Reasoning)
        if thought.is_returnable:
            signed = {"redactedData": thought.data} if thought.data else {}
            signed |= {"signature": thought.signature} if thought.signature else {}
            metadata = {"providerMetadata": {"anthropic": signed}}
            return {"type": "reasoning", "text": thought.text, **metadata}
        value = thought.native.value if thought.native else {}
        if not thought.text or not _ENCRYPTED.isdisjoint(value):
            self._losses.add(outgoing, "thought", "only its provider can read all of it")
        return {"type": "reasoning", "text": thought.text} if thought.text else None


def _outcome(result: ToolResult) -> Json:
    if result.is_error:
        return {"state": "output-error", "errorText": joined(result.parts)}
    output: Any = joined(result.parts)
    if any(isinstance(part, Attachment) for part in result.parts):
        output = [_output_part(part) for part in result.parts]
    return {"state": "output-available", "output": output}


def _output_part(part: Text | Attachment | Other) -> Json:
    file = _file(part) if isinstance(part, Attachment) else None
    return file or {"type": "text", "text": words(part)}


def _file(part: Attachment) -> Json | None:
    """Return an attachment as a file part; None for one without bytes and URL."""
    if not part.data and not is_fetchable(part):
        return None
    media_type = part.media_type or {"image": "image/*"}.get(part.kind, "application/octet-stream")
    name = {"filename": part.name} if part.name else {}
    url = part.url or f"data:{media_type};base64,{part.data}"
    return {"type": "file", "mediaType": media_type, **name, "url": url}
