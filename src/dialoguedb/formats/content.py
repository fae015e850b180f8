"""Validation of message content: a string, an object, or an array of objects, with attachments."""

from collections.abc import Sequence

import msgspec
from msgspec import Raw, Struct

from dialoguedb.formats.attachments.scanner import InlineAttachment, Outline
from dialoguedb.values import limits, rawjson
from dialoguedb.values.validation_errors import INVALID_PARAMETER, ValidationErrors

EMPTY = "MESSAGE_CONTENT_EMPTY"
TOO_LARGE = "MESSAGE_TOO_LARGE"
INVALID_IMAGE = "INVALID_IMAGE_CONTENT"

_EMPTY = (b'""', b"null", b"[]", b"{}")  # no set, which would hash many megabytes
_ATTACHMENTS_BYTES = limits.ATTACHMENTS_MAX * 4096
"""More than the attachments take that are not told from other text before they are parsed."""


class MeasuredContent(Struct, frozen=True):
    """The content of a message as compact JSON, and what was measured of it."""

    content: bytes
    length: int
    attachments: Sequence[InlineAttachment] = ()


def measured_content(raw: Raw, path: str, errors: ValidationErrors) -> MeasuredContent:
    """Return a message's content, its length and attachments, noting what is wrong with it."""
    if len(memoryview(raw)) <= limits.CONTENT_BYTES_MAX:
        content = bytes(raw)
        if _is_plain_text(content):
            return MeasuredContent(content, len(content) - 2)
    content = rawjson.compact(raw)
    attachments = _validated(content, path, errors)
    return MeasuredContent(content, rawjson.length(content), attachments)


def _is_plain_text(content: bytes) -> bool:
    """Tell whether JSON is a string that needs no further look, as most messages are."""
    return (
        content[:1] == b'"'
        and content != b'""'
        and b"\\" not in content
        and rawjson.HIDDEN_SURROGATE_MARK not in content
    )


def validate_content(raw: Raw, path: str, errors: ValidationErrors) -> bytes:
    """Return the content of a message as compact JSON, noting validation errors."""
    content = rawjson.compact(raw)
    _validated(content, path, errors)
    return content


def _validated(content: bytes, path: str, errors: ValidationErrors) -> Sequence[InlineAttachment]:
    """Return the attachments of content, noting what is wrong with it."""
    outline = Outline(content)
    if content in _EMPTY:
        errors.invalid(path, f"{path} must not be empty", EMPTY)
    elif not (_is_too_large(outline) or _is_content(outline.short)):
        errors.invalid(path, f"{path} must be a string, an object, or an array of objects")
    else:
        if outline.has_prefixed_source():
            message = f"{path}: source.data holds bare base64, without a `data:` prefix"
            errors.invalid(path, message, INVALID_IMAGE)
        return _check_size(outline, path, errors, TOO_LARGE)
    return ()


def validate_value(raw: Raw, path: str, errors: ValidationErrors) -> bytes:
    """Return the value of a memory as compact JSON, noting an error when it is too large."""
    value = rawjson.compact(raw)
    _check_size(Outline(value), path, errors, INVALID_PARAMETER)
    return value


def _is_content(content: bytes) -> bool:
    if content[:1] != b"[":
        return content[:1] in {b'"', b"{"}
    return all(
        rawjson.is_object(item)
        for item in msgspec.json.decode(rawjson.prepare(content), type=list[Raw])
    )


def _is_too_large(outline: Outline) -> bool:
    """Tell whether it is too large in any case; then it is not taken apart."""
    most = limits.CONTENT_BYTES_MAX
    return len(outline.content) > most and outline.least_bytes - _ATTACHMENTS_BYTES > most


def _check_size(
    outline: Outline, path: str, errors: ValidationErrors, code: str
) -> Sequence[InlineAttachment]:
    """Return the attachments, noting with a code what is too large."""
    attachments: Sequence[InlineAttachment] = ()
    is_too_large = _is_too_large(outline)
    if not is_too_large:
        attachments = outline.attachments()
        counted = rawjson.length(outline.content) - sum(each.text_bytes for each in attachments)
        is_too_large = counted > limits.CONTENT_BYTES_MAX
    if is_too_large:
        message = f"{path} exceeds {limits.CONTENT_BYTES_MAX} bytes (inline attachments left out)"
        errors.too_large(path, message, code)
    _check_attachments(attachments, path, errors, code)
    return attachments


def _check_attachments(
    attachments: Sequence[InlineAttachment], path: str, errors: ValidationErrors, code: str
) -> None:
    if len(attachments) > limits.ATTACHMENTS_MAX:
        message = f"{path} has {len(attachments)} attachments, at most {limits.ATTACHMENTS_MAX}"
        errors.too_large(path, message, code)
    if any(each.size > limits.ATTACHMENT_BYTES_MAX for each in attachments):
        message = f"{path} has an attachment of more than {limits.ATTACHMENT_BYTES_MAX} bytes"
        errors.too_large(path, message, code)
