"""Writes what is stored for people to read, message by message, in some markup."""

import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import IO, Protocol

import msgspec
from msgspec import Raw

from dialoguedb.cli.data.transfer.lines import (
    EMPTY,
    DialogueLine,
    EndLine,
    MemoryLine,
    MessageLine,
)
from dialoguedb.cli.data.transfer.writers.left_out import LeftOut
from dialoguedb.cli.data.transfer.writers.writer import StoredMessages
from dialoguedb.formats.outgoing.messages import Losses, OutgoingMessage, OutgoingPart
from dialoguedb.formats.parts import Attachment, Other, Part, Reasoning, Text, ToolCall, ToolResult
from dialoguedb.formats.shown import attachment_text, plain_text
from dialoguedb.formats.transcoder import note_details
from dialoguedb.formats.turns import parse_parts

Facts = Sequence[tuple[str, str]]
"""What is known of an object: names and values, each in a line."""

TITLE = "Conversations"

_CALLS_MAX = 10_000
"""Of how many calls the names are known, for the headings of their results."""

_ROLE = {"user": "User", "assistant": "Assistant", "system": "System", "tool": "Tool"}
_UNSHOWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_STEERING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|\\s+")


class Markup(Protocol):
    """How a page is marked up. Every argument is what somebody wrote, and stays text."""

    def head(self, title: str) -> str:
        """Begin the page."""

    def dialogue(self, title: str, facts: Facts) -> str:
        """Begin a dialogue or a memory."""

    def message(self, speaker: str, facts: Facts) -> str:
        """Begin a message."""

    def text(self, text: str) -> str:
        """Return a text, exactly as it is."""

    def folded(self, title: str, inner: str) -> str:
        """Return marked up content under a title."""

    def image(self, image: Attachment) -> str:
        """Return an image; empty when the page cannot hold it."""

    def end_of_message(self) -> str:
        """End a message."""

    def end_of_dialogue(self) -> str:
        """End a dialogue or a memory."""

    def foot(self) -> str:
        """End the page."""


def shown(text: str) -> str:
    """Return a text without characters that no page can hold, or that command a terminal."""
    return _UNSHOWN.sub("\N{REPLACEMENT CHARACTER}", text)


def in_line(text: str) -> str:
    """Return a text in one line, without what turns the direction of all that follows it."""
    return _STEERING.sub(" ", shown(text)).strip()


class PageWriter:
    """Writes one page."""

    needs_parents = False

    def __init__(self, markup: Markup, out: IO[bytes], left_out: LeftOut) -> None:
        self._markup = markup
        self._out = out
        self._left_out = left_out
        self._is_begun = False

    def add_dialogue(self, dialogue: DialogueLine, messages: StoredMessages) -> None:
        """Write a dialogue with its messages."""
        self._begin()
        self._write(self._markup.dialogue(dialogue.label or dialogue.id, _facts(dialogue)))
        self._write_json("Metadata", dialogue.metadata)
        self._write_json("State", dialogue.state)
        page = _Parts(self._markup, self._left_out)
        for message in messages:
            self._write_message(message, page)
        self._write(self._markup.end_of_dialogue())

    def add_memory(self, memory: MemoryLine) -> None:
        """Write a memory."""
        self._begin()
        facts = [
            *(("Memory", memory.id), ("Namespace", memory.namespace or "")),
            *(("Description", memory.description or ""), ("Tags", ", ".join(memory.tags))),
            ("Created", memory.created or ""),
        ]
        self._write(self._markup.dialogue(memory.label or memory.id, _known(facts)))
        self._write(self._markup.text(_text_of(memory.value)))
        self._write_json("Metadata", memory.metadata)
        self._write(self._markup.end_of_dialogue())

    def finish(self, stored: EndLine) -> EndLine:
        """End the page; everything was written."""
        self._begin()
        self._write(self._markup.foot())
        return stored

    def _begin(self) -> None:
        if not self._is_begun:
            self._write(self._markup.head(TITLE))
            self._is_begun = True

    def _write_message(self, message: MessageLine, page: "_Parts") -> None:
        role = _ROLE.get(message.role, message.role)
        speaker = f"{role}: {message.name}" if message.name else role
        facts = [
            *(("", message.created or ""), ("", message.id or "")),
            ("Tags", ", ".join(message.tags)),
        ]
        self._write(self._markup.message(speaker, _known(facts)))
        for piece in page.of(message):
            self._write(piece)
        self._write_json("Metadata", message.metadata)
        self._write(self._markup.end_of_message())

    def _write_json(self, title: str, value: Raw) -> None:
        if value != EMPTY:
            self._write(self._markup.folded(title, self._markup.text(_text_of(value))))

    def _write(self, text: str) -> None:
        self._out.write(text.encode())


class _Parts:
    """Marks up the parts of messages of one dialogue."""

    def __init__(self, markup: Markup, left_out: LeftOut) -> None:
        self._markup = markup
        self._left_out = left_out
        self._names: OrderedDict[str, str] = OrderedDict()
        """The names of the last calls, by their ids."""

    def of(self, message: MessageLine) -> Iterator[str]:
        """Yield the parts of a message."""
        content, metadata = bytes(message.content), bytes(message.metadata)
        speaker, parts = parse_parts(message.role, content, metadata)
        self._left_out.add("empty message", not parts)
        losses = Losses()
        outgoing = [OutgoingPart(part) for part in parts]
        note_details(OutgoingMessage(speaker, None, outgoing), "plain", losses)
        self._left_out.add_losses(losses.found)
        for part in parts:
            yield self._part(part)

    def _part(self, part: Part) -> str:
        match part:
            case Text() | Other():
                text = plain_text(part)
                return self._markup.text(text) if text else ""
            case Attachment():
                return self._attachment(part)
            case ToolCall():
                return self._call(part)
            case ToolResult():
                return self._result(part)
            case Reasoning():
                return self._thought(part)

    def _attachment(self, part: Attachment) -> str:
        if image := self._markup.image(part):
            return image
        self._left_out.add("attachment", bool(part.data or part.file_id))
        where = part.url if part.name and not part.url.startswith("data:") else ""
        return self._markup.text("\n".join(filter(None, (attachment_text(part), where))))

    def _call(self, call: ToolCall) -> str:
        self._names[call.id] = call.name
        if len(self._names) > _CALLS_MAX:
            self._names.popitem(last=False)
        title = f"Call of {call.name}" + (f" ({call.id})" if call.id else "")
        return self._markup.folded(title, self._markup.text(_indented(call.arguments)))

    def _result(self, result: ToolResult) -> str:
        name = result.name or self._names.get(result.call_id, "")
        what = "Error" if result.is_error else "Result"
        title = (what + (f" of {name}" if name else "")) + (
            f" ({result.call_id})" if result.call_id else ""
        )
        return self._markup.folded(title, "".join(map(self._part, result.parts)))

    def _thought(self, thought: Reasoning) -> str:
        if thought.text:
            self._left_out.add("detail", thought.is_returnable)  # its signature
            return self._markup.folded("Thought", self._markup.text(thought.text))
        self._left_out.add("thought")
        return ""


def _facts(dialogue: DialogueLine) -> Facts:
    closed = dialogue.archived_at or dialogue.ended_at or ""
    status = "" if dialogue.status == "active" else f"{dialogue.status} {closed}".strip()
    return _known(
        [
            *(("Dialogue", dialogue.id), ("Namespace", dialogue.namespace or "")),
            *(("Thread of", dialogue.thread_of or ""), ("Status", status)),
            *(("Tags", ", ".join(dialogue.tags)), ("Created", dialogue.created or "")),
        ]
    )


def _known(facts: Facts) -> Facts:
    return [(name, value) for name, value in facts if value]


def _text_of(value: Raw) -> str:
    """Return stored JSON as it is read best: a string as its text, anything else indented."""
    try:
        text = msgspec.json.decode(value, type=str)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _indented(bytes(value).decode("utf-8", "replace"))
    return text


def _indented(text: str) -> str:
    """Return JSON in lines, its numbers as they are; any other text as it is."""
    try:
        return msgspec.json.format(text, indent=2) if text[:1] in {"{", "["} else text
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return text
