"""The rows of the indexes in a project or namespace, and which of them hold a word."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dialoguedb.model.search import SearchObject
from dialoguedb.retrieval import filter_tokens
from dialoguedb.retrieval.snapshot import Postings, RowKeys, TermGroup
from dialoguedb.store.postgres.schema.partitions import part_of
from dialoguedb.store.postgres.search_index import words
from dialoguedb.store.postgres.search_queries import statements
from dialoguedb.store.postgres.search_queries.blocking import BlockingConnection
from dialoguedb.store.postgres.search_queries.filters import looked_up, numbered
from dialoguedb.store.where import Where

_SAMPLE = 2_000
_COMMON = 0.2
"""The share of the newest rows from which on a word is looked for in the rows, newest first."""


@dataclass(frozen=True)
class IndexedRows:
    """Rows of one kind of object."""

    db: BlockingConnection
    object: SearchObject
    project: int
    namespace: str | None
    """None for all of the project's."""

    @property
    def _namespace(self) -> int | None:
        """The hash of the namespace; None for all of the project's."""
        if self.namespace is None:
            return None
        return filter_tokens.namespace_hash(self.project, self.namespace)

    @property
    def match(self) -> str:
        """The query for all there is in the project or namespace."""
        return words.quote(filter_tokens.scope_token(self.project, self._namespace))

    def bound(self, table: str) -> Where:
        """Return the conditions on rows of an index."""
        bound = Where([f"{table}.project = ?"], [self.project])
        if self.namespace is not None:
            bound.add(f"{table}.scope = ?", self._namespace)
        if self.namespace:  # all of it lies together
            bound.add(f"{table}.part = ?", part_of(self.project, self.namespace, ""))
        return bound

    @property
    def _table(self) -> str:
        return f"{self.object}_words w"

    def some(self, limit: int) -> Where:
        """Return a query for rows of the index of words."""
        bound = self.bound("w")
        sql = f"SELECT w.number FROM {self._table} WHERE {bound.sql} LIMIT ?"
        return Where([sql], [*bound.values, limit])

    def worded(self, keys: RowKeys) -> Where:
        """Return some rows of the index of words as a table with its values."""
        bound = self.bound("w")
        listed = looked_up(self._table, f"{bound.sql} AND w.number = k.number")
        return Where([f"{statements.GIVEN} {listed}"], [keys.tolist(), *bound.values])

    def all_worded(self) -> Where:
        """Return all of them in the same way."""
        bound = self.bound("w")
        sql = f"(SELECT * FROM {self._table} WHERE {bound.sql} OFFSET 0) AS w"
        return Where([sql], bound.values)

    def looked_through(self, groups: Sequence[TermGroup], rows: Where) -> list[RowKeys]:
        """Return which rows of a part of the index hold each term group, looking at each row."""
        if not groups:
            return []
        held = (
            "coalesce(string_agg(int8send(w.number), '') FILTER (WHERE w.words @@ ?::tsquery), '')"
        )
        columns = ", ".join([held] * len(groups))
        matches = map(words.match, groups)
        found = self.row(f"SELECT {columns} FROM {rows.sql}", *matches, *rows.values)
        return [integers(row_ids) for row_ids in found]

    def newest(self, groups: Sequence[TermGroup], limit: int) -> Postings:
        """Return the newest rows that hold each term group, and the newest of all, up to a limit.

        Of rows that are not many all are looked through, in the time that one word may take.
        """
        bound = self.bound("w")
        newest = f"SELECT w.number FROM {self._table} WHERE {bound.sql} ORDER BY w.number DESC"
        every = np.sort(self.each([Where([f"{newest} LIMIT ?"], [*bound.values, limit])])[0])
        if len(every) < limit:
            first, last = (int(every[0]), int(every[-1])) if len(every) else (0, 0)
            holding = self.looked_through(groups, self.all_worded())
        else:
            first, last = self._bounds()
            holding = self.each(self._newest_of(groups, every[-_SAMPLE:], limit))
        return Postings(first, last, every, [np.sort(held) for held in holding], mixed=False)

    def _newest_of(
        self, groups: Sequence[TermGroup], sample: RowKeys, limit: int
    ) -> Iterator[Where]:
        """Yield a query for each term group, by how common it is among the newest rows."""
        bound = self.bound("w")
        for group, held in zip(
            groups, self.looked_through(groups, self.worded(sample)), strict=True
        ):
            match = words.match(group)
            if len(held) < _COMMON * len(sample):
                yield self.held(f"{self.match} & {match}", limit)
                continue
            holds = "(w.words @@ ?::tsquery) IS TRUE"  # which no index is gathered for
            newest = f"SELECT w.number FROM {self._table} WHERE {bound.sql} AND {holds}"
            sql = f"{newest} ORDER BY w.number DESC LIMIT ?"
            yield Where([sql], [*bound.values, match, limit])

    def held(self, match: str, limit: int | None) -> Where:
        """Return a query for rows of the scope whose words match, by their index."""
        bound = self.bound("held")
        sql = (
            f"WITH held AS MATERIALIZED (SELECT part, project, scope, number"
            f" FROM {self.object}_words WHERE words @@ ?::tsquery)"
            f" SELECT held.number FROM held WHERE {bound.sql} ORDER BY held.number DESC LIMIT ?"
        )
        return Where([sql], [match, *bound.values, limit])

    def _bounds(self) -> tuple[int, int]:
        first, last = self.row(
            f"SELECT min(number), max(number) FROM {self._table} WHERE w.project = ?", self.project
        )
        return first or 0, last or 0

    def row(self, sql: str, *values: Any) -> Sequence[Any]:
        """Return the only row of a statement."""
        return self.db.row(numbered(sql), *values)

    def each(self, queries: Iterable[Where]) -> list[RowKeys]:
        """Gather the integers of each query's only column, `number`, in no order."""
        gathered = list(queries)
        if not gathered:
            return []
        columns = ", ".join(
            f"(SELECT {statements.NUMBERS} FROM ({one.sql}) AS found)" for one in gathered
        )
        values = [value for one in gathered for value in one.values]
        return [integers(row_ids) for row_ids in self.row(f"SELECT {columns}", *values)]


def integers(sent: bytes) -> RowKeys:
    """Read integers that were gathered in the order of the network: a tenth of the time of rows."""
    return np.frombuffer(sent, ">i8").astype(np.int64)
