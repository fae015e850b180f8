"""Lines of Claude Code's transcripts as messages, and back.

What somebody says is the content of a message, as Anthropic's API has it, beside the rest of the
line. Any other line is a message without a text. A rest that is large is in messages before.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import uuid4

from dialoguedb.client.encoding import json_codec
from dialoguedb.client.inputs import MessageDict
from dialoguedb.client.records import MessageRecord
from dialoguedb.integrations.hashed_tags import hashed_tag

_OURS = "entry"
_ROLES = ("user", "assistant")
_NOT_SPOKEN = ("isMeta", "isCompactSummary", "isApiErrorMessage")
_WHOLE_BYTES = 256 * 1024
_CONTENT_BYTES = 768 * 1024
_PIECE_CHARS = 160 * 1024
"""Of which each takes at most six bytes of JSON."""

Entry = dict[str, Any]


def messages_from(entries: Iterable[Entry]) -> list[MessageDict]:
    """Return the messages that lines are stored as, in their order."""
    return [message for entry in entries for message in _messages(entry)]


def entries_from(records: Iterable[MessageRecord]) -> list[Entry]:
    """Return lines as they were appended."""
    found: list[Entry] = []
    pieces: dict[str, list[str]] = {}
    for record in records:
        held = record.content.get(_OURS) if isinstance(record.content, dict) else None
        if held is None:  # another program's
            continue
        if "piece" in held:
            pieces.setdefault(held["of"], []).append(held["piece"])
            continue
        rest = held["rest"] if "rest" in held else _joined(pieces.pop(held["of"]))
        if record.content["content"]:
            rest["message"]["content"] = record.content["content"]
        found.append(rest)
    return found


def _joined(pieces: Sequence[str]) -> Any:
    return json_codec.decode("".join(pieces).encode("utf-8", "surrogatepass"), object)


def _messages(entry: Entry) -> Iterator[MessageDict]:
    role, content = _spoken(entry)
    rest = {**entry, "message": {**entry["message"], "content": None}} if content else entry
    own_id = hashed_tag("entry", entry["uuid"]) if entry.get("uuid") else None
    encoded = json.dumps(rest)
    held: Entry = {"rest": rest}
    if len(encoded) > _WHOLE_BYTES:
        of = own_id or str(uuid4())
        held = {"of": of}
        for count, start in enumerate(range(0, len(encoded), _PIECE_CHARS), start=1):
            piece = {"of": of, "piece": encoded[start : start + _PIECE_CHARS]}
            yield _message("system", "", piece, own_id and f"{own_id}-{count}")
    yield _message(role, content, held, own_id)


def _message(role: str, content: Any, held: Entry, own_id: str | None) -> MessageDict:
    about = {"type": "message", "role": role, "content": content, _OURS: held}
    message: MessageDict = {"role": role, "content": about}
    if own_id:
        message["id"] = own_id
    return message


def _spoken(entry: Entry) -> tuple[str, Any]:
    """Return who says what in a line; the system says nothing in one where nobody does."""
    message = entry.get("message")
    is_talk = entry.get("type") in _ROLES and not any(entry.get(name) for name in _NOT_SPOKEN)
    if is_talk and isinstance(message, dict):
        content = message.get("content")
        is_content = isinstance(content, str | list) and bool(content)
        if is_content and _has_room(content):
            return str(entry["type"]), content
    return "system", ""


def _has_room(content: Any) -> bool:
    """Tell whether a content is no larger than a message may be, the bytes of files aside."""
    return len(json.dumps(_without_files(content))) <= _CONTENT_BYTES


def _without_files(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_files(one) for one in value]
    if isinstance(value, dict):
        return {name: _without_files(one) for name, one in value.items() if name != "source"}
    return value
