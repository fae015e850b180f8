"""The export format: JSON lines, each a dialogue, a message of it, or a memory."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from dialoguedb.client import wire
from dialoguedb.errors import InvalidRequest

FORMAT = "dialoguedb"
VERSION = 1


class Dialogue(Struct, rename="camel", kw_only=True, omit_defaults=True):
    """A dialogue; its messages are the lines behind it."""

    id: str
    namespace: str | None = None
    thread_of: str | None = None
    label: str | None = None
    status: str = "active"
    ended_at: str | None = None
    archived_at: str | None = None
    tags: list[str] = []
    metadata: dict[str, Any] = {}
    state: dict[str, Any] = {}
    created: str | None = None


class Message(Struct, rename="camel", kw_only=True, omit_defaults=True):
    """A message of the dialogue before it."""

    id: str | None = None
    seq: int | None = None
    role: str
    name: str | None = None
    content: Any
    tags: list[str] = []
    metadata: dict[str, Any] = {}
    created: str | None = None


class Memory(Struct, rename="camel", kw_only=True, omit_defaults=True):
    """A memory."""

    id: str
    namespace: str | None = None
    label: str | None = None
    description: str | None = None
    value: Any
    tags: list[str] = []
    metadata: dict[str, Any] = {}
    created: str | None = None


class End(Struct):
    """The last line, which tells that an export is whole."""

    dialogues: int
    messages: int
    memories: int


Line = Dialogue | Message | Memory | End

_KINDS: dict[str, type[Line]] = {
    kind.__name__.lower(): kind for kind in (Dialogue, Message, Memory, End)
}


def head(exported: str) -> bytes:
    """Return the first line."""
    return wire.encode({"format": FORMAT, "version": VERSION, "exported": exported}) + b"\n"


def is_head(document: Any) -> bool:
    """Tell whether this is the first line of an export of ours."""
    return isinstance(document, dict) and document.get("format") == FORMAT


def written(line: Line) -> bytes:
    """Return a line as it stands in a file."""
    return wire.encode({type(line).__name__.lower(): msgspec.to_builtins(line)}) + b"\n"


def read(raw: bytes) -> Line:
    """Read a line; InvalidRequest when it is none of the format's."""
    try:
        members = wire.decode(raw, dict)
        ((name, fields),) = members.items()
        return msgspec.convert(fields, _KINDS[name])
    except (msgspec.DecodeError, ValueError, KeyError) as error:
        raise InvalidRequest(f"This is no line of an export: {error}") from error


def read_file(path: Path) -> Iterator[tuple[int, Line]]:
    """Yield the lines of a file of ours behind the first, each with the place where it ends.

    A last line that was cut off, for whoever wrote it was stopped, is left out.
    """
    with path.open("rb") as file:
        first = file.readline()
        refuse_newer(first, path)
        place = len(first)
        for number, raw in enumerate(file, start=2):
            place += len(raw)
            if not raw.endswith(b"\n"):
                return
            try:
                yield place, read(raw)
            except InvalidRequest as error:
                raise InvalidRequest(f"{path}, line {number}: {error.message}") from error


def refuse_newer(first: bytes, path: Path) -> None:
    """Raise InvalidRequest when a file is not of our format, or of a version to come."""
    try:
        document = wire.decode(first, dict)
    except msgspec.DecodeError:
        document = {}
    if not is_head(document):
        raise InvalidRequest(f"{path} is no export of DialogueDB: its first line does not say so")
    if document.get("version") != VERSION:
        raise InvalidRequest(
            f"{path} is of version {document.get('version')} of the format; this program reads"
            f" version {VERSION}"
        )
