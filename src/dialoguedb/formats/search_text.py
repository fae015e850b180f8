"""Extracts the plain text of messages, memories and dialogues, which is indexed for search.

The part types of chat APIs are known, so that of a tool call the name and inputs are indexed and
not its ids. Of any other JSON the strings and numbers are indexed, with their keys.
"""

import json
import re
from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

import msgspec

from dialoguedb.formats.attachments.spellings import MEDIA_TYPE_KEYS
from dialoguedb.values import limits, rawjson

_decoder = msgspec.json.Decoder()

_FEW_CHARS = 160
_LINE_CHARS = 76
"""Base64 in lines has lines of this length, at least two; in one run it is longer."""

_KEY_CHARS = 64
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

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_-]+")
_CAPTIONS = ("alt", "alt_text", "caption", "title", "transcript")

# The members with text of parts with a known `type`, without their keys, ids and binary data.
_BINARY_TYPES = {"image", "image_url", "input_image", "input_audio", "redacted_thinking", "base64"}
_TEXT_KEYS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_BINARY_TYPES, _CAPTIONS),
    **dict.fromkeys(("input_text", "output_text", "summary_text", "reasoning_text"), ("text",)),
    "text": ("text", "data"),
    "refusal": ("refusal",),
    "thinking": ("thinking",),
    "reasoning": ("summary", "content"),
    **dict.fromkeys(("message", "content"), ("content",)),
    **dict.fromkeys(("tool_use", "server_tool_use", "mcp_tool_use"), ("name", "input")),
    **dict.fromkeys(("tool_result", "mcp_tool_result", "web_search_tool_result"), ("content",)),
    "web_search_result": ("title", "url"),
    "search_result": ("title", "source", "content"),
    "function": ("function",),
    "function_call": ("name", "arguments"),
    "custom_tool_call": ("name", "input"),
    **dict.fromkeys(("function_call_output", "custom_tool_call_output"), ("output",)),
    "document": ("title", "context", "source"),
    "file": ("file",),
}
# The same of parts that are recognized by their members.
_CALL = ("name", "arguments")
_TURN = ("content", "refusal", "tool_calls")
_FILE = ("filename",)


def message_text(content: bytes) -> str:
    """Return the text of a message."""
    return clean(_stored_text(content))


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
    return _TextCollector().of(decode_stored(value))


def decode_stored(value: bytes) -> Any:
    """Return stored JSON decoded; None when it is damaged."""
    try:
        return _decoder.decode(value)
    except (msgspec.DecodeError, RecursionError):  # lone surrogates, numbers out of range
        return _decoded_strictly(value.decode("utf-8", "replace"), rawjson.lenient_decoder.decode)


def _decoded_strictly(text: str, decode: Callable[[str], Any]) -> Any:
    try:
        return decode(text)
    except (ValueError, RecursionError):  # damaged: nothing is indexed
        return None


_DEPTH_MAX = limits.JSON_DEPTH_MAX
"""Deeper values are not indexed: a tool's arguments may be a string of JSON of any depth."""


class _TextCollector:
    """Collects the texts of JSON, in their order."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._left = limits.INDEXED_VALUES_MAX
        self._depth = 0

    def of(self, value: Any) -> str:
        """Return the text of a value."""
        self._add(value, "")
        return "\n".join(self._parts)

    def _add(self, value: Any, key: str) -> None:
        if self._left <= 0 or self._depth == _DEPTH_MAX:
            return
        self._left -= 1
        self._depth += 1
        self._add_any(value, key)
        self._depth -= 1

    def _add_any(self, value: Any, key: str) -> None:
        if isinstance(value, dict):
            self._add_object(value, key)
        elif isinstance(value, list):
            for item in value:
                self._add(item, key)
        elif isinstance(value, str):
            self._append(value, key)
        elif isinstance(value, bool):
            self._append("true" if value else "false", key)
        elif value is not None:
            self._append(repr(value), key)

    def _append(self, text: str, key: str) -> None:
        if text and not text.isspace():
            self._parts.append(f"{_as_words(key)}: {text}" if key else text)

    def _add_object(self, value: dict[str, Any], key: str) -> None:
        keys = _text_keys(value)
        if keys is None:
            for inner, item in value.items():
                self._add(item, inner or key)
            return
        for inner in keys:
            item = value.get(inner)
            self._add(_arguments(item) if inner in {"arguments", "input"} else item, "")


def _text_keys(value: dict[str, Any]) -> tuple[str, ...] | None:
    """Return the members with text of a known part; None for any other JSON."""
    kind = value.get("type")
    text = _TEXT_KEYS.get(kind) if isinstance(kind, str) else None
    if text and (kind in _BINARY_TYPES or any(key in value for key in text)):
        return text
    if isinstance(value.get("arguments"), str) and "name" in value:
        return _CALL
    if "role" in value and ("content" in value or "tool_calls" in value):
        return _TURN
    if "file_data" in value:
        return _FILE
    return () if _is_binary(value) else None


def _is_binary(value: dict[str, Any]) -> bool:
    """Tell whether it is binary data with a media type, of any API."""
    media_type = next((value[key] for key in MEDIA_TYPE_KEYS if key in value), None)
    if not isinstance(media_type, str) or media_type.startswith("text/"):
        return False
    return isinstance(value.get("data"), str)


def _arguments(value: Any) -> Any:
    """Return the arguments of a tool call, decoded where an API encodes them as a string."""
    if not (isinstance(value, str) and value[:1] in {"{", "["}):
        return value
    read = _decoded_strictly(value, json.loads)
    return value if read is None else read


@lru_cache(4_096)
def _as_words(key: str) -> str:
    """Write a key as words: `dueDate` and `due_date` as `due date`."""
    return _HUMP.sub(" ", key).strip().lower() if len(key) <= _KEY_CHARS else key
