"""Writes messages of text alone, for models without tools and for people."""

from collections.abc import Iterator, Sequence
from typing import Any

from dialoguedb.formats.outgoing.messages import Losses, OutgoingMessage
from dialoguedb.formats.parts import Attachment, Other, Part, Reasoning, Text, ToolCall, ToolResult
from dialoguedb.formats.writers.shown_parts import joined, words

Json = dict[str, Any]


def write(messages: Sequence[OutgoingMessage], losses: Losses) -> list[Json]:
    """Return messages of the roles user and assistant; a tool's results are a user's lines."""
    written = []
    for message in messages:
        for each in message.parts:
            if isinstance(each.part, Reasoning):
                losses.add(each, "thought", "plain messages hold no thoughts")
            elif isinstance(each.part, Attachment):
                losses.add(each, "attachment", "plain messages name it alone")
        lines = [line for each in message.parts for line in _lines(each.part)]
        if lines:
            named = {"name": message.name} if message.name else {}
            role = "assistant" if message.speaker == "assistant" else "user"
            written.append({"role": role, **named, "content": "\n".join(lines)})
    return written


def user_message(text: str) -> Json:
    """Return a user's message of a text."""
    return {"role": "user", "content": text}


def _lines(part: Part) -> Iterator[str]:
    match part:
        case Text() | Other() | Attachment():
            if line := words(part):
                yield line
        case ToolCall():
            yield f"[calls {part.name} {part.arguments}]"
        case ToolResult():
            yield f"[result] {joined(part.parts)}".rstrip()
        case Reasoning():
            pass
