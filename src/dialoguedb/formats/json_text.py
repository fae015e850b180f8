"""Text of JSON, and JSON as text: decoded as it is stored, as lines, and without binary data."""

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

from dialoguedb.formats.attachments.kinds import MEDIA_TYPE_KEYS
from dialoguedb.values import limits, rawjson

_decoder = msgspec.json.Decoder()

_KEY_CHARS = 64
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_-]+")

_ENCODED_CHARS_MIN = 160
_ENCODED = re.compile(
    r"[\w+/-]{160,}={0,2}|(?:[A-Za-z0-9+/]{76}\r?\n)+[A-Za-z0-9+/]+={0,2}", re.ASCII
)
"""A text that is just base64, of either alphabet, in one run or in lines."""

_CHECKED_CHARS = 4096
"""Of a long text only its beginning is looked at."""

_DATA_URI = re.compile(r"data:(?P<type>[\w.+-]+/[\w.+-]+)?(?:;[\w.+=-]+)*,", re.ASCII)

_OPAQUE_KEYS = frozenset(
    {"encrypted_content", "signature", "thoughtSignature", "thought_signature", "encrypted_stdout"}
)
"""What only a provider can read."""


def decode_stored(value: bytes) -> Any:
    """Return stored JSON decoded; None when it is damaged."""
    try:
        return _decoder.decode(value)
    except (msgspec.DecodeError, RecursionError):  # lone surrogates, numbers out of range
        return _decoded_strictly(value.decode("utf-8", "replace"), rawjson.lenient_decoder.decode)


def decode_text(text: str) -> Any:
    """Return the JSON that a text is, if it is an object or an array; else the text."""
    if text[:1] not in {"{", "["}:
        return text
    read = _decoded_strictly(text, json.loads)
    return text if read is None else read


def _decoded_strictly(text: str, decode: Callable[[str], Any]) -> Any:
    try:
        return decode(text)
    except (ValueError, RecursionError):  # damaged
        return None


def replace_surrogates(text: str) -> str:
    """Return a text that encodes as UTF-8, lone surrogates replaced."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def string(value: dict[str, Any], *keys: str) -> str:
    """Return the first of these members that is a non-empty string."""
    for key in keys:
        text = value.get(key)
        if text and isinstance(text, str):
            return replace_surrogates(text)
    return ""


def is_encoded(text: str) -> bool:
    """Tell whether a text is nothing but a data URI or base64."""
    if _DATA_URI.match(text):
        return True
    text = text.removeprefix("data:")
    return (
        len(text) >= _ENCODED_CHARS_MIN
        and _ENCODED.fullmatch(text.strip()[:_CHECKED_CHARS].rstrip()) is not None
    )


def json_text(value: Any) -> str:
    """Return JSON as text, without binary data and what only a provider can read."""
    return replace_surrogates(json.dumps(_readable(value), ensure_ascii=False))


def _readable(value: Any) -> Any:
    if isinstance(value, list):
        return [_readable(item) for item in value]
    if isinstance(value, dict):
        media_type = string(value, *MEDIA_TYPE_KEYS)
        return {
            key: f"[{media_type}]" if key == "data" and media_type else _readable(item)
            for key, item in value.items()
            if key not in _OPAQUE_KEYS
        }
    return _named(value) if isinstance(value, str) and is_encoded(value) else value


def _named(encoded: str) -> str:
    """Return a name in brackets for binary data."""
    match = _DATA_URI.match(encoded)
    return f"[{(match and match['type']) or 'data'}]"


def json_lines(value: Any) -> str:
    """Return JSON as lines `key: value`, keys in words: the strings and numbers in it."""
    return _Lines().of(value)


def _is_readable_key(key: str) -> bool:
    return key not in _OPAQUE_KEYS


class _Lines:
    """Collects the texts of JSON, in their order."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._left = limits.INDEXED_VALUES_MAX
        self._depth = 0
        self._is_cut = False

    def of(self, value: Any) -> str:
        self._add(value, "")
        if self._is_cut:
            self._lines.append("[more]")
        return "\n".join(self._lines)

    def _add(self, value: Any, key: str) -> None:
        if self._left <= 0 or self._depth == limits.JSON_DEPTH_MAX:
            self._is_cut = True
            return
        self._left -= 1
        self._depth += 1
        self._add_any(value, key)
        self._depth -= 1

    def _add_any(self, value: Any, key: str) -> None:
        if isinstance(value, dict):
            for inner in filter(_is_readable_key, value):
                self._add(value[inner], inner or key)
        elif isinstance(value, list):
            for item in value:
                self._add(item, key)
        elif isinstance(value, str):
            self._append(_named(value) if is_encoded(value) else value, key)
        elif isinstance(value, bool):
            self._append("true" if value else "false", key)
        elif value is not None:
            self._append(repr(value), key)

    def _append(self, text: str, key: str) -> None:
        if text and not text.isspace():
            self._lines.append(f"{_as_words(key)}: {text}" if key else text)


@lru_cache(4_096)
def _as_words(key: str) -> str:
    """Write a key as words: `dueDate` and `due_date` as `due date`."""
    return _HUMP.sub(" ", key).strip().lower() if len(key) <= _KEY_CHARS else key
