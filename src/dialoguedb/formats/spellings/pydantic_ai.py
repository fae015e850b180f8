"""pydantic-ai's messages: `kind` tells a request from a response, `part_kind` its parts."""

from collections.abc import Iterator

from dialoguedb.formats.json_text import json_text
from dialoguedb.formats.parts import Attachment, Part, Reasoning, Text, ToolResult
from dialoguedb.formats.spellings.media import attachment, attachment_of
from dialoguedb.formats.spellings.part_types import PartKind, PartType, Read, Source, Visible
from dialoguedb.formats.spellings.readers import (
    CallKeys,
    arguments_of,
    call,
    nested,
    opaque,
    server_call,
    text,
    text_part,
)


def _thinking(source: Source) -> Iterator[Part]:
    yield Reasoning(source.string("content"), native=source.native)


def _returned(source: Source) -> Iterator[Part]:
    """Read what a tool has returned; `retried` and `denied` are outcomes of a failure."""
    value = source.value
    kind = source.string("part_kind")
    failed = source.string("outcome") not in {"", "success"}
    yield ToolResult(
        source.string("tool_call_id"),
        source.reader.output(value.get("content")),
        failed,
        "server" if kind.startswith("builtin") else "function",
        source.string("tool_name"),
        source.native,
    )


def _retry(source: Source) -> Iterator[Part]:
    """Read a request to try again: of a tool it is the result, else it is a user's."""
    content = source.value.get("content")
    problem = content if isinstance(content, str) else json_text(content)
    if not source.string("tool_name"):
        yield from text_part(problem)
        return
    parts: tuple[Visible, ...] = tuple(text_part(problem))
    call_id, name = source.string("tool_call_id"), source.string("tool_name")
    yield ToolResult(call_id, parts, is_error=True, name=name, native=source.native)


def _server_call(source: Source) -> Iterator[Part]:
    yield server_call(source, arguments=arguments_of(source.value, "args"))


def _speech(source: Source) -> Iterator[Part]:
    audio = source.value.get("audio")
    if isinstance(audio, dict):
        heard = attachment_of(source.of(audio), "audio")
        transcript = source.string("transcript")
        yield Attachment("audio", heard.url, heard.media_type, heard.data, text=transcript)
    else:
        yield from text_part(source.value.get("transcript"))


def _written(source: Source) -> Iterator[Part]:
    """Read a content that may be structured, as text."""
    content = source.value.get("content")
    if isinstance(content, str | list | None):
        yield from source.reader.parts(content)
    else:
        yield Text(json_text(content))


_CALL = call(
    CallKeys(
        id=("tool_call_id",),
        name=("tool_name",),
        arguments=("args",),
        known=("part_kind", "tool_kind", "id", "provider_name"),
    )
)


def _parts(kind: PartKind, read: Read, *names: str) -> list[PartType]:
    return [PartType(name, kind, read, by="part_kind") for name in names]


def _contents(
    kind: PartKind, read: Read, *names: str, keys: tuple[str, ...] = ()
) -> list[PartType]:
    return [PartType(name, kind, read, keys, by="kind") for name in names]


TYPES = [
    *_contents("message", nested("parts"), "request", "response", keys=("parts",)),
    *_parts("text", text("content"), "system-prompt", "user-prompt", "text"),
    *_parts("text", _written, "retry-feedback"),
    *_parts("reasoning", _thinking, "thinking"),
    *_parts("call", _CALL, "tool-call"),
    *_parts("result", _returned, "tool-return"),
    *_parts("result", _retry, "retry-prompt"),
    *_parts("server call", _server_call, "builtin-tool-call"),
    *_parts("server result", _returned, "builtin-tool-return"),
    *_parts("attachment", attachment(), "file"),
    *_parts("attachment", _speech, "speech"),
    *_parts("opaque", opaque("content"), "compaction"),
    *_parts("opaque", opaque(), "instruction", "instruction-baseline", "instruction-delta"),
    *_parts("opaque", opaque(), "instruction-digest", "capability-load-delta"),
    *_parts("opaque", opaque(), "model-settings-delta", "tool-availability-delta"),
    *_contents("text", _written, "text-content", "structured-content", keys=("content",)),
    *_contents("attachment", attachment("image"), "image-url", keys=("url",)),
    *_contents("attachment", attachment("audio"), "audio-url", keys=("url",)),
    *_contents("attachment", attachment("video"), "video-url", keys=("url",)),
    *_contents("attachment", attachment("document"), "document-url", keys=("url",)),
    *_contents("attachment", attachment(), "binary", keys=("data",)),
    *_contents("attachment", attachment(), "uploaded-file", keys=("file_id",)),
    *_contents("opaque", opaque(), "cache-point"),
]
