"""Previews of messages and memories for tables."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET, Raw

from dialoguedb.cli.output import one_line
from dialoguedb.client.encoding import json_codec
from dialoguedb.formats.parts import Attachment, Other, Part, Reasoning, Text, ToolCall, ToolResult
from dialoguedb.formats.shown import attachment_text, plain_text
from dialoguedb.formats.turns import Turn, parse_turn
from dialoguedb.model.messages import Message


def turn_of(record: Mapping[str, Any]) -> Turn:
    """Parse a message as the API writes it, in the format of any provider."""
    return parse_turn(
        Message(
            id=record["id"],
            dialogue_id=record["dialogueId"],
            role=record["role"],
            name=record.get("name", UNSET),
            content=Raw(json_codec.encode(record["content"])),
            metadata=Raw(json_codec.encode(record["metadata"])),
            tags=Raw(b"[]"),
            created=record["created"],
            modified=record["modified"],
            seq=record["seq"],
            content_length=0,
            token_count=0,
        )
    )


def message_preview(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message whose content is one line."""
    text = texts(turn_of(record).parts) or _text_of(record["content"])
    return {**record, "content": one_line(text)}


def memory_preview(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a memory whose value is one line."""
    return {**record, "value": one_line(_text_of(record["value"]))}


def _text_of(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def texts(parts: Sequence[Part]) -> str:
    """Return the text of parts, with placeholders for images."""
    return "\n".join(filter(None, (_text_of_part(part) for part in parts)))


def _text_of_part(part: Part) -> str:
    match part:
        case Text() | Other():
            return plain_text(part)
        case Attachment():
            return attachment_text(part)
        case ToolCall(name=name, arguments=arguments):
            return f"[calls {name} {arguments}]"
        case ToolResult(parts=parts):
            return f"[result: {texts(parts)}]"
        case Reasoning():
            return "[thinks]"
