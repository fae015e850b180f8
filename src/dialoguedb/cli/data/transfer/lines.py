"""The export format: JSON lines, each a dialogue, a message of it, or a memory.

What callers have stored stands in them byte for byte: no number and no character is read and
written anew on its way from one database to another.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct

from dialoguedb.client.encoding import json_codec
from dialoguedb.errors import InvalidJSON, InvalidRequest
from dialoguedb.values import rawjson
from dialoguedb.values.lists import Page

L = TypeVar("L", bound="Dialogue | Message | Memory")

FORMAT = "dialoguedb"
VERSION = 1

EMPTY = Raw(b"{}")
_RAW = ("content", "metadata", "state", "value")


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
    metadata: Raw = EMPTY
    state: Raw = EMPTY
    created: str | None = None


class Message(Struct, rename="camel", kw_only=True, omit_defaults=True):
    """A message of the dialogue before it."""

    id: str | None = None
    seq: int | None = None
    role: str
    name: str | None = None
    content: Raw
    tags: list[str] = []
    metadata: Raw = EMPTY
    created: str | None = None


class Memory(Struct, rename="camel", kw_only=True, omit_defaults=True):
    """A memory."""

    id: str
    namespace: str | None = None
    label: str | None = None
    description: str | None = None
    value: Raw
    tags: list[str] = []
    metadata: Raw = EMPTY
    created: str | None = None


class End(Struct):
    """The last line, which tells that an export is whole."""

    dialogues: int
    messages: int
    memories: int


Line = Dialogue | Message | Memory | End


_PAGES: dict[Any, Any] = {
    Dialogue: Page[Dialogue],
    Message: Page[Message],
    Memory: Page[Memory],
}


class _Written(Struct, forbid_unknown_fields=True):
    """A line: one of these."""

    dialogue: Dialogue | None = None
    message: Message | None = None
    memory: Memory | None = None
    end: End | None = None


def head(exported: str, namespace: str | None) -> bytes:
    """Return the first line: when it was written, and of which namespace, unless of all."""
    within = {} if namespace is None else {"namespace": namespace}
    document = {"format": FORMAT, "version": VERSION, "exported": exported, **within}
    return json_codec.encode(document) + b"\n"


def refuse_other(first: bytes, namespace: str | None, path: Path) -> None:
    """Raise InvalidRequest when a file was begun with what another namespace holds."""
    begun: str | None = json_codec.decode(first, dict).get("namespace")
    if begun != namespace:
        of = "all namespaces" if begun is None else f"the namespace {begun!r}"
        raise InvalidRequest(f"{path} was begun as an export of {of}; --overwrite replaces it")


def is_head(document: Any) -> bool:
    """Tell whether this is the first line of an export of ours."""
    return isinstance(document, dict) and document.get("format") == FORMAT


def json_of(value: object) -> Raw:
    """Return a value as lines have it; of NaN and the like the server says what is wrong."""
    try:
        return Raw(json_codec.encode(value))
    except InvalidJSON:
        return Raw(json.dumps(value).encode())


def written(line: Line) -> bytes:
    """Return a line as it stands in a file."""
    return msgspec.json.encode({type(line).__name__.lower(): line}) + b"\n"


def read(raw: bytes) -> Line:
    """Read a line; InvalidRequest when it is none of the format's."""
    try:
        told = _decoded(raw, _Written)
        (line,) = (one for one in (told.dialogue, told.message, told.memory, told.end) if one)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise InvalidRequest(f"This is no line of an export: {error}") from error
    if isinstance(line, End):
        return line
    settled: Line = _settled(line)
    if b"\\u" in raw and rawjson.has_hidden_surrogate(written(settled)):
        raise InvalidRequest("This is no line of an export: an id or a name is no Unicode")
    return settled


def read_one(answer: bytes, kind: type[L]) -> L:
    """Read an answer of the API, which names the fields as lines do."""
    line: L = _decoded(answer, kind)
    return _settled(line)


def read_page(answer: bytes, kind: type[L]) -> tuple[list[L], str | None]:
    """Read a page that the API answers: its lines, and what gets the next page."""
    page: Page[L] = _decoded(answer, _PAGES[kind])
    return [_settled(line) for line in page], page.next


def _decoded(body: bytes, kind: Any) -> Any:
    return msgspec.json.decode(rawjson.hide_surrogates(body), type=kind)


def _settled(line: L) -> L:
    """Put back what had to be hidden, and leave out what is empty."""
    for name in _RAW:
        if (raw := getattr(line, name, None)) is not None:
            value = rawjson.compact(raw)
            setattr(line, name, EMPTY if value == b"{}" else Raw(value))
    return line


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
            if not raw.strip():
                continue
            try:
                yield place, read(raw)
            except InvalidRequest as error:
                raise InvalidRequest(f"{path}, line {number}: {error.message}") from error


class Missing:
    """Notes the lines of a file, and tells whether some were lost on its way here."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found = End(0, 0, 0)
        self._end: End | None = None

    def note(self, line: Line) -> None:
        """Count a line."""
        if isinstance(line, End):
            self._end = line
        elif isinstance(line, Dialogue):
            self._found.dialogues += 1
        elif isinstance(line, Message):
            self._found.messages += 1
        else:
            self._found.memories += 1

    def said(self) -> str:
        """Say what is missing; nothing when all is there, or nobody can know."""
        if _is_cut_off(self._path):
            return "the file is cut off in its last line; all before it was imported"
        if self._end and self._end != self._found:
            wanted, found = (
                f"{one.dialogues:,} dialogues, {one.messages:,} messages, {one.memories:,} memories"
                for one in (self._end, self._found)
            )
            return f"its last line tells of {wanted}; it holds {found}"
        return ""


def _is_cut_off(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def refuse_newer(first: bytes, path: Path) -> None:
    """Raise InvalidRequest when a file is not of our format, or of a version to come."""
    try:
        document = json_codec.decode(first, dict)
    except msgspec.DecodeError:
        document = {}
    if not is_head(document):
        raise InvalidRequest(f"{path} is no export of DialogueDB: its first line does not say so")
    if document.get("version") != VERSION:
        raise InvalidRequest(
            f"{path} is of version {document.get('version')} of the format; this program reads"
            f" version {VERSION}"
        )
