"""How many tokens a message takes in a model's window.

The texts that a model reads are counted, and images by their dimensions. Ids, types and bytes are
not read by it. What providers put around each message is taken as a constant.
"""

import json
from collections.abc import Callable
from math import ceil
from typing import Any

from dialoguedb.model.images import dimensions
from dialoguedb.model.texts import decoded

Count = Callable[[str], int]

MESSAGE_TOKENS = 4
"""What a message takes beside what it says: its role, and the marks around it."""

IMAGE_TOKENS_MAX = 1_600
"""The most an image takes, for larger ones are made smaller; also one whose size is not known."""

FILE_TOKENS = 1_600
"""What is taken for a file that is no image; nobody here can read how long it is."""

_PIXELS_PER_TOKEN = 750
_IMAGES = frozenset({"image", "image_url", "input_image"})
_MEDIA_TYPES = ("media_type", "mime_type", "mimeType", "mediaType")
_UNREAD = frozenset(
    {
        "type",
        "role",
        "id",
        "call_id",
        "tool_call_id",
        "tool_use_id",
        "status",
        "index",
        "cache_control",
        "signature",
        "encrypted_content",
    }
)
"""Members of known parts that are no text to a model."""

_ARGUMENTS = ("input", "arguments")
"""Members whose objects a model reads as JSON."""

_DATA_CHARS = 128
"""A data URI names its kind within its first characters."""


def message_tokens(content: bytes, name: str | None, count: Count) -> int:
    """Return the tokens of a message, its content compact JSON."""
    if content[:1] == b'"' and b"\\" not in content:
        tokens = count(content[1:-1].decode())
    else:
        tokens = content_tokens(decoded(content), count)
    if name:
        tokens += count(_sound(name))
    return tokens + MESSAGE_TOKENS


def content_tokens(content: Any, count: Count) -> int:
    """Return the tokens of decoded content."""
    counting = _Counting(count)
    counting.add(content)
    return counting.tokens


def image_tokens(source: str | None) -> int:
    """Return what an image takes, given as base64, as a data URI, or by its address."""
    if source is None:
        return IMAGE_TOKENS_MAX
    size = dimensions(source.partition(",")[2] if source.startswith("data:") else source)
    if size is None:
        return IMAGE_TOKENS_MAX
    return min(ceil(size[0] * size[1] / _PIXELS_PER_TOKEN), IMAGE_TOKENS_MAX)


class _Counting:
    """Adds up what content takes."""

    def __init__(self, count: Count) -> None:
        self.tokens = 0
        self._count = count

    def add(self, value: Any) -> None:
        if isinstance(value, str):
            self._add_text(value)
        elif isinstance(value, list):
            for item in value:
                self.add(item)
        elif isinstance(value, dict):
            self._add_part(value)
        elif value is not None:
            self._add_text(json.dumps(value))

    def _add_text(self, text: str) -> None:
        if _is_data(text):
            self._add_data(text)
        else:
            self.tokens += self._count(_sound(text))

    def _add_data(self, uri: str) -> None:
        self.tokens += image_tokens(uri) if uri.startswith("data:image/") else FILE_TOKENS

    def _add_part(self, part: dict[str, Any]) -> None:
        kind = part.get("type")
        media = next((part[key] for key in _MEDIA_TYPES if key in part), None)
        if isinstance(kind, str) and kind in _IMAGES:
            self.tokens += image_tokens(_image_source(part))
        elif isinstance(media, str) and isinstance(part.get("data"), str):
            self._add_file(media, part["data"])
        elif isinstance(kind, str) or "role" in part or "arguments" in part:
            self._add_members(part)
        else:
            self._add_json(part)

    def _add_members(self, part: dict[str, Any]) -> None:
        for key, item in part.items():
            if key in _ARGUMENTS and isinstance(item, dict):
                self._add_json(item)
            elif key not in _UNREAD:
                self.add(item)

    def _add_file(self, media: str, data: str) -> None:
        if media.startswith("image/"):
            self.tokens += image_tokens(data)
        elif media.startswith("text/"):
            self._add_text(data)
        else:
            self.tokens += FILE_TOKENS

    def _add_json(self, value: dict[str, Any]) -> None:
        """Count JSON of no known kind as it is written."""
        self._add_text(json.dumps(self._emptied(value), ensure_ascii=False))

    def _emptied(self, value: Any) -> Any:
        """Return JSON without the bytes in it, which are counted by themselves."""
        if isinstance(value, str) and _is_data(value):
            self._add_data(value)
            return ""
        if isinstance(value, list):
            return [self._emptied(item) for item in value]
        if isinstance(value, dict):
            return {key: self._emptied(item) for key, item in value.items()}
        return value


def _is_data(text: str) -> bool:
    return text.startswith("data:") and ";base64," in text[:_DATA_CHARS]


def _image_source(part: dict[str, Any]) -> str | None:
    """Return an image's base64 or data URI, in whichever spelling; None for an address."""
    url = part.get("image_url")
    url = url.get("url") if isinstance(url, dict) else url
    if isinstance(url, str) and url.startswith("data:"):
        return url
    source = part.get("source")
    data = source.get("data") if isinstance(source, dict) else part.get("data")
    return data if isinstance(data, str) else None


def _sound(text: str) -> str:
    """Return a text that can be encoded, lone surrogates replaced."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
