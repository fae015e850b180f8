"""The kinds of attachments, by their media types."""

import re

from dialoguedb.formats.parts import AttachmentKind

MEDIA_TYPE_KEYS = ("media_type", "mime_type", "mimeType", "mediaType")
"""Members that APIs name a media type by."""

_DOCUMENT_TYPES = re.compile(r"application/(?:pdf|x-pdf|json|xml|rtf|msword|vnd\.)|text/")


def kind_of(media_type: str) -> AttachmentKind:
    """Return the kind of a media type."""
    match media_type.partition("/")[0]:
        case "image":
            return "image"
        case "audio":
            return "audio"
        case "video":
            return "video"
    return "document" if _DOCUMENT_TYPES.match(media_type) else "file"
