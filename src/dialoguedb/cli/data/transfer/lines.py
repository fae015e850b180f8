"""The export format: JSON lines, each a dialogue, a message of it, or a memory.

Stored values are copied byte for byte: no number and no character is decoded and encoded again on
the way from one database to another.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct

from dialoguedb.client.encoding import json_codec
from dialoguedb.client.records import MemorySourceRecord
from dialoguedb.errors import InvalidJSON, InvalidRequest
from dialoguedb.values import rawjson
from dialoguedb.values.lists import Page

L = TypeVar("L", bound="DialogueLine | MessageLine | MemoryLine | VersionLine")

FORMAT = "dialoguedb"
VERSION = 1

EMPTY = Raw(b"{}")
_RAW = ("content", "metadata", "state", "value")


class DialogueLine(Struct, rename="camel", kw_only=True, omit_defaults=True):
    """A dialogue; the lines after it are its messages."""

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


class MessageLine(Struct, rename="camel", kw_only=True, omit_defaults=True):
    """A message of the dialogue before it."""

    id: str | None = None
    seq: int | None = None
    role: str
    name: str | None = None
    content: Raw
    tags: list[str] = []
    metadata: Raw = EMPTY
    created: str | None = None


class DetailsLine(Struct, rename="camel", kw_only=True, omit_defaults=True):
    """Where a memory comes from, when it is true, and how sure it is."""

    source: MemorySourceRecord | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    expires_at: str | None = None
    confidence: float | None = None
    trust: str | None = None


class VersionLine(DetailsLine, rename="camel", kw_only=True, omit_defaults=True):
    """What a memory said before it was corrected; whose key wrote it belongs to the server."""

    version: int
    label: str | None = None
    description: str | None = None
    value: Raw
    metadata: Raw = EMPTY
    written: str
    replaced: str


class MemoryLine(DetailsLine, rename="camel", kw_only=True, omit_defaults=True):
    """A memory."""

    id: str
    namespace: str | None = None
    label: str | None = None
    description: str | None = None
    value: Raw
    tags: list[str] = []
    metadata: Raw = EMPTY
    created: str | None = None
    supersedes: str | None = None
    version: int | None = None
    """Where it was corrected."""

    history: list[VersionLine] = []
    """Its versions before, the oldest first."""


class InputFile(Struct, frozen=True):
    """A file that is read, and what messages call it."""

    location: str | Path
    """Of thousands of files as text, since a path takes longer than a look at the file."""

    name: str
    known_as: str = ""
    """Where it lies in what is imported, which is part of what a conversation without an id is
    known by; empty for standard input."""

    @property
    def path(self) -> Path:
        """Return where it is."""
        return Path(self.location)

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class EndLine(Struct):
    """The last line, which shows that an export is complete."""

    dialogues: int
    messages: int
    memories: int


Line = DialogueLine | MessageLine | MemoryLine | EndLine


_TAGS: dict[type[Line], str] = {
    DialogueLine: "dialogue",
    MessageLine: "message",
    MemoryLine: "memory",
    EndLine: "end",
}
_PAGES: dict[Any, Any] = {
    DialogueLine: Page[DialogueLine],
    MessageLine: Page[MessageLine],
    MemoryLine: Page[MemoryLine],
    VersionLine: Page[VersionLine],
}


class _TaggedLine(Struct, forbid_unknown_fields=True):
    """A line as it is encoded: an object with one member."""

    dialogue: DialogueLine | None = None
    message: MessageLine | None = None
    memory: MemoryLine | None = None
    end: EndLine | None = None


class Scope(Struct, frozen=True, omit_defaults=True):
    """What is exported: everything, or what is in a namespace, or one dialogue with its threads."""

    namespace: str | None = None
    dialogue: str | None = None
    """A dialogue of the default namespace, unless another one is given."""

    def __str__(self) -> str:
        """Say what it is."""
        of = "all namespaces" if self.namespace is None else f"the namespace {self.namespace!r}"
        if self.dialogue is None:
            return of
        within = f" in {of}" if self.namespace else ""
        return f"the dialogue {self.dialogue!r}{within}"


def header(exported: str, scope: Scope) -> bytes:
    """Return the first line: when it was written, and of what if not of everything."""
    limit = msgspec.to_builtins(scope)
    document = {"format": FORMAT, "version": VERSION, "exported": exported, **limit}
    return json_codec.encode(document) + b"\n"


def check_scope(first: bytes, scope: Scope, file: InputFile) -> None:
    """Raise InvalidRequest when a file was begun as the export of something else."""
    begun: dict[str, str] = json_codec.decode(first, dict)
    found = Scope(begun.get("namespace"), begun.get("dialogue"))
    if found != scope:
        raise InvalidRequest(f"{file} was begun as an export of {found}; --overwrite replaces it")


def is_header(document: Any) -> bool:
    """Tell whether this is the first line of the export format."""
    return isinstance(document, dict) and document.get("format") == FORMAT


def json_of(value: object) -> Raw:
    """Encode a value as lines have it; NaN and the like are left to the server to refuse."""
    if value == {}:
        return EMPTY
    try:
        return Raw(json_codec.encode(value))
    except InvalidJSON:
        return Raw(json.dumps(value).encode())


def encoded(line: Line) -> bytes:
    """Return a line as it is written to a file."""
    return msgspec.json.encode({_TAGS[type(line)]: line}) + b"\n"


def decoded(raw: bytes) -> Line:
    """Decode a line; InvalidRequest when it is not of the format."""
    try:
        tagged = _decoded(raw, _TaggedLine)
        (line,) = (
            one for one in (tagged.dialogue, tagged.message, tagged.memory, tagged.end) if one
        )
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise InvalidRequest(
            f"This is no line of an export: {rawjson.shown(str(error))}"
        ) from error
    if isinstance(line, EndLine):
        return line
    restored: Line = _restored(line)
    if b"\\u" in raw and rawjson.has_hidden_surrogate(encoded(restored)):
        raise InvalidRequest("This is no line of an export: an id or a name is no Unicode")
    return restored


def read_one(response: bytes, kind: type[L]) -> L:
    """Decode a response of the API, which names the fields as lines do."""
    line: L = _decoded(response, kind)
    return _restored(line)


def read_page(response: bytes, kind: type[L]) -> tuple[list[L], str | None]:
    """Decode a page of the API: its lines, and the token of the next page."""
    page: Page[L] = _decoded(response, _PAGES[kind])
    return [_restored(line) for line in page], page.next


def _decoded(body: bytes, kind: Any) -> Any:
    return msgspec.json.decode(rawjson.hide_surrogates(body), type=kind)


def _restored(line: L) -> L:
    """Restore what had to be hidden, and leave out what is empty."""
    for name in _RAW:
        if (raw := getattr(line, name, None)) is not None:
            value = rawjson.compact(raw)
            setattr(line, name, EMPTY if value == b"{}" else Raw(value))
    if isinstance(line, MemoryLine):
        line.history = [_restored(one) for one in line.history]
    return line


def read_file(file: InputFile) -> Iterator[tuple[int, Line]]:
    """Yield the lines of an export after the first, each with the offset where it ends.

    A last line that is cut off, because its writer was stopped, is left out.
    """
    with file.path.open("rb") as opened:
        first = opened.readline()
        check_version(first, file)
        offset = len(first)
        for line_number, raw in enumerate(opened, start=2):
            offset += len(raw)
            if not raw.endswith(b"\n"):
                return
            if not raw.strip():
                continue
            try:
                yield offset, decoded(raw)
            except InvalidRequest as error:
                raise InvalidRequest(f"{file}, line {line_number}: {error.message}") from error


class CompletenessCheck:
    """Counts the lines of a file, and compares them with its last line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found = EndLine(0, 0, 0)
        self._end: EndLine | None = None

    def count(self, line: Line) -> None:
        """Count a line."""
        if isinstance(line, EndLine):
            self._end = line
        elif isinstance(line, DialogueLine):
            self._found.dialogues += 1
        elif isinstance(line, MessageLine):
            self._found.messages += 1
        else:
            self._found.memories += 1

    def problem(self) -> str:
        """Say what is missing; empty when nothing is, or when it cannot be known."""
        if _is_cut_off(self._path):
            return "the file is cut off in its last line; everything before it was imported"
        if self._end and self._end != self._found:
            expected, found = (
                f"{one.dialogues:,} dialogues, {one.messages:,} messages, {one.memories:,} memories"
                for one in (self._end, self._found)
            )
            return f"its last line lists {expected}; it holds {found}"
        return ""


def _is_cut_off(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def check_version(first: bytes, file: InputFile) -> None:
    """Raise InvalidRequest when a file is not of this format, or of a newer version."""
    try:
        document = json_codec.decode(first, dict)
    except msgspec.DecodeError:
        document = {}
    if not is_header(document):
        raise InvalidRequest(f"{file} is no export of DialogueDB: its first line does not say so")
    if document.get("version") != VERSION:
        raise InvalidRequest(
            f"{file} is of version {document.get('version')} of the format; this program reads"
            f" version {VERSION}"
        )
