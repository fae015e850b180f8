"""The rows of the indexes in a project or namespace, and which of them hold a word."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dialoguedb.model.search import SearchObject
from dialoguedb.retrieval import filter_tokens
from dialoguedb.retrieval.snapshot import RowKeys
from dialoguedb.retrieval.terms import TermGroup
from dialoguedb.store.postgres.schema.partitions import part_of
from dialoguedb.store.postgres.search_index import words
from dialoguedb.store.postgres.search_queries import statements
from dialoguedb.store.postgres.search_queries.blocking import BlockingConnection
from dialoguedb.store.postgres.search_queries.filters import looked_up, numbered
from dialoguedb.store.where import Where


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
    def table(self) -> str:
        """The index of words, as `w`."""
        return f"{self.object}_words w"

    def some(self, limit: int) -> Where:
        """Return a query for rows of the index of words."""
        bound = self.bound("w")
        sql = f"SELECT w.number FROM {self.table} WHERE {bound.sql} LIMIT ?"
        return Where([sql], [*bound.values, limit])

    def worded(self, keys: RowKeys) -> Where:
        """Return some rows of the index of words as a table with its values."""
        bound = self.bound("w")
        listed = looked_up(self.table, f"{bound.sql} AND w.number = k.number")
        return Where([f"{statements.GIVEN} {listed}"], [keys.tolist(), *bound.values])

    def all_worded(self) -> Where:
        """Return all of them in the same way."""
        bound = self.bound("w")
        sql = f"(SELECT * FROM {self.table} WHERE {bound.sql} OFFSET 0) AS w"
        return Where([sql], bound.values)

    def looked_through(self, groups: Sequence[TermGroup], rows: Where) -> list[RowKeys]:
        """Return which rows of a part of the index hold each term group, looking at each row."""
        if not groups:
            return []
        columns = ", ".join([statements.HELD] * len(groups))
        matches = map(words.match, groups)
        found = self.row(f"SELECT {columns} FROM {rows.sql}", *matches, *rows.values)
        return [integers(row_ids) for row_ids in found]

    def held(self, match: str, limit: int | None) -> Where:
        """Return a query for rows of the scope whose words match, by their index."""
        bound = self.bound("held")
        sql = (
            f"WITH held AS MATERIALIZED (SELECT part, project, scope, number"
            f" FROM {self.object}_words WHERE words @@ ?::tsquery)"
            f" SELECT held.number FROM held WHERE {bound.sql} ORDER BY held.number DESC LIMIT ?"
        )
        return Where([sql], [match, *bound.values, limit])

    def bounds(self) -> tuple[int, int]:
        """Return the lowest and the highest number there is in the project."""
        first, last = self.row(
            f"SELECT min(number), max(number) FROM {self.table} WHERE w.project = ?", self.project
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
