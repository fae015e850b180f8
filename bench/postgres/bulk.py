"""Fills a database by COPY, for a million messages through HTTP would take hours.

Rows are made by the product's own functions: the plan of an append, the words and the vector of
each message, the partition keys. The indexes of words and of vectors are dropped before and made
at once after, that of vectors in memory.
"""

import json
import struct
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.postgres import MEMORY
from dialoguedb.embed.tokens import count_tokens
from dialoguedb.embed.wordllama import WordLlama
from dialoguedb.model.messages import NewMessage
from dialoguedb.model.rules.messages import AppendPlan, StoredMessage, plan_append
from dialoguedb.model.rules.status import DialogueHead
from dialoguedb.model.writes import WriteOptions
from dialoguedb.retrieval.vectors import pack
from dialoguedb.service.message_preparation import MessagePreparation
from dialoguedb.store import tokenizer
from dialoguedb.store.postgres.rows.message_rows import HEAD
from dialoguedb.store.postgres.schema.partitions import part_of
from dialoguedb.store.postgres.search_index import sources, vectors, words
from dialoguedb.store.postgres.search_index.sources import RowRef, Source
from dialoguedb.values import timestamps
from dialoguedb.values.rawjson import length

if TYPE_CHECKING:
    import asyncpg

DIALOGUE = 250
"""Messages of each dialogue."""

_COPIED_TOGETHER = 10
"""Dialogues."""

_FIELDS = StoredMessage.__struct_fields__
_COLUMNS = {
    "dialogues": ("part", "number", "project", "namespace", "id", "request_id", "created", *HEAD),
    "dialogue_bodies": ("part", "dialogue", "tags", "metadata", "state"),
    "messages": ("part", "number", "dialogue", *_FIELDS),
    "message_tags": ("part", "dialogue", "tag", "message"),
    "message_words": ("part", "number", "project", "scope", "length", "words"),
    "message_vectors": (
        *("part", "embedder", "number", "project", "scope", "settled", "vector", "packed"),
    ),
}
_RAW = {"tsvector": "pg_catalog", "halfvec": "public"}
"""Types that are sent as they are stored, with their schemas."""

_INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes
    WHERE indexdef LIKE '%USING gin (words)%' OR indexdef LIKE '%USING hnsw%'
"""
_OWNER = """
    SELECT p.number, e.number FROM projects p, embedders e WHERE e.dimensions IS NOT NULL
"""

Message = dict[str, Any]
"""As a caller of the API would send it."""

_Rows = dict[str, list[tuple[Any, ...]]]
"""By table."""


async def fill(
    db: "asyncpg.Connection",
    namespaced: Callable[[int], str],
    message: Callable[[int], Message],
    numbers: range,
) -> None:
    """Store messages in dialogues of 250, each with its number and the namespace of its dialogue.

    A server must have opened the database before, and embedded something with its own embedder.
    """
    for name, schema in _RAW.items():
        await db.set_type_codec(name, schema=schema, encoder=bytes, decoder=bytes, format="binary")
    await db.execute(f"SET maintenance_work_mem = '{MEMORY}'")
    (owner,) = await db.fetch(_OWNER)
    maker = _Maker(*owner, *await _counted(db))
    indexes = await db.fetch(_INDEXES)
    for name, _ in indexes:
        await db.execute(f"DROP INDEX {name}")
    starts = iter(range(numbers.start, numbers.stop, DIALOGUE))
    while portion := list(islice(starts, _COPIED_TOGETHER)):
        rows: _Rows = {table: [] for table in _COLUMNS}
        for start in portion:
            batch = [message(one) for one in range(start, min(start + DIALOGUE, numbers.stop))]
            maker.add(rows, namespaced(start), batch)
        for table, made in rows.items():
            await db.copy_records_to_table(table, records=made, columns=_COLUMNS[table])
    for table, last in (("messages", maker.message), ("dialogues", maker.dialogue)):
        await db.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'number'), {last})")
    for _, definition in indexes:
        await db.execute(definition)
    await db.execute("VACUUM ANALYZE")


async def _counted(db: "asyncpg.Connection") -> list[int]:
    tables = ("dialogues", "messages")
    sql = "SELECT coalesce(max(number), 0) FROM {}"
    return [await db.fetchval(sql.format(table)) for table in tables]


class _Maker:
    """Makes rows of dialogues and messages, numbered onwards."""

    def __init__(self, project: int, embedder: int, dialogue: int, message: int) -> None:
        self._project = project
        self._embedder = embedder
        self.dialogue = dialogue
        self.message = message
        self._words = WordLlama()
        self._preparation = MessagePreparation(self._new_id, count_tokens)

    def _new_id(self) -> str:
        self.message += 1
        return f"m{self.message}"

    def add(self, rows: _Rows, namespace: str, batch: Sequence[Message]) -> None:
        """Add the rows of a dialogue that is stored now."""
        self.dialogue += 1
        first = self.message + 1
        now = timestamps.now()
        part = part_of(self._project, namespace, f"d{self.dialogue}")
        head = DialogueHead(f"d{self.dialogue}", namespace, "active", 0, 0, "", "", 0, now)
        new = [_received(one) for one in batch]
        for one in new:
            self._preparation.prepare_short([one])
        plan = plan_append(head, new, {}, WriteOptions(now))
        known = (part, self.dialogue)
        heads = [getattr(plan, name) for name in HEAD]
        of_dialogue = (self._project, namespace, head.id, "", now, *heads)
        rows["dialogues"].append((*known, *of_dialogue))
        rows["dialogue_bodies"].append((*known, b"[]", b"{}", b"{}"))
        self._add_messages(rows, known, namespace, plan, first)

    def _add_messages(
        self, rows: _Rows, of: tuple[int, int], namespace: str, plan: AppendPlan, first: int
    ) -> None:
        part, dialogue = of
        found = []
        for number, (stored, sent) in enumerate(zip(plan.new, plan.sent, strict=True), first):
            values = {name: getattr(stored, name) for name in _FIELDS}
            values["by_user"] = int(stored.by_user)
            rows["messages"].append((part, number, dialogue, *values.values()))
            rows["message_tags"] += [(part, dialogue, tag, number) for tag in sent.tags]
            row = RowRef(part, number)
            found.append(sources.of_message(row, self._project, namespace, stored))
        rows["message_words"] += _words_of(found)
        rows["message_vectors"] += self._vectors_of(found)

    def _vectors_of(self, found: Sequence[Source]) -> Iterator[tuple[Any, ...]]:
        made = self._words.embed([one.text for one in found])
        size = vectors.size_of(made.shape[1])
        halves = vectors.filled(made).astype(">f2")
        header = struct.pack(">hh", halves.shape[1], 0)
        for one, half, vector in zip(found, halves, made, strict=True):
            key = (one.part, self._embedder, one.row_id, one.project, one.namespace, size)
            yield (*key, header + half.tobytes(), pack(np.asarray(vector)))


def _received(sent: Message) -> NewMessage:
    content = json.dumps(sent["content"], ensure_ascii=False).encode()
    metadata = json.dumps(sent.get("metadata", {}), separators=(",", ":")).encode()
    tags = tuple(sent.get("tags", ()))
    rest = (None, tags, metadata, None, False)
    return NewMessage("", sent["role"], content, length(content), *rest)


def _words_of(found: Sequence[Source]) -> Iterator[tuple[Any, ...]]:
    db = tokenizer.connection()
    for one in found:
        entry = words.entry(db, one.words)
        stems = sorted(entry.words.split(" "), key=_by_length)
        sent = b"".join(_lexeme(stem) for stem in stems)
        known = (one.part, one.row_id, one.project, one.namespace, entry.length)
        yield (*known, struct.pack(">i", len(stems)) + sent)


def _by_length(stem: str) -> tuple[int, bytes]:
    encoded = stem.encode()
    return len(encoded), encoded


def _lexeme(stem: str) -> bytes:
    """Write a lexeme without positions."""
    return stem.encode() + b"\0\0\0"
