"""Reads attachments: their bytes, URLs and names, wherever an API has them."""

import re
from collections.abc import Iterator
from typing import Any

from dialoguedb.formats.attachments.kinds import MEDIA_TYPE_KEYS, kind_of, type_of_base64
from dialoguedb.formats.attachments.spellings import DATA_URI, type_of_uri
from dialoguedb.formats.json_text import is_encoded, replace_surrogates, string
from dialoguedb.formats.parts import Attachment, AttachmentKind, Part
from dialoguedb.formats.spellings.part_types import Json, Read, Source

_HOLDERS = (
    "source",
    "image_url",
    "audio_url",
    "video_url",
    "document_url",
    "input_audio",
    "image_file",
    "file",
    "audio",
    "image",
    "inlineData",
    "inline_data",
    "fileData",
    "file_data",
    "resource",
    "data",
    "content",
)
"""Objects within a part that have its bytes or its URL."""

_DATA_KEYS = ("data", "file_data", "base64", "image", "audio", "blob", "bytes", "raw")
_URL_KEYS = ("url", "uri", "fileUri", "file_uri", "file_url", *_HOLDERS[1:5])
_ID_KEYS = ("file_id", "fileId")
_NAME_KEYS = ("filename", "display_name", "displayName", "title", "name")
_TEXT_KEYS = ("transcript", "alt", "alt_text", "caption", "description")
_KNOWN = frozenset({*_HOLDERS, *_DATA_KEYS, *_URL_KEYS, *_NAME_KEYS, *_TEXT_KEYS, *MEDIA_TYPE_KEYS})

_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_SAFE_ALPHABET = str.maketrans("-_", "+/", " \r\n")
_READS_URLS = frozenset({"anthropic", "responses", "gemini"})
"""The APIs that read more than images at a URL, each in a spelling of its own."""

_AUDIO_FORMATS = {"mp3": "audio/mpeg"}
_DOCUMENT_NAMES = re.compile(r"\.(?:pdf|txt|md|csv|html?|docx?|xlsx?|pptx?)\Z", re.IGNORECASE)


def attachment(kind: AttachmentKind | None = None) -> Read:
    """Read an attachment; without a kind, its media type or its name tell it."""

    def read(source: Source) -> Iterator[Part]:
        yield attachment_of(source, kind)

    return read


def data_uri(text: str) -> Attachment | None:
    """Return the attachment that a text is, if it is just a data URI with base64."""
    head = DATA_URI.match(text)
    if head is None or not head["type"] or not head[0].endswith(";base64,"):
        return None
    data = _base64(text[head.end() :])
    media_type = _true_type(type_of_uri(head), data)
    return Attachment(kind_of(media_type), media_type=media_type, data=data) if data else None


def attachment_of(source: Source, kind: AttachmentKind | None = None) -> Attachment:
    """Return an object as an attachment, with the object itself if that says more."""
    value = source.value
    fields = _fields(value)
    data, url = string(fields, *_DATA_KEYS), string(fields, *_URL_KEYS)
    media_type = string(fields, *MEDIA_TYPE_KEYS) or _audio_type(fields)
    if not url and (data[:5].lower() == "data:" or "://" in data[:32]):
        data, url = "", data
    if head := DATA_URI.match(url):
        media_type, data, url = type_of_uri(head) or media_type, url[head.end() :], ""
    elif is_encoded(url):
        data, url = url, ""
    data = _base64(data)
    if kind == "image" and not media_type:
        media_type = type_of_base64(data)
    media_type = _true_type(media_type, data)
    name, file_id = string(fields, *_NAME_KEYS), string(fields, *_ID_KEYS)
    is_own = file_id or (url and source.spelling in _READS_URLS)
    return Attachment(
        _kind(kind, media_type, name),
        url,
        media_type,
        data,
        file_id,
        name,
        string(fields, *_TEXT_KEYS),
        source.native if is_own else source.native_beyond(_KNOWN),
    )


def _true_type(media_type: str, data: str) -> str:
    """Return the type that the bytes of an image or a PDF show, whatever else they are called.

    Some programs call every picture a JPEG, and a provider refuses the whole request for it.
    """
    is_shown = media_type.startswith("image/") or media_type == "application/pdf"
    return (type_of_base64(data) if is_shown else "") or media_type


def _kind(kind: AttachmentKind | None, media_type: str, name: str) -> AttachmentKind:
    if media_type and media_type != "application/octet-stream":
        found = kind_of(media_type)
        return kind if kind and found == "file" else found
    if kind:
        return kind
    return "document" if _DOCUMENT_NAMES.search(name) else "file"


def _fields(value: Json) -> Json:
    """Return the members of a part together with those of the objects in it."""
    fields: dict[str, Any] = {}
    for key in _HOLDERS:
        inner = value.get(key)
        if isinstance(inner, dict):
            fields |= _fields(inner) if key == "content" else inner
    own = {key: item for key, item in value.items() if not isinstance(item, dict | list)}
    return {**fields, **{key: item for key, item in own.items() if item is not None}}


def _audio_type(fields: Json) -> str:
    """Return the media type of audio whose format alone is named."""
    name = string(fields, "format")
    return _AUDIO_FORMATS.get(name, f"audio/{name}") if name.isalnum() else ""


_SAMPLE_CHARS = 65_536


def _base64(data: str) -> str:
    """Return base64 in the usual alphabet, padded; empty when it is none."""
    if not data or not data.isascii():
        return ""
    data = data.translate(_SAFE_ALPHABET)
    data += "=" * (-len(data) % 4)
    is_valid = _BASE64.fullmatch(data[:_SAMPLE_CHARS]) and _BASE64.fullmatch(data[-4:])
    return replace_surrogates(data) if is_valid else ""
