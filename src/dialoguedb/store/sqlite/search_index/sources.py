"""What is read of stored objects to index them."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from logging import getLogger
from typing import Any, NamedTuple

import apsw
import msgspec
from msgspec import Struct

from dialoguedb.formats.content import has_image
from dialoguedb.formats.texts import dialogue_text, memory_text, message_text, message_words
from dialoguedb.store.sqlite.connection.reader import Row
from dialoguedb.store.sqlite.search_index import words

logger = getLogger(__name__)

KINDS = {"message": "messages", "dialogue": "dialogues", "memory": "memories"}
"""What is searched for, with its table."""


_PLACES_KEPT = 4_096
_PORTION_BYTES = 16 * 1024 * 1024


Saying = tuple[str, str, list[str]]
"""What is embedded of an object, by which words it is found, and its marks."""


class Source(Struct, gc=False):
    """An object as it is indexed."""

    number: int
    project: int
    scope: int
    written: str
    """When the server stored it or last changed it."""

    text: str
    """What is embedded."""

    words: str
    """By which words it is found, and the marks of what it can be filtered by."""


class Portion(NamedTuple):
    """Some of the objects in a range of numbers."""

    found: list[Source]
    last: int
    """The number up to which nothing of it is missing."""


def read(db: apsw.Connection, kind: str, numbers: Iterable[int]) -> list[Source]:
    """Return those of the numbered objects that are there."""
    wanted = msgspec.json.encode(list(numbers)).decode()
    sql = f"{_SELECTS[kind]} WHERE r.number IN (SELECT value FROM json_each(?)) ORDER BY r.number"
    return [of_row(kind, row) for row in db.execute(sql, (wanted,))]


def read_range(db: apsw.Connection, kind: str, between: tuple[int, int], limit: int) -> Portion:
    """Return the first objects whose numbers lie after one and up to another."""
    sql = f"{_SELECTS[kind]} WHERE r.number > ? AND r.number <= ? ORDER BY r.number LIMIT ?"
    found: list[Source] = []
    room = _PORTION_BYTES
    for row in db.execute(sql, (*between, limit)):
        found.append(of_row(kind, row))
        room -= len(found[-1].text) + len(found[-1].words)
        if room < 0:
            break
    cut = room < 0 or len(found) == limit
    return Portion(found, found[-1].number if cut else between[1])


def missing(db: apsw.Connection, kind: str, numbers: Sequence[int]) -> set[int]:
    """Return which of the numbered objects are not there."""
    wanted = msgspec.json.encode(numbers).decode()
    sql = f"SELECT value FROM json_each(?) WHERE value NOT IN (SELECT number FROM {KINDS[kind]})"
    return {number for (number,) in db.execute(sql, (wanted,))}


def of_row(kind: str, row: Row) -> Source:
    """Make it of a row: number, project, namespace, when written, tags, metadata, what it says."""
    number, project, namespace, written, *held = row
    scope, belongs = _place(project, namespace)
    try:
        text, found_by, marks = _saying(kind, *held)
    except Exception:  # whatever it is, of one object: all others must be found all the same
        logger.exception("the %s with number %d cannot be indexed, and is left out", kind, number)
        text, found_by, marks = "", "", []
    indexed = words.indexed((*belongs, *marks), found_by)
    return Source(number, project, scope, written, text, indexed)


def _saying(kind: str, tags: bytes, metadata: bytes, *said: Any) -> Saying:
    text, found_by, marks = _SAYINGS[kind](tags, *said)
    return text, found_by, [*marks, *words.tag_marks(tags), *words.metadata_marks(metadata)]


@lru_cache(_PLACES_KEPT)
def _place(project: int, namespace: str) -> tuple[int, tuple[str, str]]:
    """Return the number of a project's namespace, and the marks of both."""
    scope = words.scope_number(project, namespace)
    return scope, (words.project_mark(project), words.scope_mark(scope))


def _of_message(_tags: bytes, content: bytes, name: str | None, created: str, role: str) -> Saying:
    marks = [words.role_mark(role)]
    if has_image(content):
        marks.append(words.IMAGE_MARK)
    text = message_text(content)
    return text, message_words(text, name, created), marks


def _of_dialogue(tags: bytes, label: str | None) -> Saying:
    text = dialogue_text(label, words.decoded_tags(tags))
    return text, text, []


def _of_memory(_tags: bytes, value: bytes, label: str | None, description: str | None) -> Saying:
    text = memory_text(value, label, description)
    return text, text, []


_SAYINGS: dict[str, Callable[..., Saying]] = {
    "message": _of_message,
    "dialogue": _of_dialogue,
    "memory": _of_memory,
}
_SELECTS = {
    "message": (
        "SELECT r.number, d.project, d.namespace, r.modified, r.tags, r.metadata,"
        " r.content, r.name, r.created, r.role"
        " FROM messages r JOIN dialogues d ON d.number = r.dialogue"
    ),
    "dialogue": (
        "SELECT r.number, r.project, r.namespace, r.modified, b.tags, b.metadata, r.label"
        " FROM dialogues r JOIN dialogue_bodies b ON b.dialogue = r.number"
    ),
    "memory": (
        "SELECT r.number, r.project, r.namespace, r.modified, r.tags, r.metadata,"
        " r.value, r.label, r.description FROM memories r"
    ),
}
PLACES = {
    "message": (
        "FROM vectors v JOIN messages r ON r.number = v.number"
        " JOIN dialogues p ON p.number = r.dialogue WHERE v.object = 'message'"
    ),
    "dialogue": (
        "FROM vectors v JOIN dialogues p ON p.number = v.number WHERE v.object = 'dialogue'"
    ),
    "memory": "FROM vectors v JOIN memories p ON p.number = v.number WHERE v.object = 'memory'",
}
"""Vectors with what tells their project and namespace."""
