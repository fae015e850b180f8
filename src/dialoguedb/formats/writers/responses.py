"""Writes input items of OpenAI's Responses API."""

from collections.abc import Sequence
from typing import Any

from dialoguedb.formats.outgoing.call_ids import fit_tool_name
from dialoguedb.formats.outgoing.messages import (
    Losses,
    OutgoingMessage,
    OutgoingPart,
    native_of,
)
from dialoguedb.formats.parts import Attachment, Other, Reasoning, Text, ToolCall, ToolResult
from dialoguedb.formats.spellings.responses import PART_TYPES, is_made_by_model
from dialoguedb.formats.writers.arguments import as_text
from dialoguedb.formats.writers.responses_content import attachment, output_of
from dialoguedb.formats.writers.responses_items import fit_item
from dialoguedb.formats.writers.shown_parts import joined, words

Json = dict[str, Any]


def write(messages: Sequence[OutgoingMessage], losses: Losses) -> list[Json]:
    """Return the items of a request's `input`."""
    writer = _Writer(losses)
    for message in messages:
        writer.add(message)
    return writer.finish()


def user_message(text: str) -> Json:
    """Return a user's message of a text."""
    return {"role": "user", "content": text}


class _Writer:
    """Appends items; parts that stand together in no item of their own become a message."""

    def __init__(self, losses: Losses) -> None:
        self._items: list[Json] = []
        self._thoughts: list[tuple[OutgoingPart, Json]] = []
        """Reasoning items that wait for the item they belong to."""

        self._losses = losses
        self._content: list[OutgoingPart] = []
        self._last_native: Json | None = None

    def add(self, message: OutgoingMessage) -> None:
        """Append a message."""
        for outgoing in message.parts:
            item = self._item(outgoing)
            if item is None and isinstance(outgoing.part, Text | Attachment | Other):
                self._content.append(outgoing)
                continue
            self._close_content(message)
            if item is not None:
                self._append(outgoing, item)
        self._close_content(message)

    def finish(self) -> list[Json]:
        """Return all items; reasoning that nothing follows is left out."""
        self._drop_thoughts()
        return self._items

    def _item(self, outgoing: OutgoingPart) -> Json | None:
        """Return the item of a part; None when it is content of a message, or nothing."""
        part = outgoing.part
        native = native_of(part, "responses")
        if native is not None and native.get("type") not in PART_TYPES:
            item = fit_item(part, native)
            if item is None:
                self._losses.add(outgoing, "thought", "it has an id that OpenAI did not give")
            return item
        match part:
            case ToolCall():
                return _call(part)
            case ToolResult():
                if part.is_error:
                    self._losses.add(outgoing, "error", "that it is an error, its text alone says")
                return _result(part)
            case Reasoning():
                self._losses.add(outgoing, "thought", "OpenAI takes no thoughts of other APIs")
        return None

    def _append(self, outgoing: OutgoingPart, item: Json) -> None:
        native = native_of(outgoing.part, "responses")
        if native is not None and native is self._last_native:
            return  # an item that was read as several parts
        self._last_native = native
        if isinstance(outgoing.part, Reasoning):
            self._thoughts.append((outgoing, item))
            return
        if outgoing.part.native is None or not is_made_by_model(item):
            self._drop_thoughts()
        self._items += [thought for _, thought in self._thoughts]
        self._thoughts = []
        self._items.append(item)

    def _drop_thoughts(self) -> None:
        for outgoing, _ in self._thoughts:
            self._losses.add(outgoing, "thought", "the item that it belongs to is not behind it")
        self._thoughts = []

    def _close_content(self, message: OutgoingMessage) -> None:
        """Append the message of the parts that have come."""
        if not self._content:
            return
        parts, self._content = self._content, []
        self._last_native = None
        self._drop_thoughts()
        if message.speaker == "assistant":
            content: Any = self._assistant_text(parts)
        else:
            content = self._user_content(parts)
        if content:
            self._items.append({"role": message.speaker, "content": content})

    def _assistant_text(self, parts: list[OutgoingPart]) -> str:
        for each in parts:
            if isinstance(each.part, Attachment):
                self._losses.add(each, "attachment", "an assistant's message names it alone")
        return joined(_shown(parts))

    def _user_content(self, parts: list[OutgoingPart]) -> str | list[Json]:
        if not any(isinstance(each.part, Attachment) for each in parts):
            return joined(_shown(parts))
        return [self._content_part(each) for each in parts if joined(_shown([each]))]

    def _content_part(self, outgoing: OutgoingPart) -> Json:
        part = outgoing.part
        assert isinstance(part, Text | Attachment | Other)
        if isinstance(part, Attachment):
            if written := attachment(part):
                return written
            self._losses.add(outgoing, "attachment", "the API cannot take it; it is named alone")
        return {"type": "input_text", "text": words(part)}


def _shown(parts: Sequence[OutgoingPart]) -> list[Text | Attachment | Other]:
    return [each.part for each in parts if isinstance(each.part, Text | Attachment | Other)]


def _call(call: ToolCall) -> Json:
    name = fit_tool_name(call.name)
    if call.kind == "custom":
        return {
            "type": "custom_tool_call",
            "call_id": call.id,
            "name": name,
            "input": call.arguments,
        }
    return {
        "type": "function_call",
        "call_id": call.id,
        "name": name,
        "arguments": as_text(call),
    }


def _result(result: ToolResult) -> Json:
    kind = "custom_tool_call_output" if result.kind == "custom" else "function_call_output"
    return {"type": kind, "call_id": result.call_id, "output": output_of(result)}
