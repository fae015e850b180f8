"""What a message says: a string, an object, or an array of objects, images among them."""

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


def validate_content(raw: Raw, place: str, errors: ValidationErrors) -> bytes:
    """Return a message's content in compact form, noting what is wrong with it."""
    content = rawjson.compact(raw)
    if content in _EMPTY:
        errors.invalid(place, f"{place} must not be empty", EMPTY)
    elif not _is_content(content):
        errors.invalid(place, f"{place} must be a string, an object, or an array of objects")
    else:
        _check_size(content, place, errors)
    return content


def validate_value(raw: Raw, place: str, errors: ValidationErrors) -> bytes:
    """Return a memory's value in compact form, noting when it is too large."""
    value = rawjson.compact(raw)
    if counted_bytes(value) > limits.CONTENT_BYTES_MAX:
        errors.too_large(place, f"{place} exceeds {limits.CONTENT_BYTES_MAX} bytes")
    return value


def _is_content(content: bytes) -> bool:
    if content[:1] != b"[":
        return content[:1] in {b'"', b"{"}
    return all(
        rawjson.is_object(item)
        for item in msgspec.json.decode(rawjson.prepare(content), type=list[Raw])
    )


def _check_size(content: bytes, place: str, errors: ValidationErrors) -> None:
    if counted_bytes(content) > limits.CONTENT_BYTES_MAX:
        message = f"{place} exceeds {limits.CONTENT_BYTES_MAX} bytes (inline image data left out)"
        errors.too_large(place, message, TOO_LARGE)
    elif content[:1] != b'"' and _IMAGE_TYPE.search(content):
        for image in _images(content):
            _check_image(image, place, errors)


def counted_bytes(content: bytes) -> int:
    """Return the bytes that count against the limit: all but inline image data.

    Of what is too large in any case, they are the fewest that can count; it is not taken apart.
    """
    whole = rawjson.length(content)
    if whole <= limits.CONTENT_BYTES_MAX or content[:1] == b'"':
        return whole
    least = whole - sum(len(found[0]) for found in _INLINE.finditer(content))
    if least > limits.CONTENT_BYTES_MAX:
        return least
    return whole - sum(_inline_bytes(image) for image in _images(content))


def has_image(content: bytes) -> bool:
    """Tell whether a message shows an image, inline or by its address."""
    if content[:1] == b'"' or not _IMAGE_TYPE.search(content):
        return False
    return next(_images(content), None) is not None


def _images(content: bytes) -> Iterator[dict[str, object]]:
    """Find the image parts of both spellings, at any depth."""
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


def _check_image(image: dict[str, object], place: str, errors: ValidationErrors) -> None:
    data = _part(image, "source").get("data")
    if isinstance(data, str) and data.startswith("data:"):
        message = f"{place}: source.data holds bare base64, without a `data:` prefix"
        errors.invalid(place, message, INVALID_IMAGE)
