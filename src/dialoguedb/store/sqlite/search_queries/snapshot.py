"""What a search reads of one snapshot: its scopes, and the objects that were found."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import starmap
from typing import Any

import numpy as np

from dialoguedb.model.messages import Message
from dialoguedb.model.projects import Project
from dialoguedb.model.search import SearchFilter, SearchObject
from dialoguedb.retrieval import filter_tokens
from dialoguedb.retrieval.filter_tokens import TokenGroups
from dialoguedb.retrieval.room import Room
from dialoguedb.retrieval.terms import Term
from dialoguedb.store import memory_validity
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
from dialoguedb.store.sqlite.connection.reader import Reader
from dialoguedb.store.sqlite.rows import attachment_rows
from dialoguedb.store.sqlite.search_index import words
from dialoguedb.store.sqlite.search_queries import filters as search_filters
from dialoguedb.store.sqlite.search_queries.scopes import Data, SQLiteScope, array
from dialoguedb.store.tokenizer import FTS5Tokenizer
from dialoguedb.store.where import Where
from dialoguedb.values.lists import TimeRange

_OWNERS = {"message": "d", "dialogue": "d", "memory": "r"}
_LISTED = "r.number IN (SELECT value FROM carray(?))"

_SELECTS: dict[type[Found], str] = {
    FoundMessage: f"SELECT {MESSAGE_COLUMNS} FROM messages r"
    f" JOIN dialogues d ON d.number = r.dialogue WHERE {_LISTED}",
    FoundDialogue: f"SELECT {DIALOGUE_COLUMNS} FROM dialogues r"
    f" JOIN dialogue_bodies b ON b.dialogue = r.number WHERE {_LISTED}",
    FoundMemory: f"SELECT {MEMORY_COLUMNS} FROM memories r WHERE {_LISTED}",
}
_LONG = {
    CONTENT: f"SELECT r.number, r.content FROM messages r WHERE {_LISTED}",
    STATE: "SELECT b.dialogue, b.state FROM dialogue_bodies b"
    " WHERE b.dialogue IN (SELECT value FROM carray(?))",
    VALUE: f"SELECT r.number, r.value FROM memories r WHERE {_LISTED}",
}
_BESIDE = (
    f"SELECT {MESSAGE_COLUMNS} FROM messages o"
    " CROSS JOIN dialogues d ON d.number = o.dialogue"
    " CROSS JOIN messages r ON r.dialogue = o.dialogue"
    " AND (r.created, r.seq) {} (o.created, o.seq)"
    " WHERE o.number = ? ORDER BY r.created {order}, r.seq {order} LIMIT ?"
)
_BEFORE = _BESIDE.format("<", order="DESC")
_AFTER = _BESIDE.format(">", order="ASC")


class SQLiteSnapshot(FoundRows):
    """Implements `retrieval.snapshot.SearchSnapshot` within a transaction that reads."""

    def __init__(
        self, data: Data, reader: Reader, project: Project, row_id: int, filters: SearchFilter
    ) -> None:
        super().__init__(project)
        self._data = data
        self._reader = reader
        self._db = data.db
        self._row_id = row_id
        self._filters = filters
        self._tokenizer = FTS5Tokenizer(data.db)

    def tokenize(self, texts: Sequence[str]) -> list[list[Term]]:
        """Return the words of each text in order, repeated as they are."""
        return self._tokenizer.tokenize(texts)

    # --- Scopes -------------------------------------------------------------------------------

    def scope(self, kind: SearchObject) -> SQLiteScope:
        """Return the objects that are looked for by what they say themselves."""
        filters = self._filters
        if kind == "message":
            scope = self._messages_scope(
                search_filters.of_messages(filters), filter_tokens.of_messages(filters)
            )
            return replace(scope, by_time=filters.created != TimeRange())
        within = self._within(kind)
        where = search_filters.of_memories(filters, limited=self._has_limited(kind, within))
        if kind == "dialogue":
            where = search_filters.of_dialogues(filters)
            within = within if filters.dialogue_id is None else self._one_dialogue()
        tokens = self._tokens(kind, filter_tokens.of_fields(filters))
        return SQLiteScope(self._data, kind, self._row_id, filters.namespace, within, where, tokens)

    def _has_limited(self, kind: SearchObject, within: Where) -> bool:
        """Tell whether some memories are not active at all times; else no search looks at that."""
        if not memory_validity.matters(kind, self._filters):
            return False
        sql = memory_validity.any_limited(within)
        return self._db.execute(sql, within.values).get is not None

    def messages_of_dialogues(self) -> SQLiteScope:
        """Return the messages through which dialogues are found."""
        filters = self._filters
        return self._messages_scope(
            search_filters.of_messages_of_dialogues(filters), filter_tokens.of_turns(filters)
        )

    def _messages_scope(self, where: Where, groups: TokenGroups) -> SQLiteScope:
        namespace = self._filters.namespace
        scope = SQLiteScope(
            self._data,
            "message",
            self._row_id,
            namespace,
            self._within("message"),
            where,
            self._tokens("message", groups),
        )
        if self._filters.dialogue_id is None:
            return scope
        within = self._one_dialogue()
        row_id = self._db.execute(
            f"SELECT d.number FROM dialogues d WHERE {within.sql}", within.values
        ).get
        dialogue = -1 if row_id is None else row_id
        return replace(scope, namespace=namespace or "", within=within, dialogue=dialogue)

    def _within(self, kind: SearchObject) -> Where:
        owner = _OWNERS[kind]
        within = Where([f"{owner}.project = ?"], [self._row_id])
        if self._filters.namespace is not None:
            within.add(f"{owner}.namespace = ?", self._filters.namespace)
        return within

    def _one_dialogue(self) -> Where:
        """Return what makes objects part of the one dialogue that is named."""
        names = [self._row_id, self._filters.namespace or "", self._filters.dialogue_id]
        return Where(["d.project = ?", "d.namespace = ?", "d.id = ?"], names)

    def _tokens(self, kind: SearchObject, groups: TokenGroups) -> tuple[str, ...]:
        """Return MATCH expressions of filter tokens, unless some objects have none yet."""
        missing = "SELECT 1 FROM index_runs WHERE embedder IS NULL AND object = ?"
        if not groups or self._db.execute(missing, (kind,)).fetchone():
            return ()
        return tuple(map(words.any_of, groups))

    # --- Items --------------------------------------------------------------------------------

    def around(
        self, keys: Sequence[int], count: int, room: Room
    ) -> dict[int, tuple[list[Message], list[Message]]]:
        """Return the messages before and after each message in its dialogue, oldest first."""
        return {
            key: (
                self._beside(_BEFORE, key, count, room)[::-1],
                self._beside(_AFTER, key, count, room),
            )
            for key in keys
        }

    def _beside(self, select: str, key: int, count: int, room: Room) -> list[Message]:
        rows = list(starmap(FoundMessage, self._db.execute(select, (key, count))))
        return self._messages(rows, room)

    def _listed(self, row: type[Found], keys: Sequence[int]) -> Iterable[Sequence[Any]]:
        return self._db.execute(_SELECTS[row], (_array(keys),))

    def _read_long(self, long: Long, keys: Sequence[int], read_bytes: int) -> dict[int, bytes]:
        self._reader.check_bytes(read_bytes)
        return dict(self._db.execute(_LONG[long], (_array(keys),)))

    def _attach(self, rows: Sequence[FoundMessage], read_bytes: int) -> Sequence[FoundMessage]:
        self._reader.check_bytes(read_bytes)
        return attachment_rows.whole(self._db, self._row_id, rows)


def _array(keys: Sequence[int]) -> Any:
    return array(np.array(keys, np.int64))
