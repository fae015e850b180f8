"""What messages and memories say, for people to read."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET, Raw

from dialoguedb.cli.output import one_line
from dialoguedb.client.encoding import json_codec
from dialoguedb.formats.parts import Image, Part, Reasoning, Text, ToolCall, ToolResult
from dialoguedb.formats.turns import Turn, parse_turn
from dialoguedb.model.messages import Message


def turn_of(record: Mapping[str, Any]) -> Turn:
    """Understand a message, whichever provider's spelling it is in; it is as the API writes it."""
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


def worded_message(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message whose content is one line."""
    said = texts(turn_of(record).parts) or _written(record["content"])
    return {**record, "content": one_line(said)}


def worded_memory(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a memory whose value is one line."""
    return {**record, "value": one_line(_written(record["value"]))}


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def texts(parts: Sequence[Part]) -> str:
    """Return the words of parts, and where their images are."""
    return "\n".join(filter(None, (_told(part) for part in parts)))


def _told(part: Part) -> str:
    match part:
        case Text(text):
            return text
        case Image(url=url, media_type=kind):
            return f"[image {url}]" if url else f"[{kind or 'image'}]"
        case ToolCall(name=name, arguments=arguments):
            return f"[calls {name} {arguments}]"
        case ToolResult(parts=parts):
            return f"[result: {texts(parts)}]"
        case Reasoning():
            return "[thinks]"
