"""How chat APIs spell attachments: which strings of JSON hold their bytes, and what is an image.

Read off the types of the packages of OpenAI, Anthropic, Google, the AI SDK, LangChain, pydantic-ai,
MCP, Amazon Bedrock, Mistral and Ollama. Bytes are base64, of either alphabet, or a data URI.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from mimetypes import MimeTypes
from typing import Any

from msgspec import Struct

from dialoguedb.formats.attachments.kinds import MEDIA_TYPE_KEYS, kind_of
from dialoguedb.formats.parts import AttachmentKind

Json = Mapping[str, Any]

DATA_URI = re.compile(r"data:(?P<type>[^;,]*)(?:;[^,]*)?,", re.IGNORECASE)
"""What a data URI has before its data, where an API has URLs: with any parameters, in any case."""


class Node(Struct, frozen=True):
    """An object within content, and where it stands."""

    value: Json
    key: str = ""
    """The member that holds it, or the list that it is in."""

    outer: Json = {}
    """The object that has this member."""

    @property
    def type(self) -> str:
        """Its `type`; empty when it has none."""
        return _string(self.value, "type")

    @property
    def media_type(self) -> str:
        """Its media type; empty when it has none."""
        return _string(self.value, *MEDIA_TYPE_KEYS).partition(";")[0].strip().lower()


class SpelledBytes(Struct, frozen=True):
    """A string that stands where an API has the bytes of an attachment."""

    text: str
    kind: AttachmentKind
    media_type: str
    """Empty when it is not known."""


def nodes(tree: Any) -> Iterator[Node]:
    """Yield every object of decoded JSON, at any depth."""
    pending: list[tuple[Any, str, Json]] = [(tree, "", {})]
    while pending:
        value, key, outer = pending.pop()
        if isinstance(value, dict):
            yield Node(value, key, outer)
            pending += [(item, name, value) for name, item in value.items() if _is_tree(item)]
        elif isinstance(value, list):
            pending += [(item, key, outer) for item in value if _is_tree(item)]


def spelled_bytes(node: Node) -> Iterator[SpelledBytes]:
    """Yield the strings of an object that hold bytes, if it is an attachment of some API."""
    for name, text in node.value.items():
        if isinstance(text, list) and name == "images" and _is_message(node.value):  # Ollama
            yield from (_image(item) for item in text if isinstance(item, str))
        elif isinstance(text, str):
            uri = DATA_URI.match(text)
            if uri and name in _URI_KEYS:
                media_type = type_of_uri(uri) or node.media_type
                yield SpelledBytes(text, _kind(media_type, node), media_type)
            elif name in BASE64_KEYS and not uri and BASE64_KEYS[name](node):
                media_type = _media_type(node)
                yield SpelledBytes(text, _kind(media_type, node), media_type)


def is_image(node: Node) -> bool:
    """Tell whether an object is an image, inline, by URL or by the id of a file."""
    value = node.value
    if node.type in _IMAGE_TYPES or _string(value, "kind") == "image-url":
        return True
    if _is_generated(node):
        return isinstance(value.get("result", value.get("output")), str)
    if _string(value, "content_type") == "image_asset_pointer":  # an export of ChatGPT
        return True
    if node.media_type.startswith("image/") and not _LOCATORS.isdisjoint(value):
        return True
    return any(found.kind == "image" for found in spelled_bytes(node))


def is_prefixed_source(node: Node) -> bool:
    """Tell whether the source of a block of Anthropic has a data URI in the place of base64."""
    is_source = node.key == "source" and _string(node.outer, "type") in {"image", "document"}
    return is_source and node.type != "text" and _string(node.value, "data").startswith("data:")


def type_of_uri(head: re.Match[str]) -> str:
    """Return the media type of a data URI; empty when it has none."""
    return head["type"].strip().lower()


def data_uri_head(text: str) -> int:
    """Return the length of what a data URI has before its data; 0 when it is none."""
    uri = DATA_URI.match(text)
    return uri.end() if uri else 0


def _is_tree(value: Any) -> bool:
    return isinstance(value, dict | list)


def _string(value: Json, *names: str) -> str:
    found = (value.get(name) for name in names)
    return next((text for text in found if isinstance(text, str)), "")


def _is_message(value: Json) -> bool:
    return isinstance(value.get("role"), str) and "content" in value


def _image(text: str) -> SpelledBytes:
    return SpelledBytes(text, "image", "")


def _media_type(node: Node) -> str:
    """Return the media type of base64 in an object: named, by its format, or by its file's name."""
    outer = node.outer if isinstance(node.outer, dict) else {}
    named = node.media_type or (Node(outer).media_type if _is_wrapped(node) else "")
    if named:
        return named
    container = outer if node.key == "source" else node.value
    file_format = _string(container, "format", "output_format").lower()
    if file_format:
        medium = (
            "audio" if "audio" in node.key else _MEDIUM_OF_FORMATS.get(file_format, "application")
        )
        return _OF_FORMATS.get(file_format, f"{medium}/{file_format}")
    guessed, _ = _types.guess_type(_string(node.value, "filename", "file_name", "name"))
    return guessed or ("image/png" if _is_generated(node) else "")


def _kind(media_type: str, node: Node) -> AttachmentKind:
    if media_type:
        return kind_of(media_type)
    hints = (node.type, node.key, *node.value)
    return next((kind for kind in _HINTED for hint in hints if kind in hint), "file")


def _is_wrapped(node: Node) -> bool:
    """Tell whether it is the data of a file that has the media type, as in AI SDK 7."""
    return node.key == "data" and node.type == "data"


def _has_media_type(node: Node) -> bool:
    """Tell whether it is bytes with a media type; a plain text may have one as well."""
    return bool(node.media_type) and node.type != "text"


def _is_data(node: Node) -> bool:
    return (
        _has_media_type(node)
        or node.key in {"input_audio", "audio", "inline_data", "inlineData"}
        or _string(node.value, "source_type") == "base64"
        or _is_wrapped(node)
        or _is_llamaindex(node)
        or _is_strands(node)
        or _is_autogen(node)
    )


def _is_block(node: Node) -> bool:
    return node.type in {"image", "audio", "video", "file", "text-plain"} or _has_media_type(node)


def _is_bedrock(node: Node) -> bool:
    return node.key == "source" and "format" in node.outer


def _is_autogen(node: Node) -> bool:
    """Tell whether it is an image in the content of a message with its `source`."""
    is_bare = node.key == "content" and len(node.value) == 1
    return is_bare and isinstance(node.outer.get("source"), str)


def _is_strands(node: Node) -> bool:
    """Tell whether it is bytes as Strands Agents writes them."""
    return node.value.get("__bytes_encoded__") is True


def _is_llamaindex(node: Node) -> bool:
    return isinstance(node.value.get("block_type"), str)


def _is_generated(node: Node) -> bool:
    """Tell whether it is an image that OpenAI has made, also as its Agents SDK writes it."""
    kind = _string(node.value, "name") if node.type == "hosted_tool_call" else node.type
    return kind == "image_generation_call"


_HINTED: tuple[AttachmentKind, ...] = ("image", "audio", "video", "document")

BASE64_KEYS: dict[str, Callable[[Node], bool]] = {
    "data": _is_data,
    "base64": _is_block,
    "base64Data": _has_media_type,
    "base64_data": _is_block,
    "blob": lambda node: _has_media_type(node) or "uri" in node.value,
    "bytes": lambda node: _is_bedrock(node) or _has_media_type(node),
    "raw": _has_media_type,
    **dict.fromkeys(("image_bytes", "imageBytes", "video_bytes", "videoBytes"), _has_media_type),
    "image": lambda node: node.type == "image" or _is_llamaindex(node),
    "audio": lambda node: (
        node.type in {"input_audio", "output_audio", "audio"} or _is_llamaindex(node)
    ),
    "video": _is_llamaindex,
    "base64_image": _has_media_type,
    "input_audio": lambda node: node.type == "input_audio",
    "file_data": lambda _: True,
    **dict.fromkeys(("result", "output"), _is_generated),
}
"""Members that hold base64, and what makes an object the one that has them."""

_URLS = ("image_url", "imageUrl", "file_url", "audio_url", "video_url", "document_url")
_URI_KEYS = frozenset(
    {"url", "uri", "src", "file", "file_uri", "fileUri", *_URLS, *BASE64_KEYS}
    - {"result", "output"}
)
"""Members that may hold a data URI; a text that is one stays a text."""

_LOCATORS = frozenset({*_URI_KEYS, "file_id", "fileId", "providerReference"})
"""Members that say where the bytes of an object with a media type are."""

_IMAGE_TYPES = frozenset(
    {"image", "image_url", "input_image", "computer_screenshot", "image_file"}
    | {"image-url", "image-data", "image-file-id", "image-file-reference"}
)
_OF_FORMATS = {"jpg": "image/jpeg", "mp3": "audio/mpeg", "pcm16": "audio/pcm"}
_MEDIUM_OF_FORMATS = {
    **dict.fromkeys(("jpeg", "png", "gif", "webp"), "image"),
    **dict.fromkeys(("mp4", "mpeg", "webm", "mov", "mkv", "flv", "3gp"), "video"),
    **dict.fromkeys(("wav", "flac", "ogg", "opus", "aac"), "audio"),
}
_types = MimeTypes()  # what Python knows; not the files of this machine
