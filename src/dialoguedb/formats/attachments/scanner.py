"""Finds the inline attachments of message content: where they are, what they are, how large."""

import json
import re
import secrets
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from msgspec import Struct

from dialoguedb.formats.attachments.spellings import (
    BASE64_KEYS,
    SpelledBytes,
    data_uri_head,
    is_image,
    is_prefixed_source,
    nodes,
    spelled_bytes,
)
from dialoguedb.formats.parts import AttachmentKind
from dialoguedb.values import rawjson
from dialoguedb.values.long_values import PIECE_BYTES, find, safe_pieces

_LONG_BYTES = 4096
"""In longer content, base64 of a few hundred bytes and more is replaced before it is parsed."""

IMAGE_WORDS = (b"image", b"screenshot")
"""Content with an image has one of these words."""

_STRING_START_BYTES = 2048
"""What is looked at of a string to tell whether it is base64, with the head of a data URI."""


class InlineAttachment(Struct, frozen=True):
    """An attachment whose bytes are in the content, as base64 or in a data URI."""

    start: int
    stop: int
    """Where the base64 is in the content; both are 0 when it is short, or no base64."""

    head: int
    """How many bytes of a data URI are before its base64."""

    kind: AttachmentKind
    media_type: str
    """Empty when it is not known."""

    text_bytes: int
    """What it takes in the content, with its head."""

    size: int
    """Its bytes, decoded."""


class Outline:
    """Content whose long base64 is replaced by placeholders, so that it is parsed quickly."""

    def __init__(self, content: bytes) -> None:
        """Take content as compact JSON; `short` is the same with placeholders."""
        self.content = content
        self._spans: list[tuple[int, int, int]] = []
        self._is_tree = content[:1] in {b"{", b"["}
        is_long = self._is_tree and len(content) > _LONG_BYTES
        self.short = b"".join(self._shortened()) if is_long else content

    def _shortened(self) -> Iterator[bytes]:
        """Yield the content with placeholders, and note what they stand for."""
        content, end, at = self.content, 0, 0
        while match := _long_string(content, at):
            start = match.end()
            at = find(content, b'"', start)
            if _is_base64(content, start, at):
                yield content[end:start]
                yield b"%s%d" % (_PLACEHOLDER, len(self._spans))
                self._spans.append((match.start() + 1, start, at))
                end = at
        yield content[end:]

    @property
    def long_base64(self) -> list[tuple[int, int]]:
        """Where long base64 is in the content, of attachments or not."""
        return [(start, stop) for _, start, stop in self._spans]

    @cached_property
    def least_bytes(self) -> int:
        """The bytes beside long base64 and data URIs; of a text, what it means at the least."""
        if not self._is_tree:
            return 0
        return len(self.short) - sum(_lengths_of_data_uris(self.short))

    @cached_property
    def _tree(self) -> Any:
        return rawjson.lenient_decoder.decode(self.short.decode())

    def attachments(self) -> list[InlineAttachment]:
        """Return the inline attachments, in their order; those that are short come first."""
        if not (self._is_tree and _MAY_HOLD_BYTES.search(self.short)):
            return []
        return sorted(self._found(), key=lambda found: found.start)

    def _found(self) -> Iterator[InlineAttachment]:
        for node in nodes(self._tree):
            for spelled in spelled_bytes(node):
                head = data_uri_head(spelled.text)
                text = spelled.text[head:]
                if text.startswith(_PLACED):
                    yield self._long(spelled, *self._spans[int(text[len(_PLACED) :])])
                elif text and (head or _BASE64.fullmatch(text)):
                    yield _short(spelled, head)

    def _long(self, spelled: SpelledBytes, head: int, start: int, stop: int) -> InlineAttachment:
        return InlineAttachment(
            start=start,
            stop=stop,
            head=start - head,
            kind=spelled.kind,
            media_type=spelled.media_type,
            text_bytes=stop - head,
            size=_decoded_bytes(self.content, start, stop),
        )

    def has_prefixed_source(self) -> bool:
        """Tell whether the source of a block of Anthropic has a data URI in the place of base64."""
        if not (self._is_tree and b'"data":"data:' in self.short):
            return False
        return any(is_prefixed_source(node) for node in nodes(self._tree))

    def has_image(self) -> bool:
        """Tell whether an image is in it, inline, by URL or by the id of a file.

        It makes no difference whether the bytes of attachments are in the content or cut out.
        """
        if not (self._is_tree and _MAY_HOLD_IMAGES.search(self.short)):
            return False
        return any(is_image(node) for node in nodes(self._tree))


def has_image(content: bytes) -> bool:
    """Tell whether a message has an image, inline, by URL or by the id of a file."""
    return content[:1] != b'"' and Outline(content).has_image()


def _long_string(content: bytes, at: int) -> re.Match[bytes] | None:
    """Find the next long string; other threads run between two pieces of content."""
    for start in range(at, len(content), PIECE_BYTES):
        stop = start + PIECE_BYTES + _STRING_START_BYTES
        if match := _LONG_STRING.search(content, start, stop):
            return match
    return None


def _lengths_of_data_uris(content: bytes) -> Iterator[int]:
    """Yield the length of each data URI that a string is, in pieces of content."""
    at = 0
    while at < len(content):
        found = _ANY_DATA_URI.search(content, at, at + PIECE_BYTES + _DATA_BYTES)
        at += PIECE_BYTES
        if found:
            at = find(content, b'"', found.end())
            yield at - found.start()


def _short(spelled: SpelledBytes, head: int) -> InlineAttachment:
    encoded = spelled.text[head:].encode("utf-8", "surrogatepass")
    size = len(encoded) - 2 * encoded.count(b"%")
    if spelled.text[:head].lower().endswith(";base64,") or not head:
        size = _decoded_bytes(encoded, 0, len(encoded))
    return InlineAttachment(
        start=0,
        stop=0,
        head=head,
        kind=spelled.kind,
        media_type=spelled.media_type,
        text_bytes=head + len(encoded),
        size=size,
    )


def _is_base64(content: bytes, start: int, stop: int) -> bool:
    """Tell whether a part of content is base64, of either alphabet, as JSON may escape it."""
    if _is_of_alphabet(content, start, stop):
        return True
    pieces = safe_pieces(content, start, stop)
    return all(_ESCAPED_BASE64.fullmatch(piece) for piece in pieces)


def _is_of_alphabet(content: bytes, start: int, stop: int) -> bool:
    pieces = range(start, stop, PIECE_BYTES)
    return not any(
        content[at : min(at + PIECE_BYTES, stop)].translate(None, _ALPHABET) for at in pieces
    )


def _decoded_bytes(content: bytes, start: int, stop: int) -> int:
    """Return how many bytes the base64 in a part of content is."""
    chars, last = stop - start, content[max(start, stop - 2) : stop]
    if find(content, b"\\", start, stop) >= 0:
        chars, end = 0, ""
        for piece in safe_pieces(content, start, stop):
            text = json.loads(b'"%b"' % piece)
            chars += len(text) - text.count("\n") - text.count("\r")
            end = (end + text)[-PIECE_BYTES:]
        last = end.rstrip()[-2:].encode()
    return (chars - last.count(b"=")) * 3 // 4


_PLACED = f"~bytes-{secrets.token_hex(16)}-"
_PLACEHOLDER = _PLACED.encode()
"""What no sender can have written: unguessable, and new in each process."""

# A string begins: after the end of one, none of these could follow.
_LONG_STRING = re.compile(
    rb'"(?<=[\[{:,]")(?:(?i:data:)(?:[^"\\,]|\\/){0,256},)?(?=[A-Za-z0-9+/\\_-][^"]{255})'
)
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-"
_ESCAPED_BASE64 = re.compile(
    rb"(?:[A-Za-z0-9+/=_-]++|\\(?:[/nr]|u00(?:0[aAdD]|2[bBdDfF]|3[dD]|5[fF])))++"
)
"""Some encoders escape `/`, `+` and `=`; others break base64 into lines."""

_ANY_DATA_URI = re.compile(rb'(?<=")(?i:data:)')
_DATA_BYTES = len(b"data:")
_BASE64 = re.compile(r"[A-Za-z0-9+/_\r\n-]+={0,2}\s*")

_MAY_HOLD_BYTES = re.compile(rb'"(?:%s|images)":|(?i:data:)' % "|".join(BASE64_KEYS).encode())
_MAY_HOLD_IMAGES = re.compile(b"|".join(IMAGE_WORDS))
