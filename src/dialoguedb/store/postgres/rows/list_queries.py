"""The SQL of lists: keyset windows and filters, every value a bound parameter.

A list reads an index in its order and stops when the window is full. A filter that few rows pass
would make it read the whole index, so these rows are fetched first and sorted; a filter that many
pass is met soon enough in order. Ordering by an expression keeps PostgreSQL from using the index.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from dialoguedb.store.postgres.connection.connection import Connection, Row
from dialoguedb.values.lists import TimeRange, Window

FEW_MAX = 2_000
"""Up to this many rows are fetched and sorted."""

_ANY = TimeRange()
_INTEGERS = {"r.seq", "r.number"}


async def are_few(db: Connection, found: str, values: Sequence[Any]) -> bool:
    """Tell whether a SELECT finds few rows, without counting more; its placeholders are `?`."""
    count = f"SELECT count(*) FROM ({found} LIMIT {FEW_MAX + 1}) AS found"
    return bool(await db.value(numbered(count), *values) <= FEW_MAX)


async def find_few(db: Connection, found: str, values: Sequence[Any]) -> list[int] | None:
    """Return the row ids that a SELECT finds; None when they are not few."""
    rows = await db.rows(numbered(f"{found} LIMIT {FEW_MAX + 1}"), *values)
    return [row[0] for row in rows] if len(rows) <= FEW_MAX else None


class Owner(NamedTuple):
    """What the rows of a list belong to, as a statement finds it."""

    select: str
    """With the rows' columns, which are called `taken`."""

    where: str
    values: tuple[Any, ...]


@dataclass
class SelectBuilder:
    """The SELECT of a list, put together from its filters and its window.

    The placeholders of its parts are `?`; they are numbered at the end.
    """

    select: str
    order: tuple[str, ...]
    """The columns it is ordered by."""

    window: Window
    few: bool = False
    """Whether a filter leaves few rows, which are best fetched first."""

    fixed: dict[str, Any] = field(default_factory=dict)
    """Columns that the order's index begins with, and their values."""

    conditions: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, condition: str, *values: Any) -> None:
        """Add a condition."""
        self.conditions.append(condition)
        self.values.extend(values)

    def keep_to(self, row_ids: list[int]) -> None:
        """Keep to few rows, given by row id, so that no plan depends on how many are expected."""
        self.few = True
        self.add("r.number = ANY(?::bigint[])", row_ids)

    async def add_span(self, db: Connection, table: str, span: TimeRange) -> None:
        """Keep to a range of `created`."""
        if span == _ANY:
            return
        if self.order[0] == "r.created":
            self.add("r.created >= ? AND r.created < ?", *self._still_ahead(span))
            return
        within = "".join(f"{column} = ? AND " for column in self.fixed)
        found = f"SELECT 1 FROM {table} r WHERE {within} r.created >= ? AND r.created < ?"
        if await are_few(db, found, (*self.fixed.values(), span.lower, span.upper)):
            self.few = True
        self.add("r.created >= ? AND r.created < ?", span.lower, span.upper)

    def _still_ahead(self, span: TimeRange) -> tuple[str, str]:
        """Narrow the range to what a later page can show, so that its depth costs nothing."""
        if self.window.after is None:
            return span.lower, span.upper
        reached = str(self.window.after[0])
        if self.window.order == "asc":
            return max(span.lower, reached), span.upper
        return span.lower, min(span.upper, reached + " ")  # the time itself is still inside

    async def rows(self, db: Connection) -> list[Row]:
        """Run it; one row more than the window holds shows whether more follow."""
        return await db.rows(numbered(self._text("")), *self._values())

    async def rows_until(self, db: Connection, bytes_max: int, stored_bytes: str) -> list[Row]:
        """Run it, but stop where rows take more bytes; each row has one column more than selected.

        An expression tells the bytes of a row. The row that goes above the maximum and the one
        after it are still there, for the caller to see that.
        """
        text = numbered(self._text(stored_bytes))
        return await db.rows(text, *self._values(), bytes_max)

    async def rows_of(
        self, db: Connection, owner: Owner, bytes_max: int, stored_bytes: str
    ) -> list[Row]:
        """Run it for an owner that the same statement finds, whose columns begin each row.

        There is no row without the owner, and one of nulls for an owner without rows.
        """
        taken = self._text(stored_bytes)
        text = f"{owner.select} LEFT JOIN LATERAL ({taken}) AS taken ON true WHERE {owner.where}"
        return await db.rows(numbered(text), *self._values(), bytes_max, *owner.values)

    def _text(self, stored_bytes: str) -> str:
        return _text(
            (self.select, stored_bytes),
            (*self.fixed,),
            (*self.conditions,),
            self.order,
            (self.window.order, self.few, bool(self.window.after)),
        )

    def _values(self) -> list[Any]:
        after = self.window.after or ()
        return [*self.fixed.values(), *self.values, *after, self.window.limit + 1]


@lru_cache(maxsize=1024)
def _text(
    select: tuple[str, str],
    fixed: tuple[str, ...],
    conditions: tuple[str, ...],
    order: tuple[str, ...],
    how: tuple[str, bool, bool],
) -> str:
    direction, few, later = how
    columns, stored_bytes = select
    where = [f"{column} = ?" for column in fixed]
    where += conditions
    if later:
        sign = ">" if direction == "asc" else "<"
        where.append(f"({', '.join(order)}) {sign} ({', '.join('?' * len(order))})")
    keys = [_unindexed(column) for column in order] if few else order
    ordering = ", ".join(f"{key} {direction}" for key in keys)
    rest = f" WHERE {' AND '.join(where) or 'true'} ORDER BY {ordering} LIMIT ?"
    if not stored_bytes:
        return columns + rest
    return _until(columns, stored_bytes, ordering, rest)


def _until(select: str, stored_bytes: str, ordering: str, rest: str) -> str:
    """Return a SELECT that stops at a number of bytes, two rows later."""
    columns, tables = select.split(" FROM ", 1)
    above = (
        f"coalesce(sum({stored_bytes}) OVER (ORDER BY {ordering}"
        " ROWS BETWEEN UNBOUNDED PRECEDING AND 2 PRECEDING), 0) AS bytes_above"
    )
    taken = f"{columns}, {above} FROM {tables}{rest}"
    return f"SELECT * FROM ({taken}) AS taken WHERE bytes_above <= ?::bigint"


def _unindexed(column: str) -> str:
    return f"({column} + 0)" if column in _INTEGERS else f"({column} || '')"


@lru_cache(maxsize=1024)
def numbered(text: str) -> str:
    """Return a statement with its placeholders `?` numbered in their order."""
    first, *others = text.split("?")
    return first + "".join(f"${index}{part}" for index, part in enumerate(others, 1))
