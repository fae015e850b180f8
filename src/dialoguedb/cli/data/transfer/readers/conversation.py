"""Conversations that a program kept as a list of messages: their ids, and their order."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from dialoguedb.cli.data.transfer.conversions import digest
from dialoguedb.cli.data.transfer.documents import lines_of_documents
from dialoguedb.cli.data.transfer.left_out import look_beside
from dialoguedb.cli.data.transfer.lines import DialogueLine, Line, MessageLine
from dialoguedb.cli.data.transfer.readers.reader import FileContent
from dialoguedb.cli.data.transfer.trees import in_order
from dialoguedb.client.encoding import json_codec
from dialoguedb.errors import InvalidRequest
from dialoguedb.values.fields import Id


def conversation(dialogue: DialogueLine, messages: Iterable[MessageLine]) -> Iterator[Line]:
    """Yield a dialogue with its messages.

    Whatever is made of messages stays when more follow them, so that they are known again in a file
    that has grown.
    """
    named = list(named_apart(messages))
    has_time = bool(named) and named[0].created is not None
    dialogue.id = valid_id(dialogue.id)
    yield dialogue
    yield from in_order(named, None if has_time else dialogue.created)


def named_apart(messages: Iterable[MessageLine]) -> Iterator[MessageLine]:
    """Give messages with equal ids different ones; the first keeps its own."""
    taken: set[str] = set()
    for message in messages:
        if message.id is not None:
            own_id = message.id = valid_id(message.id)
            count = 1
            while message.id in taken:
                count += 1
                message.id = valid_id(f"{own_id}-{count}")
            taken.add(message.id)
        yield message


def valid_id(value: Any) -> str:
    """Return what a program calls something as an id: as it is, or a hash of what may be none."""
    try:
        return msgspec.convert(str(value), Id)
    except msgspec.ValidationError:
        return digest(value)


def texts_joined(parts: Any) -> Any:
    """Return the text of a list that is one text alone; anything else as it is."""
    if isinstance(parts, list) and len(parts) == 1 and isinstance(parts[0], dict):
        (part,) = parts
        beside = part.keys() - {"type", "text"}
        if isinstance(part.get("text"), str) and not any(part[name] for name in beside):
            return part["text"]
    return parts


def read_lines(file: Path) -> list[dict[str, Any]]:
    """Return the lines of another file that belongs to a conversation, until one is none."""
    look_beside(file)
    found: list[dict[str, Any]] = []
    with file.open("rb") as opened:
        for raw in opened:
            try:
                found.append(json_codec.decode(raw, dict))
            except (msgspec.DecodeError, UnicodeDecodeError):
                break
    return found


_ODD = (KeyError, TypeError, AttributeError, ValueError, IndexError, InvalidRequest)


def read_in_turn(content: FileContent, lines: Iterable[Any], read: Callable[[Any], None]) -> None:
    """Read the lines of a log until one is not as the format has it, which is reported."""
    rest = iter(lines)
    for count, line in enumerate(rest, start=1):
        try:
            read(line)
        except _ODD as error:
            why = f"is not as the format has it, and nothing after it was read: {error!r}"
            last = count + sum(1 for _ in rest)
            unread = lines_of_documents(content.file, count, last)
            content.unfinished.append(f"Line {unread.partition('-')[0]} {why}")
            content.unread.append(unread)
            return
