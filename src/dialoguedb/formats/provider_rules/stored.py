"""Stored messages as a program would send them to a provider, without putting anything right."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dialoguedb.formats.dialects import write_alone
from dialoguedb.formats.json_text import decode_stored
from dialoguedb.formats.parts import Part, ToolCall, ToolResult
from dialoguedb.formats.provider_rules.rule import Json, Provider, SentMessages, dicts, text_of
from dialoguedb.formats.provider_rules.spellings import (
    is_message,
    is_of_system,
    is_own,
    text_in,
)
from dialoguedb.formats.spellings.responses import CONTENT_TYPES
from dialoguedb.formats.turns import ParsableMessage, parse_turn, speaker_of
from dialoguedb.values.fields import Dialect

DIALECTS: dict[Provider, Dialect] = {
    "openai": "openai",
    "mistral": "openai",
    "strict": "openai",
    "responses": "responses",
    "anthropic": "anthropic",
    "gemini": "gemini",
}
"""The dialect that a provider's messages are written in."""

_TAKES_SYSTEM_APART = frozenset({"anthropic", "gemini"})


class StoredAsSent(Struct, frozen=True):
    """Messages of a provider, and the stored message that each is from."""

    sent: SentMessages
    ids: Sequence[str]


def as_sent(provider: Provider, messages: Iterable[ParsableMessage]) -> StoredAsSent:
    """Return stored messages, oldest first, in the spelling of a provider.

    What is in that spelling stays as it is, wrong or not; what another API wrote is converted,
    message by message. The first messages go where the provider takes what is the system's.
    """
    reader = _StoredReader(provider)
    for message in messages:
        reader.add(message)
    system = "\n\n".join(filter(None, reader.system))
    return StoredAsSent(SentMessages(reader.written, system), reader.ids)


class _StoredReader:
    """Writes one message after the other."""

    def __init__(self, provider: Provider) -> None:
        self.written: list[Json] = []
        self.ids: list[str] = []
        self.system: list[str] = []
        self._provider = provider
        self._names: dict[str, str] = {}
        """The tools of the calls so far: of some APIs only the call names it, not the result."""

        self._is_converted = False

    def add(self, message: ParsableMessage) -> None:
        """Write the next message."""
        value = decode_stored(bytes(message.content))
        own = _own(self._provider, message, value)
        for one in self._converted(message) if own is None else own:
            self._append(message.id, one, is_converted=own is None)

    def _append(self, message_id: str, one: Json, *, is_converted: bool) -> None:
        apart = self._provider in _TAKES_SYSTEM_APART
        last = self.written[-1] if self.written else {}
        if apart and not self.written and is_of_system(one):
            self.system.append(text_in(one))
        elif is_converted and self._is_converted and _joins(last, one):
            self.written[-1] = {**last, "parts": [*last["parts"], *one["parts"]]}
        else:
            self.written.append(one)
            self.ids.append(message_id)
        self._is_converted = is_converted

    def _converted(self, message: ParsableMessage) -> Iterator[Json]:
        turn = parse_turn(message)
        calls = [part for part in turn.parts if isinstance(part, ToolCall)]
        self._names |= {call.id: call.name for call in calls}
        parts = tuple(map(self._named, turn.parts))
        if turn.speaker == "system" and self._provider == "gemini":
            yield {"role": message.role, "parts": [{"text": text_in({"content": _texts(parts)})}]}
            return
        for one in write_alone(replace(turn, parts=parts), DIALECTS[self._provider]):
            # Anthropic's writer takes what is the system's for a user's.
            yield {**one, "role": message.role} if turn.speaker == "system" else one

    def _named(self, part: Part) -> Part:
        """Return a part; a result with the name of its tool."""
        if isinstance(part, ToolResult) and not part.name:
            return replace(part, name=self._names.get(part.call_id, ""))
        return part


def _joins(last: Json, one: Json) -> bool:
    """Tell whether converted contents of Gemini are one: an API's results come one by one."""
    return "parts" in last and "parts" in one and last.get("role") == one.get("role")


def _own(provider: Provider, message: ParsableMessage, value: Any) -> list[Json] | None:
    """Return messages that are in the provider's spelling; None when they are another API's."""
    if provider == "responses":
        return _items(message.role, value)
    if provider == "gemini":
        return _contents(message.role, value)
    return _chat_messages(provider, message, value)


def _texts(parts: Iterable[Any]) -> list[Json]:
    return [{"text": getattr(part, "text", "")} for part in parts]


def _chat_messages(provider: Provider, message: ParsableMessage, value: Any) -> list[Json] | None:
    """Return messages with `role` and `content`; None when their parts are another API's."""
    if isinstance(value, str):
        return None if _calls_in_metadata(message) else [_of_text(provider, message, value)]
    values = value if isinstance(value, list) else [value]
    if values and all(is_message(one) and "parts" not in one for one in values):
        own = [{"role": message.role, **one} for one in values]
        is_right = all(_is_right(provider, one) for one in own)
        return own if is_right else None
    parts = dicts(values)
    if len(parts) == len(values) and not any(map(is_message, parts)) and is_own(provider, parts):
        typed = all(text_of(part, "type") for part in parts)
        return [{"role": message.role, "content": parts}] if typed else None
    return None


_OF_OTHERS = frozenset({"toolCalls", "toolCallId"})
"""Members by which messages of the Agent User Interaction Protocol are told from those of chats."""


def _is_right(provider: Provider, message: Json) -> bool:
    """Tell whether a whole message is in the provider's spelling."""
    if not _OF_OTHERS.isdisjoint(message):
        return False
    if provider == "anthropic" and ("tool_calls" in message or message["role"] == "tool"):
        return False
    return is_own(provider, dicts(message.get("content")))


def _of_text(provider: Provider, message: ParsableMessage, text: str) -> Json:
    name = message.name if isinstance(message.name, str) else ""
    named = {"name": name} if name and provider != "anthropic" else {}
    return {"role": message.role, **named, "content": text}


def _calls_in_metadata(message: ParsableMessage) -> bool:
    """Tell whether the metadata has the calls of a message, or the id of the call it answers."""
    is_tools = speaker_of(message.role) == "tool"
    metadata = bytes(message.metadata)
    return is_tools or b"tool_calls" in metadata or b"toolCalls" in metadata


def _items(role: str, value: Any) -> list[Json] | None:
    """Return items of Responses; None when they are another API's."""
    if isinstance(value, str):
        return [{"role": role, "content": value}] if speaker_of(role) != "tool" else None
    items = dicts(value if isinstance(value, list) else [value])
    is_whole = len(items) == (len(value) if isinstance(value, list) else 1)
    if not items or not is_whole or not all(map(_is_item, items)):
        return None
    if all(text_of(one, "type") in CONTENT_TYPES for one in items):
        return [{"role": role, "content": items}]
    return items if all(text_of(one, "type") or is_message(one) for one in items) else None


def _is_item(value: Json) -> bool:
    """Tell whether a value is an item of Responses, or a part of one, as far as is known."""
    is_chat = "tool_calls" in value or value.get("role") == "tool"
    return (
        not is_chat
        and _OF_OTHERS.isdisjoint(value)
        and is_own("responses", [value, *dicts(value.get("content"))])
    )


def _contents(role: str, value: Any) -> list[Json] | None:
    """Return contents of Gemini; None when they are another API's."""
    if isinstance(value, str):
        return [{"role": _gemini_role(role), "parts": [{"text": value}]}] if value else None
    if isinstance(value, dict) and isinstance(value.get("parts"), list):
        own = {"role": _gemini_role(role), **value}
        return [own] if not any(text_of(one, "type") for one in dicts(own["parts"])) else None
    parts = dicts(value if isinstance(value, list) else [value])
    is_whole = len(parts) == (len(value) if isinstance(value, list) else 1)
    if not is_whole or any("type" in one or is_message(one) for one in parts):
        return None
    return [{"role": _gemini_role(role), "parts": parts}] if parts else None


def _gemini_role(role: str) -> str:
    """Return the role as every program maps it; that of the system stays for the rules."""
    speaker = speaker_of(role)
    return {"assistant": "model", "user": "user", "tool": "user"}.get(speaker, role)
