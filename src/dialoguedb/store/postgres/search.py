"""Search: a snapshot on a connection, which `retrieval` searches on a thread."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from dialoguedb.model.messages import Message
from dialoguedb.model.projects import Project
from dialoguedb.model.search import Search, SearchFilter, SearchObject
from dialoguedb.model.search_results import IndexingProgress
from dialoguedb.ports.search import QueryVector, SearchHit, Serving, Weights
from dialoguedb.retrieval import filter_tokens
from dialoguedb.retrieval.embedders import StoredEmbedder
from dialoguedb.retrieval.filter_tokens import TokenGroups
from dialoguedb.retrieval.room import Room
from dialoguedb.retrieval.search import find
from dialoguedb.retrieval.terms import Term
from dialoguedb.store import memory_validity, tokenizer
from dialoguedb.store.found_rows import (
    CONTENT,
    DIALOGUE_COLUMNS,
    MEMORY_COLUMNS,
    MESSAGE_COLUMNS,
    STATE,
    VALUE,
    Found,
    FoundDialogue,
    FoundMemory,
    FoundMessage,
    FoundRows,
    Long,
)
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.postgres.connection.readers import Readers
from dialoguedb.store.postgres.index import PostgresIndex, serving
from dialoguedb.store.postgres.rows import attachment_rows
from dialoguedb.store.postgres.schema.partitions import part_of
from dialoguedb.store.postgres.search_index import rebuilds
from dialoguedb.store.postgres.search_queries import filters as search_filters
from dialoguedb.store.postgres.search_queries.blocking import BlockingConnection, on_thread
from dialoguedb.store.postgres.search_queries.filters import looked_up
from dialoguedb.store.postgres.search_queries.scopes import Data, PostgresScope
from dialoguedb.store.tokenizer import FTS5Tokenizer
from dialoguedb.store.where import Where
from dialoguedb.values.lists import TimeRange

_OWNERS = {"message": "d", "dialogue": "d", "memory": "r"}
_HITS_AT_ONCE = 10
"""Of how many hits the messages around them are in memory at once, whether or not they fit."""

_NEAREST = 600
"""What an index of vectors keeps in view: as many as `retrieval` asks for at a time."""

_PLANNING = {
    "enable_seqscan": "off",
    "jit": "off",
    "hnsw.ef_search": str(_NEAREST),
    "hnsw.iterative_scan": "relaxed_order",
}
"""Nothing that is searched is read without an index, and no plan is worth compiling."""

_SET = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in _PLANNING.items())
_BEGIN = f"""
    SELECT {_SET}, e.* FROM (VALUES (1)) AS once LEFT JOIN
        (SELECT number, name, dimensions, state FROM embedders WHERE state = 'serving') AS e ON true
"""


_GIVEN = "unnest($1::bigint[]) AS k (number)"
_LISTED = "r.number = ANY($1::bigint[])"
_BODIES = "dialogues r JOIN dialogue_bodies b ON b.part = r.part AND b.dialogue = r.number"
_SELECTS: dict[type[Found], str] = {
    FoundMessage: f"SELECT {MESSAGE_COLUMNS} FROM {_GIVEN}"
    f" {looked_up('messages r', 'r.number = k.number')}"
    f" {looked_up('dialogues d', 'd.part = r.part AND d.number = r.dialogue')}"
    " WHERE d.project = $2",
    FoundDialogue: f"SELECT {DIALOGUE_COLUMNS} FROM {_BODIES} WHERE {_LISTED} AND r.project = $2",
    FoundMemory: f"SELECT {MEMORY_COLUMNS} FROM memories r WHERE {_LISTED} AND r.project = $2",
}
_LONG = {
    CONTENT: f"SELECT r.number, r.content FROM messages r WHERE {_LISTED}",
    STATE: f"SELECT r.number, b.state FROM {_BODIES} WHERE {_LISTED}",
    VALUE: f"SELECT r.number, r.value FROM memories r WHERE {_LISTED}",
}
_BESIDE = (
    "SELECT k.number AS beside, beside.*"
    f" FROM {_GIVEN} {looked_up('messages o', 'o.number = k.number')}"
    f" {looked_up('dialogues d', 'd.part = o.part AND d.number = o.dialogue')}"
    f" CROSS JOIN LATERAL (SELECT {MESSAGE_COLUMNS} FROM messages r"
    " WHERE r.part = o.part AND r.dialogue = o.dialogue"
    " AND (r.created, r.seq) {} (o.created, o.seq)"
    " ORDER BY r.created {order}, r.seq {order} LIMIT $3) AS beside WHERE d.project = $2"
)
_BEFORE = _BESIDE.format("<", order="DESC")
_AFTER = _BESIDE.format(">", order="ASC")


class PostgresSearch:
    """Implements `ports.search.SearchStore`."""

    def __init__(self, readers: Readers, row_ids: ProjectRowIds, _index: PostgresIndex) -> None:
        self._readers = readers
        self._row_ids = row_ids

    async def serving(self) -> Serving | None:
        """Return the embedder whose index serves; None while there is none."""
        return await self._readers.read_once(serving)

    async def indexing(self) -> IndexingProgress | None:
        """Return how far everything is that is to be indexed again; None when all is."""
        if not await self._readers.read_once(rebuilds.is_incomplete):
            return None
        return await self._readers.read(rebuilds.progress)

    async def prepare_search(self) -> None:
        """Do nothing: the database caches for itself."""

    async def search(
        self, project: Project, search: Search, vector: "QueryVector | None", weights: Weights
    ) -> list[SearchHit]:
        """Return the most relevant objects, as many as asked for, the best first."""
        row_id = await self._row_ids.of(project)

        async def query(db: Connection) -> list[SearchHit]:
            embedder = (await db.rows(_BEGIN))[0][-len(StoredEmbedder._fields) :]
            stored = None if embedder[0] is None else StoredEmbedder(*embedder)

            def work(blocking: BlockingConnection) -> list[SearchHit]:
                snapshot = PostgresSnapshot(Data(blocking, stored), project, row_id, search.filter)
                return find(snapshot, search, vector, weights)

            return await on_thread(db, work)

        return await self._readers.read_admitted(query)


class PostgresSnapshot(FoundRows):
    """Implements `retrieval.snapshot.SearchSnapshot` within a transaction that reads."""

    def __init__(self, data: Data, project: Project, row_id: int, filters: SearchFilter) -> None:
        super().__init__(project)
        self._data = data
        self._db = data.db
        self._row_id = row_id
        self._filters = filters
        self._tokenizer = FTS5Tokenizer(tokenizer.connection())

    def tokenize(self, texts: Sequence[str]) -> list[list[Term]]:
        """Return the words of each text in order, repeated as they are."""
        return self._tokenizer.tokenize(texts)

    # --- Scopes -------------------------------------------------------------------------------

    def scope(self, kind: SearchObject) -> PostgresScope:
        """Return the objects that are looked for by what they say themselves."""
        filters = self._filters
        if kind == "message":
            scope = self._messages_scope(
                search_filters.of_messages(filters), filter_tokens.of_messages(filters)
            )
            by_time = filters.created != TimeRange()
            return replace(scope, metadata=filters.metadata, by_time=by_time)
        within = self._within(kind)
        where = search_filters.of_memories(filters, limited=self._has_limited(kind, within))
        if kind == "dialogue":
            where = search_filters.of_dialogues(filters)
            within = within if filters.dialogue_id is None else self._one_dialogue()
        return PostgresScope(
            self._data,
            kind,
            self._row_id,
            filters.namespace,
            within,
            where,
            filters.metadata,
            filter_tokens.of_fields(filters),
        )

    def _has_limited(self, kind: SearchObject, within: Where) -> bool:
        """Tell whether some memories are not active at all times; else no search looks at that."""
        if not memory_validity.matters(kind, self._filters):
            return False
        sql = memory_validity.any_limited(within)
        return self._db.value(search_filters.numbered(sql), *within.values) is not None

    def messages_of_dialogues(self) -> PostgresScope:
        """Return the messages through which dialogues are found."""
        filters = self._filters
        scope = self._messages_scope(
            search_filters.of_messages_of_dialogues(filters), filter_tokens.of_turns(filters)
        )
        return replace(scope, metadata=filters.metadata, of_dialogue=True)

    def _messages_scope(self, where: Where, groups: TokenGroups) -> PostgresScope:
        namespace = self._filters.namespace
        scope = PostgresScope(
            self._data,
            "message",
            self._row_id,
            namespace,
            self._within("message"),
            where,
            (),
            groups,
        )
        if self._filters.dialogue_id is None:
            return scope
        within = self._one_dialogue()
        sql = search_filters.numbered(f"SELECT d.number FROM dialogues d WHERE {within.sql}")
        row_id = self._db.value(sql, *within.values)
        dialogue = -1 if row_id is None else row_id
        return replace(scope, namespace=namespace or "", within=within, dialogue=dialogue)

    def _within(self, kind: SearchObject) -> Where:
        owner = _OWNERS[kind]
        within = Where([f"{owner}.project = ?"], [self._row_id])
        namespace = self._filters.namespace
        if namespace is not None:
            within.add(f"{owner}.namespace = ?", namespace)
        if namespace:  # all of it lies together
            within.add(f"{owner}.part = ?", part_of(self._row_id, namespace, ""))
        return within

    def _one_dialogue(self) -> Where:
        """Return what makes objects part of the one dialogue that is named."""
        namespace, name = self._filters.namespace or "", self._filters.dialogue_id or ""
        part = part_of(self._row_id, namespace, name)
        return Where(
            ["d.part = ?", "d.project = ?", "d.namespace = ?", "d.id = ?"],
            [part, self._row_id, namespace, name],
        )

    # --- Items --------------------------------------------------------------------------------

    def around(
        self, keys: Sequence[int], count: int, room: Room
    ) -> dict[int, tuple[list[Message], list[Message]]]:
        """Return the messages before and after each message in its dialogue, oldest first."""
        before, after = (self._beside(select, keys, count, room) for select in (_BEFORE, _AFTER))
        return {key: (before[key][::-1], after[key]) for key in keys}

    def _beside(
        self, select: str, keys: Sequence[int], count: int, room: Room
    ) -> dict[int, list[Message]]:
        beside: dict[int, list[Message]] = {key: [] for key in keys}
        for start in range(0, len(keys), _HITS_AT_ONCE):
            some = [*keys[start : start + _HITS_AT_ONCE]]
            rows = self._db.rows(select, some, self._row_id, count)
            found = self._messages([FoundMessage(*row[1:]) for row in rows], room)
            for row, one in zip(rows, found, strict=True):
                beside[row[0]].append(one)
        return beside

    def _listed(self, row: type[Found], keys: Sequence[int]) -> Iterable[Sequence[Any]]:
        return self._db.rows(_SELECTS[row], [*keys], self._row_id)

    def _read_long(self, long: Long, keys: Sequence[int], read_bytes: int) -> dict[int, bytes]:
        async def read(db: Connection) -> dict[int, bytes]:
            db.budget.check(read_bytes)
            return {row[0]: row[1] for row in await db.rows(_LONG[long], [*keys])}

        return self._db.run(read)

    def _attach(self, rows: Sequence[FoundMessage], read_bytes: int) -> Sequence[FoundMessage]:
        async def whole(db: Connection) -> Sequence[FoundMessage]:
            db.budget.check(read_bytes)
            return await attachment_rows.whole(db, self._row_id, rows)

        return self._db.run(whole)
