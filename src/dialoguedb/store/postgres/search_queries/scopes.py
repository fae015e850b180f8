"""Where a search looks: the objects of a kind in a project, a namespace or a dialogue.

Each statement says by itself how it finds its rows: with the planner choosing, a common word or a
parameter it knows nothing of would now and then make it read everything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dialoguedb.model.search import Condition, SearchObject
from dialoguedb.retrieval.embedders import StoredEmbedder
from dialoguedb.retrieval.filter_tokens import TokenGroups
from dialoguedb.retrieval.metadata_filters import satisfies
from dialoguedb.retrieval.snapshot import (
    NO_KEYS,
    Floats,
    KeyPattern,
    Neighborhood,
    Position,
    Postings,
    RowFeatures,
    RowKeys,
    Rows,
)
from dialoguedb.retrieval.terms import TermGroup
from dialoguedb.retrieval.vectors import pack_unknown, unpack_all
from dialoguedb.store.postgres.search_index import words
from dialoguedb.store.postgres.search_index.vectors import filled, size_of
from dialoguedb.store.postgres.search_queries import statements
from dialoguedb.store.postgres.search_queries.blocking import BlockingConnection
from dialoguedb.store.postgres.search_queries.filters import numbered
from dialoguedb.store.postgres.search_queries.indexed_rows import IndexedRows, integers
from dialoguedb.store.postgres.search_queries.metadata import of_metadata
from dialoguedb.store.postgres.search_queries.newest import NewestRows
from dialoguedb.store.where import Where

_TOKENS_MAX = 20_000
"""Objects with certain filter tokens up to which all of them are read."""

_EXACT = 20_000
"""Vectors up to which all are compared."""

_LISTED_MAX = 20_000
"""Rows up to which each is looked up, rather than all that hold a word."""

_PORTION = 2_000
"""Rows of metadata read at a time."""


@dataclass(frozen=True)
class Data:
    """What a search reads from."""

    db: BlockingConnection
    embedder: StoredEmbedder | None
    """Whose vectors serve."""


@dataclass(frozen=True)
class _Whole:
    """What was read of a scope that was read as a whole."""

    count: int
    names: list[tuple[int, str]]


@dataclass
class PostgresScope:
    """Implements `retrieval.snapshot.SearchScope`."""

    data: Data
    object: SearchObject
    project: int
    namespace: str | None
    """None for all of the project's."""

    within: Where
    """What makes objects part of the scope."""

    filters: Where
    """What those that are found match, besides metadata."""

    metadata: tuple[Condition, ...]
    """What their metadata satisfies, or that of their dialogues."""

    tokens: TokenGroups
    """What narrows down what is found; only ever there where the filters match."""

    dialogue: int | None = None
    """The only dialogue whose messages are looked at."""

    by_time: bool = False
    """Whether messages are kept to a time, and so found by an index."""

    of_dialogue: bool = False
    """Whether the filters are for the dialogues of messages."""

    _whole: _Whole | None = None

    @property
    def filtered(self) -> bool:
        """Whether the scope as the indexes know it holds more than may be found."""
        return bool(self.filters or self.metadata) or self.dialogue is not None

    @property
    def _is_quick(self) -> bool:
        """Whether what matches the filters is soon found, or found to be much."""
        return self.object != "message" or self.dialogue is not None or self.by_time

    # --- Rows and filters ---------------------------------------------------------------------

    def rows(self, limit: int, dialogue: int | None = None) -> Rows:
        """Return all there is, matching or not, up to a limit; only of one dialogue if given."""
        if dialogue is not None:
            return self._messages(self.within + Where(["d.number = ?"], [dialogue]), limit)
        if self.dialogue is None:
            (indexed,) = self._index.each([self._index.some(limit)])
            if len(indexed) == limit:
                return Rows.apart(indexed)
        if self.object == "message":
            rows = self._messages(self.within, limit)
        else:
            rows = Rows.apart(self._select(statements.FROM[self.object], (), self.within, limit))
        return rows

    def _messages(self, where: Where, limit: int) -> Rows:
        sql = statements.MESSAGES.format(rows=statements.FROM["message"], where=where.sql)
        row_ids, dialogues, named, names = self._index.row(sql, *where.values, limit)
        keys = integers(row_ids)
        if where is self.within:
            self._whole = _Whole(len(keys), list(zip(named or (), names or (), strict=True)))
        return Rows(keys, integers(dialogues))

    def some_matching(self, limit: int | None) -> RowKeys:
        """Return rows that match the filters, up to a limit and in any order."""
        return self._matching(statements.FROM[self.object], (), limit)

    def matching(self, keys: RowKeys) -> RowKeys:
        """Return those of these rows that are in the scope and match the filters, sorted."""
        if self._is_whole(keys):
            return np.sort(self.some_matching(None))
        return np.sort(self._matching(statements.LISTED[self.object], (keys.tolist(),), None))

    def few_matching(self, limit: int) -> RowKeys | None:
        """Return all rows that match the filters, where these are few and soon found; else None."""
        if self.tokens:
            (tagged,) = self._index.each([self._index.held(self._narrowed(), _TOKENS_MAX + 1)])
            return self.matching(tagged) if len(tagged) <= _TOKENS_MAX else None
        if not self._is_quick:
            return None
        few = self.some_matching(limit + 1)
        return few if len(few) <= limit else None

    def _matching(self, source: str, listed: Sequence[Any], limit: int | None) -> RowKeys:
        """Return rows of a table, whose values are given, that match the filters."""
        where = self.within + self.filters
        if not self.metadata:
            return self._select(source, listed, where, limit)
        where += of_metadata(self._metadata, self.metadata)
        sql = (
            f"SELECT {statements.OWNERS[self.object]}.number, {self._metadata}"
            f" FROM {self._joined(source)} WHERE {where.sql}"
        )
        values = (*listed, *where.values)
        found: list[int] = []
        for portion in self.data.db.portions(numbered(sql), *values, size=_PORTION):
            found += [row_id for row_id, of in portion if satisfies(of, self.metadata)]
            if limit is not None and len(found) >= limit:
                break
        return np.array(found[:limit], np.int64)

    @property
    def _metadata(self) -> str:
        return statements.METADATA["dialogue" if self.of_dialogue else self.object]

    def _joined(self, source: str) -> str:
        if not self.of_dialogue or self.object == "dialogue":
            return source
        return f"{source} {statements.BODY_OF}"

    def _select(
        self, source: str, listed: Sequence[Any], where: Where, limit: int | None
    ) -> RowKeys:
        owner = statements.OWNERS[self.object]
        sql = f"SELECT {owner}.number FROM {source} WHERE {where.sql} LIMIT ?"
        return self._index.each([Where([sql], [*listed, *where.values, limit])])[0]

    def _is_whole(self, keys: RowKeys) -> bool:
        """Tell whether these rows are all of the scope, which was read before."""
        return self._whole is not None and self._whole.count == len(keys)

    # --- Words --------------------------------------------------------------------------------

    @property
    def _index(self) -> IndexedRows:
        return IndexedRows(self.data.db, self.object, self.project, self.namespace)

    def _worded(self, keys: RowKeys) -> Where:
        """Return rows of the index of words as a table with its values."""
        if self._is_whole(keys) and self.dialogue is None:
            return self._index.all_worded()
        return self._index.worded(keys)

    def _narrowed(self, *more: str) -> str:
        """Return the query for what has the filter tokens, and holds more."""
        return " & ".join((self._index.match, *map(words.any_of, self.tokens), *more))

    def holding(
        self, groups: Sequence[TermGroup], keys: RowKeys, pattern: KeyPattern
    ) -> list[RowKeys]:
        """Return for each term group all of these rows that hold it, and others between them."""
        if not groups or not len(keys):
            return [NO_KEYS] * len(groups)
        if pattern == "matching" and len(keys) > _LISTED_MAX:
            matches = (self._narrowed(words.match(group)) for group in groups)
            return self._index.each(self._index.held(match, None) for match in matches)
        return self._index.looked_through(groups, self._worded(keys))

    def holding_any(self, groups: Sequence[TermGroup]) -> RowKeys:
        """Return all rows of the scope that hold any of the terms."""
        if not groups:
            return NO_KEYS
        any_of = words.any_of(term.stem for group in groups for term in group)
        return self._index.each([self._index.held(f"{self._index.match} & {any_of}", None)])[0]

    def newest(
        self,
        groups: Sequence[TermGroup],
        limit: int,  # noqa: ARG002 - more of what is rare costs no more, more of the rest a lot
        *,
        strictly: bool,  # noqa: ARG002 - rows outside the scope are never among them
        to_count: bool,
    ) -> Postings:
        """Return the newest rows that hold each term group, and the newest of all."""
        return NewestRows(self._index, groups).postings(to_count=to_count)

    # --- Vectors and other features -----------------------------------------------------------

    def nearest(self, vector: Floats, count: int, among: RowKeys | None) -> RowKeys:
        """Return about so many rows, the nearest to a vector, those of `among` alone if given."""
        stored = self._fitting(vector)
        if stored is None:
            return NO_KEYS
        query = self._query(vector)
        where = self._index.bound("v") + Where(["v.embedder = ?::bigint"], [stored.key])
        size = size_of(len(vector))
        if among is not None:
            where.add("v.number = ANY(?::bigint[])", among.tolist())
            few = len(among) <= _EXACT
        else:
            few = self._count(_EXACT + 1) <= _EXACT
        if size is None or few:
            return self._exactly(where, query, count)
        sql = statements.APPROXIMATELY.format(
            kind=self.object,
            size=size,
            where=where.sql,
            row_ids=statements.NUMBERS,
            query=statements.QUERY,
        )
        values = where.values
        found = integers(
            self._index.row(sql, query, *values, query, count, query, *values, count, count)[0]
        )
        return found if len(found) == count else self._exactly(where, query, count)

    def _exactly(self, where: Where, query: list[float], count: int) -> RowKeys:
        """Compare all; the expression is none that an index is made of."""
        rows = f"{self.object}_vectors v WHERE {where.sql}"
        sql = statements.EXACTLY.format(
            rows=rows, row_ids=statements.NUMBERS, query=statements.QUERY
        )
        return integers(self._index.row(sql, *where.values, query, count)[0])

    def _count(self, limit: int) -> int:
        some = self._index.some(limit)
        return int(self._index.row(f"SELECT count(*) FROM ({some.sql}) AS found", *some.values)[0])

    def _fitting(self, vector: Floats | None) -> StoredEmbedder | None:
        """Return the embedder that serves, if its vectors are as long."""
        stored = self.data.embedder
        if stored is None or vector is None or stored.dimensions != len(vector):
            return None
        return stored

    @staticmethod
    def _query(vector: Floats) -> list[float]:
        query: list[float] = filled(vector.reshape(1, -1))[0].tolist()
        return query

    def features(
        self, keys: RowKeys, vector: Floats | None = None, named: RowKeys = NO_KEYS
    ) -> RowFeatures:
        """Return what is known of rows, and the names of those of `named` that are messages."""
        order = np.argsort(keys)
        ordered = keys[order]
        cosines = np.full(len(keys), np.nan, np.float32)
        lengths = np.zeros(len(keys), np.float32)
        if len(keys):
            row_ids, known_lengths, known_cosines = self._known(keys, vector)
            at, there = positions(ordered, row_ids)
            lengths[order[at]] = known_lengths[there]
            cosines[order[at]] = known_cosines[there]
        return RowFeatures(cosines, lengths, self._names(keys, named))

    def _known(self, keys: RowKeys, vector: Floats | None) -> tuple[RowKeys, Floats, Floats]:
        """Return rows with their lengths and cosines; others among them do no harm."""
        stored = self._fitting(vector)
        rows = self._worded(keys)
        packed, join = "''::bytea", ""
        values = rows.values
        if stored is not None and vector is not None:
            packed, join = statements.PACKED, statements.VECTOR.format(kind=self.object)
            values = [pack_unknown(len(vector)), *values, stored.key]
        sql = statements.FEATURES.format(packed=packed, rows=f"{rows.sql}{join}")
        sent, lengths, blob = self._index.row(sql, *values)
        row_ids = integers(sent)
        cosines = np.full(len(row_ids), np.nan, np.float32)
        if blob and vector is not None:
            cosines[:] = unpack_all(blob, len(row_ids)) @ vector
        return row_ids, np.frombuffer(lengths, ">i4").astype(np.float32), cosines

    def _names(self, keys: RowKeys, named: RowKeys) -> list[tuple[int, str]]:
        if not len(named):
            return []
        if self._whole is not None and self._is_whole(keys):
            named_ids = set(named.tolist())
            return [one for one in self._whole.names if one[0] in named_ids]
        rows = self.data.db.rows(numbered(statements.NAMES), named.tolist(), self.project)
        return [(row_id, name) for row_id, name in rows]

    # --- Dialogues ----------------------------------------------------------------------------

    def dialogues_of(self, keys: RowKeys) -> RowKeys:
        """Return the dialogue of each message, -1 where it is gone."""
        rows = self.data.db.rows(numbered(statements.DIALOGUES), keys.tolist(), self.project)
        owners: dict[int, int] = dict(map(tuple, rows))
        return np.fromiter((owners.get(key, -1) for key in keys.tolist()), np.int64)

    def neighborhoods(self, keys: RowKeys, count: int) -> list[Neighborhood]:
        """Return each message with so many before it and after it."""
        found: dict[int, Neighborhood] = {}
        rows = self.data.db.rows(
            numbered(statements.NEIGHBORHOODS), keys.tolist(), count + 1, count, self.project
        )
        for row_id, dialogue, created, seq, *beside in rows:
            of = found.setdefault(row_id, Neighborhood(dialogue, [], []))
            position = Position(*beside)
            (of.earlier if position[:2] <= (created, seq) else of.later).append(position)
        for of in found.values():
            of.earlier.sort(reverse=True)
            of.later.sort()
        return list(found.values())


def positions(ordered: RowKeys, keys: RowKeys) -> tuple[RowKeys, Any]:
    """Return where keys are among sorted ones, and which keys are there at all."""
    at = np.searchsorted(ordered, keys)
    at[at == len(ordered)] = 0
    there = ordered[at] == keys
    return at[there], there
