"""Reads, each in one snapshot of the data.

A read gets a budget of bytes; one that goes over is broken off and repeated, with a larger budget
and without any, each time when so much may be in memory.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from dialoguedb.errors import DialogueDBError
from dialoguedb.ports import IdempotencyHit, large_reads
from dialoguedb.store.postgres.connection.budgets import (
    FIRST,
    ONCE,
    SHORT,
    UNLIMITED,
    Budget,
    OverBudget,
)
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.connection.errors import FAILURES, UNREADABLE, is_lost, translate
from dialoguedb.store.postgres.connection.pool import borrowed, in_snapshot
from dialoguedb.values.lists import Window

T = TypeVar("T")
Query = Callable[[Connection], Awaitable[T]]

_ATTEMPTS = 3
_BACKOFF_S = 0.05


class Readers:
    """Runs queries, many at a time."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def read(self, query: Query[T]) -> T:
        """Run a query in one snapshot of the data."""
        try:
            return await self._repeated(partial(self._in_snapshot, FIRST), query)
        except OverBudget:
            pass  # and not from here, where the exception would keep what the query held
        return await self.read_much(query)

    async def list(self, window: Window, query: Query[T], *, is_single: bool = False) -> T:
        """Run the query of a window; a further piece of a large page waits for its memory.

        A query of a single statement needs no transaction.
        """
        if window.continues:
            return await self.read_much(query, large_reads.PIECE_READ_BYTES)
        return await (self.read_once(query) if is_single else self.read(query))

    async def read_much(self, query: Query[T], count: int = large_reads.SHORT_READ_BYTES) -> T:
        """Run a query in one snapshot of the data when so many bytes may be in memory."""
        await large_reads.admit(count)
        return await self.read_admitted(query)

    async def read_admitted(self, query: Query[T]) -> T:
        """Run a query of many statements, and one that reads much when that may be in memory."""
        try:
            return await self._repeated(partial(self._in_snapshot, SHORT), query)
        except OverBudget:
            pass
        await large_reads.admit(large_reads.LONG_READ_BYTES)
        return await self._repeated(partial(self._in_snapshot, UNLIMITED), query)

    async def read_once(self, query: Query[T]) -> T:
        """Run a query of a single statement, which needs no transaction."""
        try:
            return await self._repeated(self._plain, query)
        except OverBudget:
            pass
        return await self.read_much(query)

    async def _repeated(self, run: Callable[[Query[T]], Awaitable[T]], query: Query[T]) -> T:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return await run(query)
            except (DialogueDBError, IdempotencyHit):
                raise
            except (*FAILURES, *UNREADABLE) as error:
                if not is_lost(error) or attempt == _ATTEMPTS:
                    raise translate(error) from error
            await asyncio.sleep(_BACKOFF_S * attempt)
        raise AssertionError

    async def _in_snapshot(self, budget: Budget, query: Query[T]) -> T:
        async with borrowed(self._pool) as raw, in_snapshot(raw):
            return await query(Connection(raw, budget))

    async def _plain(self, query: Query[T]) -> T:
        async with borrowed(self._pool) as raw:
            return await query(Connection(raw, ONCE))
