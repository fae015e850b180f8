"""Attachments that are left out of a message until it is sent: a token in their base64's place.

A token cannot be written by a sender, for it holds what only this process knows.
"""

import re
import secrets
from collections.abc import Iterator

from msgspec import Struct

DEFERRED_BYTES = 1024 * 1024
"""What is read of one at a time."""

_MARK = b"~attachment-" + secrets.token_hex(16).encode() + b"-"
_TOKEN = re.compile(re.escape(_MARK) + rb"([0-9a-f]{64})-(\d+)~")

_TOKEN_BYTES_MAX = len(_MARK) + 64 + 12


class DeferredText(Struct, frozen=True):
    """The base64 of an attachment, to be read when it is sent."""

    sha256: str
    """Of its base64, in hexadecimal digits."""

    length: int


def token(text: DeferredText) -> bytes:
    """Return what stands in its place."""
    return _MARK + f"{text.sha256}-{text.length}~".encode()


def is_complete(body: bytes) -> bool:
    """Tell whether nothing is left out of a body."""
    return _MARK not in body


def parts(body: bytes) -> Iterator[bytes | DeferredText]:
    """Yield a body in parts: what is there, and what is left out."""
    end = 0
    for found in _TOKEN.finditer(body):
        yield body[end : found.start()]
        yield DeferredText(found[1].decode(), int(found[2]))
        end = found.end()
    yield body[end:]


def whole_pieces(value: memoryview, size: int) -> Iterator[bytes]:
    """Yield a value in pieces of about that size, none of which ends within a token."""
    start = 0
    while start < len(value):
        end = start + size
        near = bytes(value[end - _TOKEN_BYTES_MAX : end + _TOKEN_BYTES_MAX])
        for found in _TOKEN.finditer(near):
            if found.start() < _TOKEN_BYTES_MAX < found.end():
                end += found.end() - _TOKEN_BYTES_MAX
        yield bytes(value[start:end])
        start = end


def full_length(body: bytes) -> int:
    """Return the length of a body with all that is left out."""
    return sum(part.length if isinstance(part, DeferredText) else len(part) for part in parts(body))
