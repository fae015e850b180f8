"""Looks for damage inside stored values: tags that differ from their tables, invalid JSON."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

from dialoguedb.store.findings import STARTS, are_settings, has_length, is_json_of, tags_of
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.maintenance.findings import Findings

_PORTION = 64
"""Rows held at a time: their values may be large."""


@dataclass(frozen=True)
class Noun:
    """Where a noun keeps its values."""

    name: str
    rows: str
    """Selects number and id, then the JSON columns."""

    tagged: str
    """Selects number, the array of tags, and the tags of the side table."""


NOUNS = (
    Noun(
        "dialogue",
        "SELECT r.number, r.id, b.tags, b.metadata, b.state FROM dialogues r"
        " JOIN dialogue_bodies b ON b.part = r.part AND b.dialogue = r.number",
        "SELECT r.number, b.tags, ARRAY(SELECT t.tag FROM dialogue_tags t"
        " WHERE t.part = r.part AND t.dialogue = r.number AND t.project = r.project)"
        " FROM dialogues r JOIN dialogue_bodies b ON b.part = r.part AND b.dialogue = r.number",
    ),
    Noun(
        "message",
        "SELECT number, id, tags, metadata, content FROM messages",
        "SELECT r.number, r.tags, ARRAY(SELECT t.tag FROM message_tags t"
        " WHERE t.part = r.part AND t.message = r.number AND t.dialogue = r.dialogue)"
        " FROM messages r",
    ),
    Noun(
        "memory",
        "SELECT number, id, tags, metadata, value FROM memories",
        "SELECT r.number, r.tags, ARRAY(SELECT t.tag FROM memory_tags t"
        " WHERE t.part = r.part AND t.memory = r.number AND t.project = r.project)"
        " FROM memories r",
    ),
)


async def _json_findings(noun: Noun, db: Connection) -> AsyncIterator[str]:
    async for row_id, name, *values in db.stream(noun.rows, portion=_PORTION):
        for value, start in zip(values, STARTS[noun.name], strict=True):
            if not is_json_of(value, start):
                yield f"A value of {noun.name} {name!r} (row {row_id}) is not the JSON it should be"


async def _tag_findings(noun: Noun, db: Connection) -> AsyncIterator[str]:
    async for row_id, stored, found_by in db.stream(noun.tagged, portion=_PORTION):
        if tags_of(stored) != frozenset(found_by):
            yield f"The tags of {noun.name} number {row_id} differ from those it is found by"


async def _length_findings(db: Connection) -> AsyncIterator[str]:
    lengths = "SELECT id, content_length, content, attachments FROM messages"
    async for name, length, content, attachments in db.stream(lengths, portion=_PORTION):
        if not has_length(length, content, attachments):
            yield f"Message {name!r} says its content has {length} bytes, which it has not"


async def _settings_findings(db: Connection) -> AsyncIterator[str]:
    async for name, settings in db.stream("SELECT name, settings FROM projects", portion=_PORTION):
        if not are_settings(settings):
            yield f"The settings of project {name!r} cannot be read"


VALUE_FINDINGS: tuple[Findings, ...] = (
    *(partial(_json_findings, noun) for noun in NOUNS),
    *(partial(_tag_findings, noun) for noun in NOUNS),
    _length_findings,
    _settings_findings,
)
