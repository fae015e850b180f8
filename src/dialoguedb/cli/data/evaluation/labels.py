"""Queries with what a search should find for each, in a file with one a line."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec import Struct

from dialoguedb import private_files
from dialoguedb.errors import InvalidRequest
from dialoguedb.model.search import SearchObject

FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))

_INDEXES = re.compile(r"(\d+)(?:-(\d+))?", re.ASCII)
_SEPARATORS = re.compile(r"[\s,]+")


class Key(Struct, frozen=True):
    """A query, and what it looks for; by it labels of the same are joined and compared."""

    query: str
    object: SearchObject = "message"
    namespace: str | None = None


class Label(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """A query and the objects that a search should find for it."""

    query: str
    relevant: list[str]
    """Ids of dialogues or memories; of messages `dialogue/message`."""

    object: SearchObject = "message"
    namespace: str | None = None
    """The namespace to search in; all of the project's when absent."""

    @property
    def key(self) -> Key:
        """The query, and what it looks for."""
        return Key(self.query, self.object, self.namespace)


def read(file: Path) -> list[Label]:
    """Return the labels of a file, those of one query joined; InvalidRequest names the line."""
    found: dict[Key, Label] = {}
    for position, line in enumerate(file.read_bytes().splitlines(), start=1):
        if not line.strip():
            continue
        label = _decoded(line, f"line {position} of {file}")
        joined = found.setdefault(label.key, label)
        joined.relevant += [one for one in label.relevant if one not in joined.relevant]
    return list(found.values())


def _decoded(line: bytes, what: str) -> Label:
    try:
        label = msgspec.json.decode(line, type=Label)
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"{what} is no label: {error}") from error
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"{what} is not UTF-8: {error}") from error
    if label.object == "message" and (bad := [one for one in label.relevant if "/" not in one]):
        raise InvalidRequest(f"{what} names {bad[0]!r}; messages are named dialogue/message")
    label.relevant = list(dict.fromkeys(label.relevant))
    return label


def append(file: Path, label: Label) -> None:
    """Add a label to a file, which is made when absent, on a line of its own."""
    is_whole = not file.exists() or file.read_bytes()[-1:] in {b"", b"\n"}
    with private_files.open_file(file, "ab") as out:
        out.write((b"" if is_whole else b"\n") + msgspec.json.encode(label) + b"\n")


def name_of(record: Any) -> str:
    """Return how labels name an object that was found."""
    dialogue = getattr(record, "dialogue_id", None)
    return f"{dialogue}/{record.id}" if dialogue else str(record.id)


def chosen(answer: str, shown: Sequence[str], kind: SearchObject) -> list[str]:
    """Return the names that a person chose: by position, such as `1 3-5`, or by id.

    InvalidRequest when a position is of none that was shown, or a word names no message.
    """
    found: dict[str, None] = {}
    for word in filter(None, _SEPARATORS.split(answer)):
        found |= dict.fromkeys(_chosen_by(word, shown, kind))
    return list(found)


def _chosen_by(word: str, shown: Sequence[str], kind: SearchObject) -> Iterable[str]:
    match = _INDEXES.fullmatch(word)
    if not match and kind == "message" and "/" not in word:
        raise InvalidRequest(f"{word} is neither a position nor dialogue/message")
    if not match:
        return [word]
    first = int(match[1])
    last = int(match[2] or first)
    if not 1 <= first <= last <= len(shown):
        raise InvalidRequest(f"{word} is none of 1 to {len(shown)}")
    return shown[first - 1 : last]
