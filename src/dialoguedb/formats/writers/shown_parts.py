"""What stands in a window for a part that the dialect cannot hold: words."""

from collections.abc import Iterable

from dialoguedb.formats.parts import Attachment, Other, Text
from dialoguedb.formats.shown import plain_text


def placeholder(attachment: Attachment) -> str:
    """Return the name of an attachment in brackets, and its words if it has any."""
    detail = attachment.name or attachment.url
    named = f"[{attachment.kind} {detail}]" if detail else f"[{attachment.kind}]"
    return f"{named} {attachment.text}" if attachment.text else named


def words(part: Text | Attachment | Other) -> str:
    """Return a part in words."""
    return placeholder(part) if isinstance(part, Attachment) else plain_text(part)


def joined(parts: Iterable[Text | Attachment | Other]) -> str:
    """Return parts in words, one a line."""
    return "\n".join(filter(None, map(words, parts)))


def is_fetchable(attachment: Attachment) -> bool:
    """Tell whether a provider can read an attachment: it is inline, or at an HTTP URL."""
    return bool(attachment.data) or attachment.url.startswith(("https://", "http://"))
