"""Parses stored messages of any chat API into turns: text, attachments, calls and results.

Content may be a text, a whole message, a single part or an array of parts, in each of the
`spellings`; calls and the ids of calls may also be in the metadata of a message.
"""

from collections.abc import Iterable
from typing import Any, Literal, Protocol

from msgspec import Raw, Struct, UnsetType
from msgspec.structs import replace

from dialoguedb.formats.json_text import decode_stored, string
from dialoguedb.formats.parts import Attachment, Other, Part, Text, ToolCall, ToolResult
from dialoguedb.formats.spellings import adk, langchain, openai
from dialoguedb.formats.spellings.dispatch import READER, tool_parts, visible
from dialoguedb.formats.spellings.part_types import Source
from dialoguedb.values.fields import Id

TOOL_ROLES = ("tool", "function")

Speaker = Literal["system", "user", "assistant", "tool"]

_SPEAKERS: dict[str, Speaker] = {
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("assistant", "ai", "model", "bot", "agent", "ROLE_AGENT"), "assistant"),
    **dict.fromkeys(TOOL_ROLES, "tool"),
}
_KNOWN = {"user", "human", *_SPEAKERS}


class ParsableMessage(Protocol):
    """The fields of a message that are parsed; `model.messages.Message` has them."""

    id: str
    created: str
    seq: int
    role: str
    name: str | UnsetType
    content: Raw
    metadata: Raw
    token_count: int


class Turn(Struct, frozen=True, gc=False):
    """A parsed message."""

    id: Id
    created: str
    seq: int
    speaker: Speaker
    name: str | None
    parts: tuple[Part, ...]
    tokens: int

    @property
    def uses_tools(self) -> bool:
        """Whether it holds a call or a result."""
        return any(type(part) is ToolCall or type(part) is ToolResult for part in self.parts)

    @property
    def has_text(self) -> bool:
        """Whether it shows something beside calls and results."""
        return has_words(self.parts)

    @property
    def is_silent(self) -> bool:
        """Whether it shows nothing, and has what its own provider may want back all the same."""
        return bool(self.parts) and not (self.has_text or self.uses_tools)

    @property
    def by_user(self) -> bool:
        """Whether it is what a user says, not just results of tools."""
        return is_by_user(self.speaker, self.parts)


def is_by_user(speaker: Speaker, parts: Iterable[Part]) -> bool:
    """Tell whether a message is what a user says: a text or an attachment."""
    return speaker == "user" and has_words(parts)


def has_words(parts: Iterable[Part]) -> bool:
    """Tell whether any of the parts shows something that is no call, result or thought."""
    for part in parts:
        if type(part) is Text or type(part) is Attachment:
            return True
        if type(part) is Other and (part.text or part.is_unknown):
            return True
    return False


def speaker_of(role: str) -> Speaker:
    """Return the speaker of a role; an unknown role is a user."""
    return _SPEAKERS.get(role, "user")


def parse_turn(message: ParsableMessage) -> Turn:
    """Parse a message."""
    speaker, parts = parse_parts(message.role, bytes(message.content), bytes(message.metadata))
    return Turn(
        id=message.id,
        created=message.created,
        seq=message.seq,
        speaker=speaker,
        name=message.name if isinstance(message.name, str) else None,
        parts=parts,
        tokens=message.token_count,
    )


def parse_parts(role: str, content: bytes, metadata: bytes) -> tuple[Speaker, tuple[Part, ...]]:
    """Return the speaker and the parts of a message; content and metadata are JSON."""
    if text := text_if_plain(role, content, metadata):
        return speaker_of(role), (Text(text),)
    value = decode_stored(content)
    speaker = _speaker(role, value)
    parts = tool_parts(value) if speaker == "tool" else READER.parts(value)
    return speaker, _with_calls(tuple(parts), speaker, metadata)


def text_if_plain(role: str, content: bytes, metadata: bytes) -> str | None:
    """Return the text of a message that is just a text, as most are; None for any other."""
    if (
        content[:1] != b'"'
        or b"\\" in content
        or b"tool" in metadata
        or content.startswith(b'"data:')
        or role in TOOL_ROLES
    ):
        return None
    text = content[1:-1].decode("utf-8", "replace")
    return text if text and not text.isspace() else None


def _speaker(role: str, value: Any) -> Speaker:
    """Return the speaker; with an unknown role, that of a whole message in the content.

    A known role is never overridden by the content, which anybody may have written.
    """
    inner = _inner_role(value) if role not in _KNOWN and isinstance(value, dict) else ""
    inside = speaker_of(inner or role)
    return speaker_of(role) if inside == "system" else inside


def _inner_role(value: dict[str, Any]) -> str:
    """Return the role that a whole message in the content has."""
    if string(value, "kind") == "response" and "parts" in value:
        return "assistant"
    is_whole = not value.keys().isdisjoint(("content", "parts", "tool_calls", "toolCalls"))
    own = string(value, "role") if is_whole else ""
    return own or langchain.role_of(value) or adk.role_of(value)


def _with_calls(parts: tuple[Part, ...], speaker: Speaker, metadata: bytes) -> tuple[Part, ...]:
    """Add tool calls, or the id of the call that a result belongs to, from the metadata."""
    fields = decode_stored(metadata) if b"tool" in metadata else None
    fields = fields if isinstance(fields, dict) else {}
    if speaker == "tool":
        return _as_results(parts, string(fields, "tool_call_id", "toolCallId", "tool_use_id"))
    is_called = any(type(part) is ToolCall for part in parts)
    if fields and speaker == "assistant" and not is_called:
        found = fields.get("tool_calls") or fields.get("toolCalls")
        return (*parts, *openai.calls(Source("openai", fields, READER), found))
    return parts


def _as_results(parts: tuple[Part, ...], call_id: str) -> tuple[Part, ...]:
    """Return what a tool has written as a result; the id is that of a single one without."""
    results = [part for part in parts if type(part) is ToolResult]
    if not results:
        return (ToolResult(call_id, tuple(visible(parts))),)
    if len(results) > 1 or results[0].call_id:
        return parts
    return tuple(replace(part, call_id=call_id) if part is results[0] else part for part in parts)
