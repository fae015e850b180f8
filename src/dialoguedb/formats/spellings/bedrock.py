"""The messages of Amazon Bedrock's Converse, also as Strands Agents keeps them.

A block has one member, which tells its type. Bytes are base64; Strands writes them as an object.
"""

from collections.abc import Callable, Iterator
from mimetypes import MimeTypes
from typing import Any

from dialoguedb.formats.json_text import json_text, string
from dialoguedb.formats.parts import (
    Attachment,
    AttachmentKind,
    Other,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolKind,
    ToolResult,
)
from dialoguedb.formats.spellings.media import attachment_of
from dialoguedb.formats.spellings.part_types import (
    Json,
    PartKind,
    PartType,
    Read,
    Source,
    Visible,
    shape,
)
from dialoguedb.formats.spellings.readers import (
    arguments_text,
    inner_text,
    text_part,
    visible_parts,
)

_media_types = MimeTypes()  # what Python knows; not the files of this machine
_media_types.add_type("text/markdown", ".md")


def _inner(source: Source) -> Json:
    """Return what the only member of a block holds."""
    inner: Json = next(item for item in source.value.values() if item is not None)
    return inner


def _kind(inner: Json) -> ToolKind:
    return "server" if string(inner, "type").startswith("server_") else "function"


def _call(source: Source) -> Iterator[Part]:
    call = _inner(source)
    arguments = arguments_text(call.get("input"))
    name = string(call, "name") or "tool"
    yield ToolCall(string(call, "toolUseId"), name, arguments, _kind(call))


def _result(source: Source) -> Iterator[Part]:
    found = _inner(source)
    content = found.get("content")
    blocks = content if isinstance(content, list) else [content]
    parts = tuple(part for block in blocks for part in _output(source, block))
    failed = string(found, "status") == "error"
    yield ToolResult(string(found, "toolUseId"), parts, failed, _kind(found))


def _output(source: Source, block: Any) -> Iterator[Visible]:
    if isinstance(block, dict) and block.keys() == {"json"}:
        yield Text(json_text(block["json"]))
    else:
        yield from visible_parts(source, block)


def _reasoning(source: Source) -> Iterator[Part]:
    inner = _inner(source)
    thought = inner.get("reasoningText")
    thought = thought if isinstance(thought, dict) else {}
    data = _bytes(inner.get("redactedContent"))
    yield Reasoning(string(thought, "text"), string(thought, "signature"), data)


def _bytes(value: Any) -> str:
    return string(value, "data") if isinstance(value, dict) else value or ""


def _attachment(kind: AttachmentKind) -> Read:
    def read(source: Source) -> Iterator[Part]:
        inner = _inner(source)
        origin = inner.get("source")
        origin = origin if isinstance(origin, dict) else {}
        name, media_type = string(inner, "name"), _media_type(kind, string(inner, "format"))
        if written := inner_text(source, origin.get("text") or origin.get("content")):
            yield Attachment(kind, media_type=media_type, name=name, text=written)
            return
        location = origin.get("s3Location")
        uri = string(location, "uri") if isinstance(location, dict) else ""
        data = _bytes(origin.get("bytes"))
        flat = {"data": data, "url": uri, "mimeType": media_type, "name": name}
        yield attachment_of(source.of({key: item for key, item in flat.items() if item}), kind)

    return read


def _media_type(kind: AttachmentKind, form: str) -> str:
    guessed, _ = _media_types.guess_type(f"a.{form}")
    if kind == "document":
        return guessed or ""
    return guessed if guessed and guessed.startswith(f"{kind}/") else f"{kind}/{form}"


def _texts(source: Source) -> Iterator[Part]:
    """Read texts that a block holds: of a guard, which may hold an image, or with citations."""
    inner = _inner(source)
    yield from source.reader.parts(inner.get("text", inner.get("content")))
    if "image" in inner:
        yield from source.reader.parts({"image": inner["image"]})


def _search_result(source: Source) -> Iterator[Part]:
    inner = _inner(source)
    written = inner_text(source, inner.get("content"))
    lines = (string(inner, "title"), string(inner, "source"), written)
    yield from text_part("\n".join(filter(None, lines)))


def _opaque(source: Source) -> Iterator[Part]:
    yield Other(next(iter(source.value)), native=source.native)


def _has(key: str, *inner: str) -> Callable[[Json], bool]:
    """Return whether an object is a block with this member, which has one of the inner ones."""

    def fits(value: Json) -> bool:
        held = value.get(key)
        is_only = all(item is None for name, item in value.items() if name != key)
        return is_only and isinstance(held, dict) and not held.keys().isdisjoint(inner)

    return fits


def _block(kind: PartKind, read: Read, key: str, *inner: str) -> PartType:
    return shape(f"`{key}`", kind, read, (key,), _has(key, *inner))


TYPES = [
    _block("call", _call, "toolUse", "toolUseId", "name"),
    _block("result", _result, "toolResult", "toolUseId", "content"),
    _block("reasoning", _reasoning, "reasoningContent", "reasoningText", "redactedContent"),
    _block("attachment", _attachment("image"), "image", "format"),
    _block("attachment", _attachment("document"), "document", "format", "source"),
    _block("attachment", _attachment("video"), "video", "format"),
    _block("attachment", _attachment("audio"), "audio", "format"),
    _block("text", _texts, "guardContent", "text", "image"),
    _block("text", _texts, "citationsContent", "content"),
    _block("text", _search_result, "searchResult", "content"),
    _block("opaque", _opaque, "cachePoint", "type"),
    _block("opaque", _opaque, "toolAddition", "tool"),
    _block("opaque", _opaque, "toolRemoval", "tool"),
]
