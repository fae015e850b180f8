"""A connection in a transaction, as operations and queries see it."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import asyncpg

from dialoguedb.store.postgres.connection.budgets import UNLIMITED, Budget

Row = Sequence[Any]
"""The columns of a row in order; also a mapping by their names."""


class Connection:
    """Runs statements; placeholders are `$1`, `$2` and so on."""

    def __init__(self, raw: asyncpg.Connection, budget: Budget = UNLIMITED) -> None:
        self.raw = raw
        self.budget = budget
        """What a read may hold in memory."""

    async def rows(self, sql: str, *values: Any) -> list[Row]:
        """Return all rows."""
        found: list[Any] = await self.raw.fetch(sql, *values)
        return found

    async def row(self, sql: str, *values: Any) -> Row | None:
        """Return the first row; None when there is none."""
        row: Any = await self.raw.fetchrow(sql, *values)
        found: Row | None = row
        return found

    async def value(self, sql: str, *values: Any) -> Any:
        """Return the first column of the first row; None when there is none."""
        return await self.raw.fetchval(sql, *values)

    async def execute(self, sql: str, *values: Any) -> int:
        """Run a statement; returns how many rows it changed."""
        tag: str = await self.raw.execute(sql, *values)
        count = tag.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each row of values, in one round trip."""
        await self.raw.executemany(sql, rows)

    async def rows_of_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> list[Row]:
        """Return all rows of a statement for each row of values, in one round trip."""
        found: list[Any] = await self.raw.fetchmany(sql, rows)
        return found

    async def stream(self, sql: str, *values: Any, portion: int) -> AsyncIterator[Row]:
        """Return rows one by one, fetched a portion at a time."""
        row: Any
        async for row in self.raw.cursor(sql, *values, prefetch=portion):
            yield row
