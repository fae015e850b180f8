"""Looks for damage inside stored values: tags that differ from their tables, invalid JSON."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import apsw

from dialoguedb.store.findings import STARTS, are_settings, has_length, is_json_of, tags_of

Tagged = tuple[int, int, frozenset[str]]
"""A tagged row's id, its owner's row id, and its tags."""


@dataclass(frozen=True)
class Noun:
    """Where a noun keeps its values."""

    name: str
    rows: str
    """Selects number and id, then the JSON columns."""

    arrays: str
    """Selects number, owner and the array of tags, in order of number."""

    side: str
    """Selects number, owner and tag from the side table, in order of number."""


NOUNS = (
    Noun(
        "dialogue",
        "SELECT d.number, d.id, b.tags, b.metadata, b.state"
        " FROM dialogues d JOIN dialogue_bodies b ON b.dialogue = d.number",
        "SELECT d.number, d.project, b.tags"
        " FROM dialogues d JOIN dialogue_bodies b ON b.dialogue = d.number"
        " WHERE b.tags <> X'5B5D' ORDER BY d.number",
        "SELECT dialogue, project, tag FROM dialogue_tags ORDER BY dialogue",
    ),
    Noun(
        "message",
        "SELECT number, id, tags, metadata, content FROM messages",
        "SELECT number, dialogue, tags FROM messages WHERE tags <> X'5B5D' ORDER BY number",
        "SELECT message, dialogue, tag FROM message_tags ORDER BY message",
    ),
    Noun(
        "memory",
        "SELECT number, id, tags, metadata, value FROM memories",
        "SELECT number, project, tags FROM memories WHERE tags <> X'5B5D' ORDER BY number",
        "SELECT memory, project, tag FROM memory_tags ORDER BY memory",
    ),
)


def value_findings(db: apsw.Connection) -> Iterator[Iterator[str]]:
    """Return what is wrong inside values, a line each, kind by kind."""
    for noun in NOUNS:
        yield _json_findings(db, noun)
        yield _tag_findings(db, noun)
    yield _length_findings(db)
    yield _settings_findings(db)


def _json_findings(db: apsw.Connection, noun: Noun) -> Iterator[str]:
    for row_id, name, *values in db.execute(noun.rows):
        for value, start in zip(values, STARTS[noun.name], strict=True):
            if not is_json_of(value, start):
                yield f"A value of {noun.name} {name!r} (row {row_id}) is not the JSON it should be"


def _tag_findings(db: apsw.Connection, noun: Noun) -> Iterator[str]:
    found = heapq.merge(_in_arrays(db, noun), _in_side_table(db, noun), key=itemgetter(0))
    for row_id, group in groupby(found, key=itemgetter(0)):
        both = list(group)
        if len(both) != len(("array", "side table")) or both[0] != both[1]:
            yield f"The tags of {noun.name} number {row_id} differ from those it is found by"


def _in_arrays(db: apsw.Connection, noun: Noun) -> Iterator[Tagged]:
    for row_id, owner, tags in db.execute(noun.arrays):
        yield row_id, owner, tags_of(tags)


def _in_side_table(db: apsw.Connection, noun: Noun) -> Iterator[Tagged]:
    for (row_id, owner), rows in groupby(db.execute(noun.side), key=itemgetter(0, 1)):
        yield row_id, owner, frozenset(tag for _, _, tag in rows)


def _length_findings(db: apsw.Connection) -> Iterator[str]:
    lengths = "SELECT id, content_length, content, attachments FROM messages"
    for name, length, content, attachments in db.execute(lengths):
        if not has_length(length, content, attachments):
            yield f"Message {name!r} says its content has {length} bytes, which it has not"


def _settings_findings(db: apsw.Connection) -> Iterator[str]:
    for name, settings in db.execute("SELECT name, settings FROM projects"):
        if not are_settings(settings):
            yield f"The settings of project {name!r} cannot be read"
