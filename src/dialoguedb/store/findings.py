"""What a check of stored data finds, whatever the engine: invariants of rows, and of values."""

from dataclasses import dataclass

import msgspec

from dialoguedb.errors import InvalidRequest
from dialoguedb.formats.attachments import cutting
from dialoguedb.formats.attachments.cutting import CutContent
from dialoguedb.model.projects import ProjectSettings
from dialoguedb.values import rawjson

FINDINGS_MAX = 100
"""Lines shown of one kind; a damaged index can have as many as there are rows."""

MORE = f"... and more of this kind; only {FINDINGS_MAX} are shown"

STARTS = {
    "dialogue": (b"[", b"{", b"{"),
    "message": (b"[", b"{", b'"{['),
    "memory": (b"[", b"{", b'"{[tfn-0123456789'),
}
"""What the JSON values of a noun begin with: its tags, its metadata, and what it holds."""

_EMPTY = frozenset({b"{}", b"[]"})


@dataclass(frozen=True)
class Rule:
    """An invariant of rows; the query finds the rows that break it."""

    finding: str
    query: str


def is_json(value: bytes) -> bool:
    """Tell whether a value is JSON."""
    try:
        rawjson.check_syntax(rawjson.prepare(value))
    except InvalidRequest:
        return False
    return True


def is_json_of(value: bytes, starts: bytes) -> bool:
    """Tell whether a value is JSON that begins with one of these."""
    return value[:1] in starts and (value in _EMPTY or is_json(value))


def tags_of(stored: bytes) -> frozenset[str]:
    """Return the tags of an array as it is stored; none when it cannot be read."""
    try:
        return frozenset(msgspec.json.decode(stored, type=list[str]))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return frozenset()


def has_length(length: int, content: bytes, attachments: bytes) -> bool:
    """Tell whether content is as long as it says, if it can be read at all."""
    return not is_json(content) or length == _length(content, attachments)


def _length(content: bytes, attachments: bytes) -> int | None:
    """Return the length of content with its attachments; None when they cannot be read."""
    if not attachments:
        return rawjson.length(content)
    try:
        return CutContent(content, cutting.decode(attachments)).full_bytes
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def are_settings(stored: bytes) -> bool:
    """Tell whether the settings of a project can be read."""
    try:
        msgspec.json.decode(stored, type=ProjectSettings)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True
