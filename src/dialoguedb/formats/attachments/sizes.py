"""How large an attachment is to a reader: dimensions of an image, pages, seconds."""

from typing import BinaryIO, cast

from msgspec import Struct
from tinytag import TinyTag, TinyTagException

from dialoguedb.formats.attachments.base64_file import Base64File, decoded, standard
from dialoguedb.formats.attachments.pdf import pdf_pages
from dialoguedb.formats.images import dimensions
from dialoguedb.formats.parts import AttachmentKind

_HEAD_CHARS = 512 * 1024
"""The dimensions of an image are within so much of its base64, or are not read."""

_PCM_BYTES_PER_SECOND = 24_000 * 2
"""Of bare samples, as OpenAI sends and takes them: 24 kHz, 16 bits, one channel."""

_PCM_TYPES = frozenset({"audio/pcm", "audio/l16"})

SECONDS_MAX = 24 * 60 * 60.0
"""Longer recordings are not believed: an attachment holds some hours at most."""


class AttachmentSize(Struct, frozen=True):
    """What is known of the size of an attachment; None where it does not apply or is not told."""

    width: int | None = None
    height: int | None = None
    pages: int | None = None
    seconds: float | None = None


def attachment_size(kind: AttachmentKind, media_type: str, base64: str) -> AttachmentSize:
    """Measure an attachment by its headers; for a large PDF this takes a tenth of a second.

    `base64` may be of either alphabet, with or without padding and line breaks.
    """
    if kind == "image":
        size = dimensions(standard(base64[:_HEAD_CHARS]).decode())
        return AttachmentSize(width=size[0], height=size[1]) if size else AttachmentSize()
    if kind == "document":
        return AttachmentSize(pages=pdf_pages(decoded(base64)))
    if kind in {"audio", "video"}:
        return AttachmentSize(seconds=_seconds(media_type, Base64File(base64)))
    return AttachmentSize()


def _seconds(media_type: str, file: Base64File) -> float | None:
    """Return how long a recording is; None when its headers do not tell."""
    if media_type in _PCM_TYPES:
        return file.size / _PCM_BYTES_PER_SECOND
    try:
        duration = TinyTag.get(file_obj=cast("BinaryIO", file), tags=False).duration
    except TinyTagException:
        return None
    return min(duration, SECONDS_MAX) if duration and duration > 0 else None
