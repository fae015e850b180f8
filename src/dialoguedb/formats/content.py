"""Validation of message content: a string, an object, or an array of objects, with images."""

import re
from collections.abc import Iterator

import msgspec
from msgspec import Raw

from dialoguedb.values import limits, rawjson
from dialoguedb.values.validation_errors import ValidationErrors

EMPTY = "MESSAGE_CONTENT_EMPTY"
TOO_LARGE = "MESSAGE_TOO_LARGE"
INVALID_IMAGE = "INVALID_IMAGE_CONTENT"

# What counts as an inline image; content of other kinds is stored like any other.
_MEDIA_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_DATA_URI = re.compile(r"data:([^;,]*)(?:;[^,]*)?,")
_INLINE = re.compile(rb'(?<="data":"|."url":")[^"]++', re.DOTALL)
"""What may be inline image data, in compact form; it has no quotation marks in it."""

_IMAGE_TYPE = re.compile(rb'"(?:image|image_url)"')
_EMPTY = frozenset({b'""', b"null", b"[]", b"{}"})


def measured_content(raw: Raw, path: str, errors: ValidationErrors) -> tuple[bytes, int]:
    """Return a message's content in compact form and its length, noting what is wrong with it."""
    content = bytes(raw)
    if _is_plain_text(content):
        return content, len(content) - 2
    content = validate_content(raw, path, errors)
    return content, rawjson.length(content)


def _is_plain_text(content: bytes) -> bool:
    """Tell whether JSON is a string that needs no further look, as most messages are."""
    return (
        content[:1] == b'"'
        and content != b'""'
        and len(content) <= limits.CONTENT_BYTES_MAX
        and b"\\" not in content
        and rawjson.HIDDEN_SURROGATE_MARK not in content
    )


def validate_content(raw: Raw, path: str, errors: ValidationErrors) -> bytes:
    """Return the content of a message as compact JSON, noting validation errors."""
    content = rawjson.compact(raw)
    if content in _EMPTY:
        errors.invalid(path, f"{path} must not be empty", EMPTY)
    elif not _is_content(content):
        errors.invalid(path, f"{path} must be a string, an object, or an array of objects")
    else:
        _check_size(content, path, errors)
    return content


def validate_value(raw: Raw, path: str, errors: ValidationErrors) -> bytes:
    """Return the value of a memory as compact JSON, noting an error when it is too large."""
    value = rawjson.compact(raw)
    if counted_bytes(value) > limits.CONTENT_BYTES_MAX:
        errors.too_large(path, f"{path} exceeds {limits.CONTENT_BYTES_MAX} bytes")
    return value


def _is_content(content: bytes) -> bool:
    if content[:1] != b"[":
        return content[:1] in {b'"', b"{"}
    return all(
        rawjson.is_object(item)
        for item in msgspec.json.decode(rawjson.prepare(content), type=list[Raw])
    )


def _check_size(content: bytes, path: str, errors: ValidationErrors) -> None:
    is_long = len(content) > limits.CONTENT_BYTES_MAX  # with its escapes, and images in it
    if is_long and counted_bytes(content) > limits.CONTENT_BYTES_MAX:
        message = f"{path} exceeds {limits.CONTENT_BYTES_MAX} bytes (inline image data left out)"
        errors.too_large(path, message, TOO_LARGE)
    elif content[:1] != b'"' and _IMAGE_TYPE.search(content):
        for image in _images(content):
            _check_image(image, path, errors)


def counted_bytes(content: bytes) -> int:
    """Return the bytes that count against the limit: all but inline image data.

    For content that is too large in any case this is a lower bound, found without parsing it.
    """
    whole = rawjson.length(content)
    if whole <= limits.CONTENT_BYTES_MAX or content[:1] == b'"':
        return whole
    least = whole - sum(len(found[0]) for found in _INLINE.finditer(content))
    if least > limits.CONTENT_BYTES_MAX:
        return least
    return whole - sum(_inline_bytes(image) for image in _images(content))


def has_image(content: bytes) -> bool:
    """Tell whether a message has an image, inline or by URL."""
    if content[:1] == b'"' or not _IMAGE_TYPE.search(content):
        return False
    return next(_images(content), None) is not None


def _images(content: bytes) -> Iterator[dict[str, object]]:
    """Find image parts of OpenAI (`image_url`) and Anthropic (`image`), at any depth."""
    pending = [rawjson.lenient_decoder.decode(content.decode())]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            if node.get("type") in {"image", "image_url"}:
                yield node
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)


def _part(image: dict[str, object], key: str) -> dict[str, object]:
    part = image.get(key)
    return part if isinstance(part, dict) else {}


def _inline_bytes(image: dict[str, object]) -> int:
    source, url = _part(image, "source"), _part(image, "image_url").get("url")
    inline = 0
    data = source.get("data")
    if isinstance(data, str) and source.get("media_type") in _MEDIA_TYPES:
        inline += _utf8_bytes(data)
    match = _DATA_URI.match(url) if isinstance(url, str) else None
    if match and match[1] in _MEDIA_TYPES:
        inline += _utf8_bytes(match.string)
    return inline


def _utf8_bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _check_image(image: dict[str, object], path: str, errors: ValidationErrors) -> None:
    data = _part(image, "source").get("data")
    if isinstance(data, str) and data.startswith("data:"):
        message = f"{path}: source.data holds bare base64, without a `data:` prefix"
        errors.invalid(path, message, INVALID_IMAGE)
