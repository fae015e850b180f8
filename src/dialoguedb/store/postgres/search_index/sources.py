"""What is read of stored objects to index them."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from msgspec import Struct

from dialoguedb.model.rules.messages import StoredMessage
from dialoguedb.retrieval import filter_tokens
from dialoguedb.retrieval.text import document, indexed
from dialoguedb.store.postgres.connection.connection import Connection, Row
from dialoguedb.store.postgres.schema.search import KINDS as _KINDS

KINDS = dict(zip(_KINDS, ("messages", "dialogues", "memories"), strict=True))
"""What is searched for, with its table."""

_NAMESPACES_KEPT = 4_096
_PORTION_BYTES = 16 * 1024 * 1024
_FETCHED = 64
"""Rows read at a time: with what is said in long messages they take memory."""


class RowRef(NamedTuple):
    """A row by its primary key."""

    part: int
    row_id: int


class Source(Struct, gc=False):
    """An object as it is indexed."""

    part: int
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

    rows: list[RowRef]
    last: int
    """The row id up to which nothing of it is missing."""


async def read(
    db: Connection, kind: str, rows: Sequence[RowRef], condition: str = "true"
) -> list[Source]:
    """Return those of these objects that are there."""
    sql, listed = f"{_SELECTS[kind]} WHERE {condition} ORDER BY r.number", columns_of(rows)
    if len(rows) <= _FETCHED:
        return [of_row(kind, row) for row in await db.rows(sql, *listed)]
    return [of_row(kind, row) async for row in db.stream(sql, *listed, portion=_FETCHED)]


async def lock_range(db: Connection, kind: str, between: tuple[int, int], limit: int) -> Portion:
    """Return the first objects whose row ids lie after one and up to another.

    Whoever changes them locks their dialogue, or the memory itself; now they wait.
    """
    found = await db.rows(_RANGES[kind], *between, limit)
    before = accumulate((size for *_, size in found), initial=0)
    rows = [
        RowRef(part, row_id)
        for (part, row_id, _), read in zip(found, before, strict=False)
        if read < _PORTION_BYTES
    ]
    if rows:
        await db.rows(_LOCKS[kind], *columns_of(rows))
    is_all = len(rows) == len(found) < limit
    return Portion(rows, between[1] if is_all else rows[-1].row_id)


def columns_of(rows: Sequence[RowRef]) -> tuple[list[int], list[int]]:
    """Return what `_GIVEN` takes."""
    return [part for part, _ in rows], [row_id for _, row_id in rows]


def of_row(kind: str, row: Row) -> Source:
    """Make it of a row: row id, project, namespace, when written, and the fields that are read."""
    part, row_id, project, namespace, written, *fields = row
    hashed, tokens = _belongs(project, namespace)
    text, found_by, more = document(kind, row_id, *fields)
    return Source(part, row_id, project, hashed, written, text, indexed((*tokens, *more), found_by))


def of_message(row: RowRef, project: int, namespace: str, stored: StoredMessage) -> Source:
    """Make it of a message that is stored in this transaction."""
    read = (stored.tags, stored.metadata, stored.content, stored.name, stored.created, stored.role)
    return of_row("message", (*row, project, namespace, stored.modified, *read))


@lru_cache(_NAMESPACES_KEPT)
def _belongs(project: int, namespace: str) -> tuple[int, tuple[str, str]]:
    """Return the hash of a project's namespace, and the tokens of both."""
    hashed = filter_tokens.namespace_hash(project, namespace)
    return hashed, (filter_tokens.project_token(project), filter_tokens.namespace_token(hashed))


_GIVEN = "unnest($1::bigint[], $2::bigint[]) AS given (part, number)"
_AT = "ON r.part = given.part AND r.number = given.number"
_SELECTS = {
    "message": (
        "SELECT r.part, r.number, d.project, d.namespace, r.modified, r.tags, r.metadata,"
        f" r.content, r.name, r.created, r.role FROM {_GIVEN} JOIN messages r {_AT}"
        " JOIN dialogues d ON d.part = r.part AND d.number = r.dialogue"
    ),
    "dialogue": (
        "SELECT r.part, r.number, r.project, r.namespace, r.modified, b.tags, b.metadata, r.label"
        f" FROM {_GIVEN} JOIN dialogues r {_AT}"
        " JOIN dialogue_bodies b ON b.part = r.part AND b.dialogue = r.number"
    ),
    "memory": (
        "SELECT r.part, r.number, r.project, r.namespace, r.modified, r.tags, r.metadata,"
        f" r.value, r.label, r.description FROM {_GIVEN} JOIN memories r {_AT}"
    ),
}
_SIZES = {"message": "octet_length(content)", "dialogue": "0", "memory": "octet_length(value)"}
_RANGES = {
    kind: f"SELECT part, number, {_SIZES[kind]} FROM {table}"
    " WHERE number > $1 AND number <= $2 ORDER BY number LIMIT $3"
    for kind, table in KINDS.items()
}
_LOCKS = {
    "message": (
        "SELECT 1 FROM dialogues d WHERE (d.part, d.number) IN"
        f" (SELECT r.part, r.dialogue FROM {_GIVEN} JOIN messages r {_AT})"
        " ORDER BY d.part, d.number FOR SHARE OF d"
    ),
    "dialogue": (
        f"SELECT 1 FROM {_GIVEN} JOIN dialogues r {_AT} ORDER BY r.part, r.number FOR SHARE OF r"
    ),
    "memory": (
        f"SELECT 1 FROM {_GIVEN} JOIN memories r {_AT} ORDER BY r.part, r.number FOR SHARE OF r"
    ),
}
