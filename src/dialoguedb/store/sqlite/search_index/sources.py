"""What is read of stored objects to index them."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import apsw
import msgspec
from msgspec import Struct

from dialoguedb.retrieval import filter_tokens
from dialoguedb.retrieval.text import document, indexed
from dialoguedb.store.sqlite.connection.reader import Row

KINDS = {
    "message": "messages",
    "dialogue": "dialogues",
    "memory": "memories",
}
"""What is searched for, with its table."""

_NAMESPACES_KEPT = 4_096
_PORTION_BYTES = 16 * 1024 * 1024


class Source(Struct, gc=False):
    """An object as it is indexed."""

    row_id: int
    project: int
    namespace: int
    """The hash of the namespace."""

    written: str
    """When the server stored it or last changed it."""

    text: str
    """What is embedded."""

    words: str
    """By which words it is found, and the tokens of what it can be filtered by."""


class Portion(NamedTuple):
    """Some of the objects in a range of row ids."""

    found: list[Source]
    last: int
    """The row id up to which nothing of it is missing."""


def read(db: apsw.Connection, kind: str, row_ids: Iterable[int]) -> list[Source]:
    """Return those of these objects that are there."""
    listed = msgspec.json.encode(list(row_ids)).decode()
    sql = f"{_SELECTS[kind]} WHERE r.number IN (SELECT value FROM json_each(?)) ORDER BY r.number"
    return [of_row(kind, row) for row in db.execute(sql, (listed,))]


def read_range(db: apsw.Connection, kind: str, between: tuple[int, int], limit: int) -> Portion:
    """Return the first objects whose row ids lie after one and up to another."""
    sql = f"{_SELECTS[kind]} WHERE r.number > ? AND r.number <= ? ORDER BY r.number LIMIT ?"
    found: list[Source] = []
    room = _PORTION_BYTES
    for row in db.execute(sql, (*between, limit)):
        found.append(of_row(kind, row))
        room -= len(found[-1].text) + len(found[-1].words)
        if room < 0:
            break
    cut = room < 0 or len(found) == limit
    return Portion(found, found[-1].row_id if cut else between[1])


def missing(db: apsw.Connection, kind: str, row_ids: Sequence[int]) -> set[int]:
    """Return which of these objects are not there."""
    listed = msgspec.json.encode(row_ids).decode()
    sql = f"SELECT value FROM json_each(?) WHERE value NOT IN (SELECT number FROM {KINDS[kind]})"
    return {row_id for (row_id,) in db.execute(sql, (listed,))}


def of_row(kind: str, row: Row) -> Source:
    """Make it of a row: row id, project, namespace, when written, and the fields that are read."""
    row_id, project, namespace, written, *fields = row
    hashed, tokens = _belongs(project, namespace)
    text, found_by, more = document(kind, row_id, *fields)
    return Source(row_id, project, hashed, written, text, indexed((*tokens, *more), found_by))


@lru_cache(_NAMESPACES_KEPT)
def _belongs(project: int, namespace: str) -> tuple[int, tuple[str, str]]:
    """Return the hash of a project's namespace, and the tokens of both."""
    hashed = filter_tokens.namespace_hash(project, namespace)
    return hashed, (filter_tokens.project_token(project), filter_tokens.namespace_token(hashed))


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
NAMESPACES = {
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
