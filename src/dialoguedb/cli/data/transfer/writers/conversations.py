"""Writes conversations as other programs keep them: JSON Lines, a conversation a line."""

from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

from msgspec import Struct

from dialoguedb.cli.data.transfer.conversions import pruned
from dialoguedb.cli.data.transfer.lines import DialogueLine, EndLine, MemoryLine, MessageLine
from dialoguedb.cli.data.transfer.readers import anthropic, openai, sharegpt, ui_messages
from dialoguedb.cli.data.transfer.writers.left_out import LeftOut
from dialoguedb.cli.data.transfer.writers.writer import StoredMessages
from dialoguedb.client.encoding import json_codec
from dialoguedb.formats.history_parts import in_parts
from dialoguedb.formats.outgoing.messages import Losses
from dialoguedb.formats.tool_links import ToolLinker, ToolPairs
from dialoguedb.formats.transcoder import (
    WITHOUT_SYSTEM,
    Transcodable,
    Transcoder,
    system_texts,
)
from dialoguedb.formats.turns import Turn, parse_parts

Json = dict[str, Any]


class _Shape(Struct, frozen=True):
    """How the conversations of a format are written."""

    target: Transcodable
    messages: str
    """The member that holds the messages."""

    about: Callable[[DialogueLine], Json]
    """Returns what stands before them."""


class _Overview(Struct):
    """What has to be known of a whole dialogue before its first message is written."""

    system: list[str] = []
    """What the system says."""

    late_system: int = 0
    """How many messages of the system stand behind others."""

    pairs: ToolPairs = {}


def _with_created_at(dialogue: DialogueLine) -> Json:
    return {"id": dialogue.id, "title": dialogue.label, "created_at": dialogue.created}


SHAPES: Mapping[str, _Shape] = {
    openai.CHAT: _Shape("openai", "messages", _with_created_at),
    openai.RESPONSES: _Shape("responses", "input", _with_created_at),
    anthropic.NAME: _Shape("anthropic", "messages", _with_created_at),
    ui_messages.NAME: _Shape(
        "ui-message",
        "messages",
        lambda one: {"id": one.id, "title": one.label, "createdAt": one.created},
    ),
    sharegpt.NAME: _Shape(
        "sharegpt", "conversations", lambda one: {"id": one.id, "title": one.label}
    ),
}
"""The formats, by the names that an import has for them."""


class ConversationWriter:
    """Writes each dialogue as one line, a part of its messages after the other."""

    needs_parents = False

    def __init__(self, format_name: str, out: IO[bytes], left_out: LeftOut) -> None:
        self._shape = SHAPES[format_name]
        self._out = out
        self._left_out = left_out
        self._dialogues = 0
        self._messages = 0

    def add_dialogue(self, dialogue: DialogueLine, messages: StoredMessages) -> None:
        """Write a conversation, unless there is nothing to write in it."""
        if not messages.count:
            self._left_out.add("empty dialogue")
            return
        about = pruned(self._shape.about(dialogue))
        self._left_out.add_beside(dialogue)
        self._left_out.add("time", dialogue.created not in about.values())
        found = self._read(messages)
        if self._shape.target in WITHOUT_SYSTEM:
            self._left_out.add("system", found.late_system)
            about |= {"system": "\n\n".join(found.system)} if found.system else {}
        if self._write(about, self._written(messages, found.pairs)):
            self._dialogues += 1
            self._messages += messages.count
        else:
            self._left_out.add("silent dialogue")

    def add_memory(self, memory: MemoryLine) -> None:  # noqa: ARG002 - a writer takes them all
        """Count a memory, as no conversation holds any."""
        self._left_out.add("memory")

    def finish(self, stored: EndLine) -> EndLine:  # noqa: ARG002 - less than that was written
        """Return how much was written."""
        return EndLine(self._dialogues, self._messages, 0)

    def _read(self, messages: StoredMessages) -> "_Overview":
        """Read all messages once, and count what stands beside their contents."""
        linker, found = ToolLinker(), _Overview()
        has_others = False
        for message in messages:
            self._left_out.add_beside_content(message)
            turn = _turn(message)
            self._left_out.add("empty message", not turn.parts)
            linker.add(turn)
            if turn.speaker == "system":
                found.system += filter(None, system_texts(turn))
                found.late_system += has_others
            else:
                has_others = True
        linker.finish()
        found.pairs = linker.pairs
        return found

    def _written(self, messages: StoredMessages, pairs: ToolPairs) -> Iterator[Json]:
        transcoder = Transcoder(self._shape.target, pairs)
        sized = ((_turn(message), len(bytes(message.content))) for message in messages)
        for part in in_parts(sized, pairs):
            losses = Losses()
            yield from transcoder.write(part, losses)
            self._left_out.add_losses(losses.found)

    def _write(self, about: Json, messages: Iterator[Json]) -> bool:
        """Write a line; returns whether there is a message to write."""
        is_begun = False
        for message in messages:
            if is_begun:
                self._out.write(b",")
            else:
                members = json_codec.encode(about)[:-1]
                self._out.write(members + b',"' + self._shape.messages.encode() + b'":[')
                is_begun = True
            self._out.write(json_codec.encode(message))
        if is_begun:
            self._out.write(b"]}\n")
        return is_begun


def _turn(message: MessageLine) -> Turn:
    speaker, parts = parse_parts(message.role, bytes(message.content), bytes(message.metadata))
    return Turn(
        id=message.id or str(message.seq),
        created=message.created or "",
        seq=message.seq or 0,
        speaker=speaker,
        name=message.name,
        parts=parts,
        tokens=0,
    )
