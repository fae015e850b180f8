"""Where a search looks: the objects of a kind in a project, a namespace or a dialogue."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

import apsw
import numpy as np

from dialoguedb.model.search import SearchObject
from dialoguedb.retrieval import filter_tokens, vectors
from dialoguedb.retrieval.code_cache import CodeCache
from dialoguedb.retrieval.codes import Positions, StoredVector, VectorGroup
from dialoguedb.retrieval.snapshot import (
    NO_KEYS,
    Floats,
    Held,
    KeyPattern,
    Neighborhood,
    Position,
    Postings,
    RowFeatures,
    RowKeys,
    Rows,
)
from dialoguedb.retrieval.terms import TermGroup
from dialoguedb.store.sqlite.search_index import words
from dialoguedb.store.sqlite.search_index.words import TABLES
from dialoguedb.store.where import Where

_EVERY = 1 << 62
_TOKENS_MAX = 20_000
"""Objects with certain filter tokens up to which all of them are read."""

_SPARSE = 20
"""Row ids to an object of a scope, from which on its token is worth being looked up as well."""

_GAP_MAX = 100
"""Row ids between objects that are looked through together."""

_SAMPLES = 8
_SAMPLE = 200
_MOST = 0.9
_SIZES_KEPT = 4_096

# A dialogue's messages come one after the other, in order: what the indexes give without sorting.
_SELECTS = {
    "message": "SELECT m.number, m.dialogue FROM dialogues d"
    " CROSS JOIN messages m ON m.dialogue = d.number WHERE {}"
    " ORDER BY d.project, d.namespace, d.id, m.created, m.seq LIMIT ?",
    "dialogue": "SELECT d.number, -1 FROM dialogues d WHERE {} LIMIT ?",
    "memory": "SELECT r.number, -1 FROM memories r WHERE {} LIMIT ?",
}
_ANY_ORDER = {
    **_SELECTS,
    "message": "SELECT m.number, m.dialogue FROM dialogues d"
    " CROSS JOIN messages m ON m.dialogue = d.number WHERE {} LIMIT ?",
}
_LISTED = {
    "message": "SELECT m.number FROM carray(?) c CROSS JOIN messages m ON m.number = c.value"
    " CROSS JOIN dialogues d ON d.number = m.dialogue WHERE {}",
    "dialogue": "SELECT d.number FROM carray(?) c CROSS JOIN dialogues d ON d.number = c.value"
    " WHERE {}",
    "memory": "SELECT r.number FROM carray(?) c CROSS JOIN memories r ON r.number = c.value"
    " WHERE {}",
}
_DIALOGUES = (
    "SELECT m.number, m.dialogue FROM carray(?) c CROSS JOIN messages m ON m.number = c.value"
)
_VECTORS = (
    "SELECT v.number, v.vector FROM carray(?) c CROSS JOIN vectors v"
    " ON v.embedder = ? AND v.object = ? AND v.number = c.value"
)
_NAMES = (
    "SELECT m.number, m.name FROM carray(?) c CROSS JOIN messages m ON m.number = c.value"
    " WHERE m.name IS NOT NULL"
)
_POSITIONS = (
    "SELECT m.dialogue, m.created, m.seq FROM carray(?) c"
    " CROSS JOIN messages m ON m.number = c.value"
)
_BEFORE = (
    "SELECT * FROM (SELECT created, seq, number FROM messages WHERE dialogue = ?1"
    " AND (created, seq) {} (?2, ?3) ORDER BY created {order}, seq {order} LIMIT ?4)"
)
_WINDOW = " UNION ALL ".join(
    (_BEFORE.format("<=", order="DESC"), _BEFORE.format(">", order="ASC").replace("?4", "?5"))
)
_LATER = (
    "SELECT position, object, project, scope, number, vector FROM vectors"
    " WHERE position > ? AND +embedder = ? ORDER BY position LIMIT ?"
)
_AT = "FROM carray(?) c CROSS JOIN vectors v ON v.position = c.value"
_NOBODY = np.array([-1], np.int64)


@dataclass(frozen=True)
class Data:
    """What a search reads from."""

    db: apsw.Connection
    codes: CodeCache
    embedder: int | None
    """Whose vectors serve."""


@dataclass(frozen=True)
class SQLiteScope:
    """Implements `retrieval.snapshot.SearchScope`."""

    data: Data
    object: SearchObject
    project: int
    namespace: str | None
    """None for all of the project's."""

    within: Where
    """What makes objects part of the scope."""

    filters: Where
    """What those that are found match."""

    tokens: tuple[str, ...]
    """MATCH expressions that narrow down what is found; only ever true where `filters` are."""

    dialogue: int | None = None
    """The only dialogue whose messages are looked at."""

    by_time: bool = False
    """Whether messages are kept to a time, and so found by an index."""

    @property
    def filtered(self) -> bool:
        """Whether the scope as the indexes know it holds more than may be found."""
        return bool(self.filters) or self.dialogue is not None

    @property
    def _is_quick(self) -> bool:
        """Whether what matches the filters is soon found, or found to be much."""
        return self.object != "message" or self.dialogue is not None or self.by_time

    @property
    def _namespace(self) -> int | None:
        """The hash of the namespace; None for all of the project's."""
        if self.namespace is None:
            return None
        return filter_tokens.namespace_hash(self.project, self.namespace)

    @property
    def _match(self) -> str:
        """The MATCH expression of all there is in the project or namespace."""
        return words.quote(filter_tokens.scope_token(self.project, self._namespace))

    # --- Rows and filters ---------------------------------------------------------------------

    def rows(self, limit: int, dialogue: int | None = None) -> Rows:
        """Return all there is, matching or not, up to a limit; only of one dialogue if given."""
        where = self.within
        if dialogue is not None:
            where += Where(["d.number = ?"], [dialogue])
        return self._rows(_SELECTS[self.object], where, limit)

    def some_matching(self, limit: int | None) -> RowKeys:
        """Return rows that match the filters, up to a limit and in any order."""
        where = self.within + self.filters
        return self._rows(_ANY_ORDER[self.object], where, _EVERY if limit is None else limit).keys

    def _rows(self, select: str, where: Where, limit: int) -> Rows:
        cursor = self.data.db.execute(select.format(where.sql), (*where.values, limit))
        pairs = integers(chain.from_iterable(cursor)).reshape(-1, 2)
        return Rows(np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1]))

    def matching(self, keys: RowKeys) -> RowKeys:
        """Return those of these rows that are in the scope and match the filters, sorted."""
        where = self.within + self.filters
        select = _LISTED[self.object].format(where.sql)
        return np.sort(column(self.data.db, select, (array(keys), *where.values)))

    def few_matching(self, limit: int) -> RowKeys | None:
        """Return all rows that match the filters, where these are few and soon found; else None."""
        if self.tokens:
            match = " AND ".join((self._match, *self.tokens))
            tagged = column(self.data.db, f"{self._holding} LIMIT ?", (match, _TOKENS_MAX + 1))
            return self.matching(tagged) if len(tagged) <= _TOKENS_MAX else None
        if not self._is_quick:
            return None
        few = self.some_matching(limit + 1)
        return few if len(few) <= limit else None

    # --- Words --------------------------------------------------------------------------------

    @property
    def _holding(self) -> str:
        table = TABLES[self.object]
        return f"SELECT rowid AS number FROM {table} WHERE {table} MATCH ?"

    def holding(
        self, groups: Sequence[TermGroup], keys: RowKeys, pattern: KeyPattern
    ) -> list[RowKeys]:
        """Return for each term group all of these rows that hold it, and others between them."""
        parts = list(_close_together(keys)) if pattern == "neighborhoods" else [keys]
        tokens = self.tokens if pattern == "matching" else ()
        return [
            np.concatenate([NO_KEYS, *(self._between(group, part, tokens) for part in parts)])
            for group in groups
        ]

    def _between(self, group: TermGroup, keys: RowKeys, tokens: tuple[str, ...]) -> RowKeys:
        """Return what holds a term, with row ids no lower and no higher than these."""
        if not len(keys):
            return keys
        match, first, last = words.match(group), int(keys.min()), int(keys.max())
        if last - first > _SPARSE * len(keys):
            match = " AND ".join((self._match, *tokens, match))
        sql = f"{self._holding} AND rowid BETWEEN ? AND ?"
        return column(self.data.db, sql, (match, first, last))

    def holding_any(self, groups: Sequence[TermGroup]) -> RowKeys:
        """Return all rows of the scope that hold any of the terms."""
        if not groups:
            return NO_KEYS
        holding = words.any_of(term.word for group in groups for term in group)
        return column(self.data.db, self._holding, (f"{self._match} AND {holding}",))

    def newest(
        self,
        groups: Sequence[TermGroup],
        limit: int,
        *,
        strictly: bool,
        to_count: bool,  # noqa: ARG002 - it costs the same
    ) -> Postings:
        """Return the newest rows that hold each term group, and the newest of all, up to a limit.

        Where nearly all there is belongs to the scope, to look up its token costs more than what
        others have among it, which is left out later.
        """
        db, sizes = self.data.db, f"{TABLES[self.object]}_docsize"
        # Asked for both at once, SQLite would read all of it.
        bounds = f"SELECT (SELECT min(id) FROM {sizes}), (SELECT max(id) FROM {sizes})"
        first, last = (bound or 0 for bound in db.execute(bounds).get)
        mixed = not strictly and self._is_most(first, last)
        within = "" if mixed else f"{self._match} AND "
        newest = f"{self._holding} ORDER BY rowid DESC LIMIT {limit}"
        every, *holding = (
            Held.newest(np.sort(column(db, newest, (match,))), limit)
            for match in (self._match, *(within + words.match(group) for group in groups))
        )
        return Postings(first, last, every, holding, mixed)

    def _is_most(self, first: int, last: int) -> bool:
        """Tell whether nearly all objects are of the scope, going by samples."""
        sql = f"{self._holding} AND rowid BETWEEN ? AND ?"
        for start in np.linspace(first, max(first, last - _SAMPLE), _SAMPLES).astype(int).tolist():
            bounds = (start, min(start + _SAMPLE - 1, last))
            found = column(self.data.db, sql, (self._match, *bounds))
            if len(found) < _MOST * (bounds[1] - bounds[0] + 1):
                return False
        return True

    # --- Vectors and other features -----------------------------------------------------------

    def nearest(self, vector: Floats, count: int, among: RowKeys | None) -> RowKeys:
        """Return about so many rows, the nearest to a vector, those of `among` alone if given."""
        if self.data.embedder is None:
            return NO_KEYS
        source = StoredVectors(self.data.db, self.data.embedder)
        group = VectorGroup(self.object, self.project, self._namespace)
        return self.data.codes.nearest(source, vector, group, count, among)

    def features(
        self, keys: RowKeys, vector: Floats | None = None, named: RowKeys = NO_KEYS
    ) -> RowFeatures:
        """Return what is known of rows, and the names of those of `named` that are messages."""
        order = np.argsort(keys)
        ordered = keys[order]
        cosines = np.full(len(keys), np.nan, np.float32)
        lengths = np.zeros(len(keys), np.float32)
        lengths[order] = self._lengths(ordered)
        if vector is not None and self.data.embedder is not None and len(keys):
            bound = (array(ordered), self.data.embedder, self.object)
            stored: list[Any] = self.data.db.execute(_VECTORS, bound).fetchall()
            cosines[order] = vectors.cosines(ordered, vector, stored)
        names: list[Any] = []
        if len(named):
            names = self.data.db.execute(_NAMES, (array(named),)).fetchall()
        return RowFeatures(cosines, lengths, names)

    def _lengths(self, ordered: RowKeys) -> Floats:
        """Return how many words each has, which FTS5 keeps as a variable integer."""
        lengths = np.zeros(len(ordered), np.float32)
        rows: list[Any] = self.data.db.execute(
            f"SELECT s.id, s.sz FROM carray(?) c CROSS JOIN {TABLES[self.object]}_docsize s"
            " ON s.id = c.value",
            (array(ordered),),
        ).fetchall()
        at = np.searchsorted(ordered, integers(row_id for row_id, _ in rows))
        lengths[at] = [_decoded(size) for _, size in rows]
        return lengths

    # --- Dialogues ----------------------------------------------------------------------------

    def dialogues_of(self, keys: RowKeys) -> RowKeys:
        """Return the dialogue of each message, -1 where it is gone."""
        owners = dict(self.data.db.execute(_DIALOGUES, (array(keys),)))
        return integers(owners.get(key, -1) for key in keys.tolist())

    def neighborhoods(self, keys: RowKeys, count: int) -> list[Neighborhood]:
        """Return each message with so many before it and after it."""
        db, neighborhoods = self.data.db, []
        for dialogue, created, seq in db.execute(_POSITIONS, (array(keys),)):
            bound = (dialogue, created, seq, count + 1, count)
            rows = [Position(*row) for row in db.execute(_WINDOW, bound)]
            earlier = sum((row.created, row.seq) <= (created, seq) for row in rows)
            neighborhoods.append(Neighborhood(dialogue, rows[:earlier], rows[earlier:]))
        return neighborhoods


def _close_together(keys: RowKeys) -> Iterator[RowKeys]:
    """Split row ids so that little else lies between those of each part."""
    ordered = np.sort(keys)
    if len(ordered):
        yield from np.split(ordered, np.flatnonzero(np.diff(ordered) > _GAP_MAX) + 1)


@lru_cache(_SIZES_KEPT)
def _decoded(size: bytes) -> int:
    decoded = 0
    for byte in size:
        decoded = decoded << 7 | byte & 0x7F
    return decoded


@dataclass(frozen=True)
class StoredVectors:
    """Implements `retrieval.codes.VectorSource`."""

    db: apsw.Connection
    embedder: int

    def last_position(self) -> int:
        """Return the position of the vector stored last, of any embedder; 0 without any."""
        return self.db.execute("SELECT max(position) FROM vectors").get or 0

    def later(self, position: int, limit: int) -> Sequence[StoredVector]:
        """Return the vectors stored after a position, in order, up to a limit."""
        rows: list[Any] = self.db.execute(_LATER, (position, self.embedder, limit)).fetchall()
        return rows

    def existing(self, positions: Positions) -> Positions:
        """Return those of these positions that are there."""
        return column(self.db, f"SELECT v.position AS number {_AT}", (array(positions),))

    def keys_at(self, positions: Positions) -> RowKeys:
        """Return the row ids of the objects whose vectors are there."""
        return column(self.db, f"SELECT v.number {_AT}", (array(positions),))


# --- Many row ids at once, in and out of statements -----------------------------------------------


def integers(values: Iterable[int]) -> RowKeys:
    """Gather integers."""
    return np.fromiter(values, np.int64)


def column(db: apsw.Connection, sql: str, values: tuple[Any, ...]) -> RowKeys:
    """Gather the integers of a query's only column, `number`, in no order.

    As one text they take half the time of as many rows.
    """
    gathered = f"SELECT ifnull(group_concat(number), '') FROM ({sql})"
    return np.fromstring(str(db.execute(gathered, values).get), np.int64, sep=",")


def array(keys: RowKeys) -> Any:
    """Bind row ids as the table `carray(?)`; an empty one cannot be."""
    return apsw.carray(np.ascontiguousarray(keys) if len(keys) else _NOBODY)
