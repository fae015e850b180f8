"""What stands in a window for a part that the dialect cannot hold: words."""

from collections.abc import Iterable

from dialoguedb.formats.images import is_damaged
from dialoguedb.formats.parts import Attachment, Other, Text
from dialoguedb.formats.shown import attachment_text, plain_text


def words(part: Text | Attachment | Other) -> str:
    """Return a part in words."""
    return attachment_text(part) if type(part) is Attachment else plain_text(part)


def joined(parts: Iterable[Text | Attachment | Other]) -> str:
    """Return parts in words, one a line."""
    return "\n".join(filter(None, map(words, parts)))


def is_fetchable(attachment: Attachment) -> bool:
    """Tell whether any provider can read an attachment: it is inline, or at an HTTP URL."""
    if attachment.data:
        return attachment.kind != "image" or (
            attachment.media_type in _IMAGE_TYPES and not is_damaged(attachment.data)
        )
    url = attachment.url
    return url.startswith(("https://", "http://")) and not url.startswith(_FILES_OF_GEMINI)


_FILES_OF_GEMINI = "https://generativelanguage.googleapis.com/"
"""Where files are that were uploaded to Gemini, which only their owner can read there."""

_IMAGE_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
"""The media types that every provider accepts."""
