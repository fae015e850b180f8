"""The text of messages, memories and dialogues, which is indexed for search.

That of a message is what is shown of it. Of a memory the strings and numbers are indexed, with
their keys.
"""

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from dialoguedb.formats.json_text import decode_stored, decode_text, json_lines
from dialoguedb.formats.parts import Attachment, Part, ToolCall, ToolResult
from dialoguedb.formats.shown import shown_texts
from dialoguedb.formats.turns import parse_parts, text_if_plain
from dialoguedb.values import limits

_FEW_CHARS = 160
_LINE_CHARS = 76
"""Base64 in lines has lines of this length, at least two; in one run it is longer."""

_PART_CHARS = 32 * 1024

_ENCODED = re.compile(
    r"data:(?:[\w.+-]+/[\w.+-]+)?(?:;[\w.+=-]+)*,[^\s\"'<>)]*"
    r"|(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{160,}={0,2}"
    r"|(?<![\w-])[\w-]{160,}"
    r"|(?:[A-Za-z0-9+/]{76}\r?\n){2,}[A-Za-z0-9+/]+={0,2}",
    re.ASCII,
)
"""Binary data as text: data URIs, and base64 in one run or in lines."""

# Not those of `calendar`, which follow the process's locale.
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def message_text(role: str, content: bytes, metadata: bytes = b"{}") -> str:
    """Return the text of a message: what is shown of it."""
    text = text_if_plain(role, content, metadata)
    if text is None:
        _, parts = parse_parts(role, content, metadata)
        text = "\n".join(filter(None, map(_searched, parts)))
    return clean(text)


def summarized_text(role: str, content: bytes, metadata: bytes) -> str:
    """Return the text of a message to summarize; empty when it is attachments without words."""
    if text_if_plain(role, content, metadata) is None:
        _, parts = parse_parts(role, content, metadata)
        if all(isinstance(part, Attachment) and not part.text for part in parts):
            return ""
    return message_text(role, content, metadata)


def _searched(part: Part) -> str:
    """Return what is shown of a part, JSON in it as lines: escapes in it would hide its words."""
    texts = shown_texts(part)
    if isinstance(part, ToolCall | ToolResult):
        texts = (json_lines(decode_text(text)) for text in texts)
    return "\n".join(texts)


def message_words(text: str, name: str | None, created: str) -> str:
    """Return the words that find a message: its name, its text, and its date."""
    if not text:
        return ""
    text = f"{clean(name)}: {text}" if name else text
    return f"{text} {_day(created[:10])}"


@lru_cache(4_096)
def _day(day: str) -> str:
    """Write a day as people name it: `2023-05-08` as `8 May 2023 Monday`."""
    parsed = date.fromisoformat(day)
    month, weekday = _MONTHS[parsed.month - 1], _WEEKDAYS[parsed.weekday()]
    return f"{parsed.day} {month} {parsed.year} {weekday}"


def memory_text(value: bytes, label: str | None, description: str | None) -> str:
    """Return the text of a memory: its label, its description and its value."""
    return clean("\n".join(filter(None, (label, description, _stored_text(value)))))


def dialogue_text(label: str | None, tags: Sequence[str] = ()) -> str:
    """Return the text of a dialogue without its messages: its label and its tags."""
    return clean("\n".join(filter(None, (label, " ".join(tags)))))


def _may_hold_bytes(text: str) -> bool:
    if len(text) < _FEW_CHARS or "data:" in text:
        return "data:" in text
    return max(map(len, text.split()), default=0) >= _LINE_CHARS


def substitute(pattern: re.Pattern[str], by: str, text: str) -> str:
    """Replace all matches, in chunks: `re` holds the GIL, which would stop all other threads."""
    if len(text) <= _PART_CHARS:
        return pattern.sub(by, text)
    parts = (text[start : start + _PART_CHARS] for start in range(0, len(text), _PART_CHARS))
    return "".join(pattern.sub(by, part) for part in parts)


def clean(text: str) -> str:
    """Return a text without binary data, NULs and lone surrogates, cut at the limit."""
    if _may_hold_bytes(text):
        text = substitute(_ENCODED, " ", text)
    if not text.isascii():  # lone surrogates cannot be stored
        text = text.encode("utf-8", "replace").decode()
    return _cut(text.replace("\0", " "), limits.INDEXED_CHARS_MAX)


def _cut(text: str, chars: int) -> str:
    if len(text) <= chars:
        return text
    if text[chars].isspace() or text[chars - 1].isspace():
        return text[:chars].rstrip()
    head = text[:chars].rsplit(None, 1)[0]
    return head if chars // 2 < len(head) else text[:chars]


def _stored_text(value: bytes) -> str:
    """Return the text of JSON as it is stored."""
    if value[:1] == b'"' and b"\\" not in value:
        return value[1:-1].decode("utf-8", "replace")
    return json_lines(decode_stored(value))
