"""The dimensions of a base64 image, read from its header: PNG, JPEG, GIF, WebP."""

import binascii
from base64 import b64decode
from collections.abc import Callable

Size = tuple[int, int]
"""Width and height."""

_HEAD_CHARS = 256 * 1024
"""How far the header of a JPEG may lie behind its previews and colour profiles."""

_CHUNKS_CHARS = 8 * 1024
_PNG_START = 8
_DEFLATE = 8
"""How far into a PNG its pixels are looked for, where its chunks begin, and how it is packed."""

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE = frozenset(range(0xD0, 0xD9)) | {0x01}
"""JPEG segments that tell the size, and those without a length."""


def dimensions(encoded: str) -> Size | None:
    """Return the size of a PNG, JPEG, GIF or WebP; None when the text is none of them."""
    try:
        head = b64decode(encoded[:_HEAD_CHARS][: len(encoded) // 4 * 4])
    except (binascii.Error, ValueError):
        return None
    for start, read in _FORMATS.items():
        if head.startswith(start):
            try:
                width, height = read(head)
            except (IndexError, ValueError):  # it ends before it tells
                return None
            return (width, height) if width and height else None
    return None


def is_damaged(encoded: str) -> bool:
    """Tell whether base64 is a PNG whose pixels cannot be unpacked; a provider refuses one.

    A request with such a picture is refused whole, and so is every later one of the conversation.
    """
    try:
        head = b64decode(encoded[:_CHUNKS_CHARS][: len(encoded) // 4 * 4])
    except (binascii.Error, ValueError):
        return False
    at = _PNG_START
    while head.startswith(b"\x89PNG") and at + 10 <= len(head):
        size, kind = _big(head, at, 4), head[at + 4 : at + 8]
        if kind == b"IDAT":
            method, check = head[at + 8 : at + 10]
            return method % 16 != _DEFLATE or (method * 256 + check) % 31 != 0
        at += size + 12
    return False


def _png(head: bytes) -> Size:
    return _big(head, 16, 4), _big(head, 20, 4)


def _gif(head: bytes) -> Size:
    return _little(head, 6, 2), _little(head, 8, 2)


def _webp(head: bytes) -> Size:
    match head[8:16]:
        case b"WEBPVP8X":
            return _little(head, 24, 3) + 1, _little(head, 27, 3) + 1
        case b"WEBPVP8L":
            bits = _little(head, 21, 4)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"WEBPVP8 ":
            return _little(head, 26, 2) & 0x3FFF, _little(head, 28, 2) & 0x3FFF
    raise ValueError


def _jpeg(head: bytes) -> Size:
    at = 2
    while True:
        marker = head[at + 1]
        if head[at] != 0xFF:  # noqa: PLR2004 - what every JPEG segment begins with
            raise ValueError
        if marker in _FRAMES:
            return _big(head, at + 7, 2), _big(head, at + 5, 2)
        if marker == 0xFF:  # noqa: PLR2004 - padding
            at += 1
        else:
            at += 2 if marker in _BARE else 2 + max(_big(head, at + 2, 2), 2)


def _big(head: bytes, at: int, size: int) -> int:
    return int.from_bytes(_cut(head, at, size), "big")


def _little(head: bytes, at: int, size: int) -> int:
    return int.from_bytes(_cut(head, at, size), "little")


def _cut(head: bytes, at: int, size: int) -> bytes:
    part = head[at : at + size]
    if len(part) < size:
        raise IndexError
    return part


_FORMATS: dict[bytes, Callable[[bytes], Size]] = {
    b"\x89PNG\r\n\x1a\n": _png,
    b"\xff\xd8": _jpeg,
    b"GIF8": _gif,
    b"RIFF": _webp,
}
