"""The SQL that lists share: keyset windows and filters, every value a bound parameter."""

from dataclasses import dataclass, field
from typing import Any

from dialoguedb.model.lists import Span, Window

RARE_MAX = 2_000
"""Up to this many matches of a filter are fetched and sorted; more are met soon enough in order."""


@dataclass
class Where:
    """Conditions and the values bound to them."""

    conditions: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, condition: str, *values: Any) -> None:
        """Add a condition."""
        self.conditions.append(condition)
        self.values.extend(values)

    def add_span(self, column: str, span: Span) -> None:
        """Keep to a range of timestamps."""
        if span != _ANY:
            self.add(f"{column} >= ? AND {column} < ?", span.lower, span.upper)

    def add_window(self, columns: tuple[str, ...], window: Window, after: tuple[Any, ...]) -> None:
        """Start behind the last item seen."""
        if window.after is not None:
            sign = ">" if window.order == "asc" else "<"
            marks = ", ".join("?" * len(columns))
            self.add(f"({', '.join(columns)}) {sign} ({marks})", *after)

    @property
    def sql(self) -> str:
        """The conditions as SQL."""
        return " AND ".join(self.conditions)


_ANY = Span()


def ordering(columns: tuple[str, ...], window: Window) -> str:
    """Return the ORDER BY and LIMIT of a window, one more to see whether more follow."""
    terms = ", ".join(f"{column} {window.order}" for column in columns)
    return f" ORDER BY {terms} LIMIT {window.limit + 1}"


def marks(values: tuple[Any, ...]) -> str:
    """Return the placeholders for a list of values."""
    return ", ".join("?" * len(values))
