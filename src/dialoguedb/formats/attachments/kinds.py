"""The kinds of attachments by their media types, and the types that their bytes show."""

import binascii
import re
from base64 import b64decode

from dialoguedb.formats.parts import AttachmentKind

MEDIA_TYPE_KEYS = ("media_type", "mime_type", "mimeType", "mediaType")
"""Members that APIs name a media type by."""

_HEAD_CHARS = 16
_HEADS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"%PDF-": "application/pdf",
}

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


def type_of_base64(encoded: str) -> str:
    """Return the media type of images and PDF, which their first bytes show; else an empty one."""
    try:
        return type_of_bytes(b64decode(encoded[:_HEAD_CHARS][: len(encoded) // 4 * 4]))
    except (binascii.Error, ValueError):
        return ""


def type_of_bytes(head: bytes) -> str:
    """Return the same of a file that begins so."""
    if head[:4] == b"RIFF" and head[8:] == b"WEBP":
        return "image/webp"
    return next((name for start, name in _HEADS.items() if head.startswith(start)), "")
