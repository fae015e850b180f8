"""The SQL of lists: keyset windows and filters, every value a bound parameter.

A list reads an index in its order and stops when the window is full. A filter that few rows pass
would make it read the whole index, so these rows are fetched first and sorted; a filter that many
pass is met soon enough in order. The plus before a column keeps SQLite from using its index.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import apsw

from dialoguedb.values.lists import TimeRange, Window

FEW_MAX = 2_000
"""Up to this many rows are fetched and sorted."""

_ANY = TimeRange()


def are_few(db: apsw.Connection, found: str, values: tuple[Any, ...]) -> bool:
    """Tell whether a SELECT finds few rows, without counting more."""
    count = f"SELECT count(*) FROM ({found} LIMIT {FEW_MAX + 1})"
    return bool(db.execute(count, values).get <= FEW_MAX)


@dataclass
class SelectBuilder:
    """The SELECT of a list, put together from its filters and its window."""

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

    def add_span(self, db: apsw.Connection, table: str, span: TimeRange) -> None:
        """Keep to a range of `created`."""
        if span == _ANY:
            return
        if self.order[0] == "r.created":
            lower, upper = self._still_ahead(span)
            self.add("r.created >= ? AND r.created < ?", lower, upper)
            return
        within = "".join(f"{column} = ? AND " for column in self.fixed)
        found = f"SELECT 1 FROM {table} r WHERE {within} r.created >= ? AND r.created < ?"
        few = are_few(db, found, (*self.fixed.values(), span.lower, span.upper))
        sign = "" if few else "+"
        self.add(f"{sign}r.created >= ? AND {sign}r.created < ?", span.lower, span.upper)

    def _still_ahead(self, span: TimeRange) -> tuple[str, str]:
        """Narrow the range to what a later page can show, so that its depth costs nothing."""
        if self.window.after is None:
            return span.lower, span.upper
        reached = str(self.window.after[0])
        if self.window.order == "asc":
            return max(span.lower, reached), span.upper
        return span.lower, min(span.upper, reached + " ")  # the time itself is still inside

    def rows(self, db: apsw.Connection) -> apsw.Cursor:
        """Run it; one row more than the window holds shows whether more follow."""
        after = self.window.after or ()
        text = _text(
            self.select,
            (*self.fixed,),
            (*self.conditions,),
            self.order,
            (self.window.order, self.few, bool(after)),
        )
        values = (*self.fixed.values(), *self.values, *after, self.window.limit + 1)
        return db.execute(text, values)


@lru_cache(maxsize=1024)
def _text(
    select: str,
    fixed: tuple[str, ...],
    conditions: tuple[str, ...],
    order: tuple[str, ...],
    how: tuple[str, bool, bool],
) -> str:
    direction, few, later = how
    where = [f"{'+' if few else ''}{column} = ?" for column in fixed]
    where += conditions
    if later:
        sign = ">" if direction == "asc" else "<"
        where.append(f"({', '.join(order)}) {sign} ({placeholders(order)})")
    ordering = ", ".join(f"{column} {direction}" for column in order)
    return f"{select} WHERE {' AND '.join(where) or 'true'} ORDER BY {ordering} LIMIT ?"


def placeholders(values: tuple[Any, ...]) -> str:
    """Return the placeholders for a list of values."""
    return ", ".join("?" * len(values))
