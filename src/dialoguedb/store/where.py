"""Conditions of a statement, put together one by one, on any engine."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Where:
    """Conditions that are all to hold, with a `?` for each of the values in them."""

    conditions: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, condition: str, *values: Any) -> None:
        """Add a condition."""
        self.conditions.append(condition)
        self.values.extend(values)

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self.conditions)

    def __add__(self, other: "Where") -> "Where":
        """Return both together."""
        return Where(self.conditions + other.conditions, self.values + other.values)

    @property
    def sql(self) -> str:
        """The conditions as one."""
        return " AND ".join(self.conditions) or "true"
