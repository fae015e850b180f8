"""Cuts the bytes of attachments out of content, and puts them back, or references in their place.

Where they were is kept beside the content, so that nothing a sender can write means anything.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec
from msgspec import Struct

from dialoguedb.formats.attachments.scanner import InlineAttachment
from dialoguedb.formats.parts import AttachmentKind
from dialoguedb.values.long_values import joined

CUT_BYTES_MIN = 4096
"""The least base64 that is cut out: what is shorter fits one page of a database file."""


BEGINNING_BYTES = 320 * 1024
"""What is looked at of the base64 of an attachment, to tell its dimensions."""

_END_BYTES = 64
_ESCAPE_BYTES = 6
_FOURS = (0, 2, 3)
"""How many characters of base64 follow fours of them, by what follows threes of bytes."""


class CutAttachment(Struct, frozen=True, array_like=True):
    """An attachment whose base64 was cut out of content."""

    at: int
    """Where the base64 was, in the content without those of all attachments."""

    head: int
    """How many bytes of a data URI are before it."""

    sha256: str
    """Of its base64 as it was received, in hexadecimal digits; it names it."""

    text_bytes: int
    """The length of its base64."""

    size: int
    """Its bytes, decoded."""

    kind: AttachmentKind
    media_type: str
    """Empty when it is not known."""


class CutContent(Struct, frozen=True):
    """Content without the base64 of its attachments, and these."""

    content: bytes
    attachments: Sequence[CutAttachment]

    @property
    def full_bytes(self) -> int:
        """The length of the content with its attachments."""
        return len(self.content) + sum(each.text_bytes for each in self.attachments)


def cut(content: bytes, found: Iterable[InlineAttachment]) -> CutContent | None:
    """Cut the attachments of some size out of content; None when there are none."""
    pieces, attachments, end, length = [], [], 0, 0
    for one in found:
        if one.stop - one.start < CUT_BYTES_MIN:
            continue
        pieces.append(content[end : one.start])
        length += one.start - end
        end = one.stop
        text = memoryview(content)[one.start : one.stop]
        attachments.append(
            CutAttachment(
                at=length,
                head=one.head,
                sha256=hashlib.sha256(text).hexdigest(),
                text_bytes=len(text),
                size=one.size,
                kind=one.kind,
                media_type=one.media_type,
            )
        )
    if not attachments:
        return None
    return CutContent(b"".join([*pieces, content[end:]]), attachments)


def texts(content: bytes, attachments: Iterable[CutAttachment]) -> Iterator[tuple[str, memoryview]]:
    """Yield the base64 of cut attachments by its hash, from the content that they were cut from."""
    before, view = 0, memoryview(content)
    for one in attachments:
        start = one.at + before
        before += one.text_bytes
        yield one.sha256, view[start : start + one.text_bytes]


def with_beginnings(content: bytes, attachments: Iterable[CutAttachment]) -> bytes:
    """Return content with no more of the base64 of its attachments than tells their dimensions.

    That is the beginning of each, and its end, so that it stays base64 or none.
    """
    parts: list[bytes | memoryview] = []
    end, before, view = 0, 0, memoryview(content)
    for one in attachments:
        start = one.at + before
        before += one.text_bytes
        left_out = _left_out(content, start, one) if one.text_bytes > 2 * BEGINNING_BYTES else None
        if left_out:
            parts.append(view[end : left_out[0]])
            end = left_out[1]
    return joined([*parts, view[end:]])


def _left_out(content: bytes, start: int, attachment: CutAttachment) -> tuple[int, int] | None:
    """Return which part may be left out: fours of characters, and no escape in two.

    None where escapes are too dense for that.
    """
    stop, end = start + attachment.text_bytes, start + BEGINNING_BYTES
    after = next((at for at in range(stop - _END_BYTES, stop) if _is_apart(content, at)), stop)
    last = _characters(content[after:stop])
    chars = _FOURS[attachment.size % 3] + last.count("=") - len(last)
    for before in range(end, end - _END_BYTES, -1):
        if _is_apart(content, before):
            first = _characters(content[start:before])
            if len(first) % 4 == chars % 4:
                return before, after
    return None


def _is_apart(content: bytes, at: int) -> bool:
    """Tell whether no escape reaches across a place."""
    return b"\\" not in content[at - _ESCAPE_BYTES : at]


def _characters(encoded: bytes) -> str:
    """Return base64 as it is meant, without the ends of lines."""
    text: str = json.loads(b'"%b"' % encoded)
    return text.replace("\n", "").replace("\r", "")


def restore(cut_content: CutContent, text_of: Callable[[str], bytes | memoryview]) -> bytes:
    """Return the content as it was received."""
    pieces, end = [], 0
    for one in cut_content.attachments:
        pieces += [cut_content.content[end : one.at], text_of(one.sha256)]
        end = one.at
    return joined([*pieces, cut_content.content[end:]])


def refer(cut_content: CutContent) -> bytes:
    """Return the content with references in the place of the strings that held the bytes."""
    pieces, end = [], 0
    for one in cut_content.attachments:
        pieces += [cut_content.content[end : one.at - one.head], reference(one.sha256)]
        end = one.at
    return joined([*pieces, cut_content.content[end:]])


def reference(sha256: str) -> bytes:
    """Return the text that stands for an attachment in content with references."""
    return b"attachment:sha256:" + sha256.encode()


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(list[CutAttachment])


def encode(attachments: Sequence[CutAttachment]) -> bytes:
    """Return attachments in the form that is stored."""
    return _encoder.encode(attachments)


def decode(stored: bytes) -> Sequence[CutAttachment]:
    """Return attachments from the form that is stored."""
    return _decoder.decode(stored)
