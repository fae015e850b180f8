"""Writes: each operation in a transaction of its own, run again when another overtook it.

What an operation reads it locks, the dialogue first; of what another transaction has stored
meanwhile it learns by a violated constraint, and then decides again by what is there.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, TypeVar

import asyncpg

from dialoguedb.errors import DialogueDBError, ServiceUnavailable
from dialoguedb.ports import IdempotencyHit
from dialoguedb.ports.statistics import WriterStatistics
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.connection.errors import (
    FAILURES,
    UNREADABLE,
    is_lost,
    is_overtaken,
    translate,
)
from dialoguedb.store.postgres.connection.pool import begin, borrowed, roll_back
from dialoguedb.store.postgres.connection.usage import UsageLog

T = TypeVar("T")

_ATTEMPTS = 10
_BACKOFF_S = (0.005, 0.05)
_SLOTS = 1 << 30


class Transaction(Connection):
    """A connection in a transaction that writes."""

    def __init__(self, raw: asyncpg.Connection, usage: UsageLog) -> None:
        super().__init__(raw)
        self.usage = usage


Operation = Callable[[Transaction], Awaitable[T]]
"""One atomic piece of work; raising undoes it and nothing else. It may run more than once."""


class Writer:
    """Runs operations, many at a time."""

    def __init__(self, pool: Any, statistics: WriterStatistics | None) -> None:
        self._pool = pool
        self._statistics = statistics or WriterStatistics()
        # Each transaction at a time counts in a row of its own, or all would wait for one row.
        first = random.randrange(1, _SLOTS)  # noqa: S311 - tells servers apart, hides nothing
        self._slots = count(first)
        self._free_slots: list[int] = []
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing = False

    async def write(self, operation: Operation[T], *, repeatable: bool = False) -> T:
        """Return the result of an operation once it is durable.

        One that is repeatable, having an idempotency key, runs again when the connection is lost
        and nobody knows whether it was stored; others fail then with ServiceUnavailable.
        """
        with self.admitted():
            return await self.run(operation, repeatable=repeatable)

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Keep the writer open while an operation waits or runs; ServiceUnavailable."""
        if self._closing:
            raise ServiceUnavailable("The server is shutting down")
        self._running += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()

    async def finish(self) -> None:
        """Finish what runs, and take no more."""
        self._closing = True
        await self._idle.wait()

    async def run(
        self, operation: Operation[T], *, repeatable: bool = False, operations: int = 1
    ) -> T:
        """Do what `write` does, for one operation or several in one that are admitted."""
        for attempt in range(1, _ATTEMPTS + 1):
            attempted = _Attempt(operations)
            try:
                return await self._attempt(operation, attempted)
            except (DialogueDBError, IdempotencyHit):
                raise
            except (*FAILURES, *UNREADABLE) as error:
                may_repeat = is_overtaken(error) or (
                    is_lost(error) and (repeatable or not attempted.commits)
                )
                if not may_repeat or attempt == _ATTEMPTS:
                    raise translate(error) from error
            backoff_s = random.uniform(*_BACKOFF_S) * attempt  # noqa: S311 - it hides nothing
            await asyncio.sleep(backoff_s)
        raise AssertionError

    @contextmanager
    def _usage(self) -> Iterator[UsageLog]:
        slot = self._free_slots.pop() if self._free_slots else next(self._slots)
        try:
            yield UsageLog(slot)
        finally:
            self._free_slots.append(slot)

    async def _attempt(self, operation: Operation[T], attempted: "_Attempt") -> T:
        began = time.perf_counter()
        async with borrowed(self._pool) as raw:
            with self._usage() as usage:
                result = await _in_transaction(raw, operation, attempted, usage)
        self._statistics.record(
            attempted.operations, time.perf_counter() - began, self._running - 1
        )
        return result


async def _in_transaction(
    raw: asyncpg.Connection, operation: Operation[T], attempted: "_Attempt", usage: UsageLog
) -> T:
    transaction = raw.transaction(isolation="read_committed")  # whatever the default is
    await begin(raw, transaction)
    try:
        db = Transaction(raw, usage)
        result = await operation(db)
        await usage.write(db)
        attempted.commits = True
        await transaction.commit()
    except BaseException:
        if not attempted.commits and not raw.is_closed():
            await roll_back(transaction)
        raise
    return result


class _Attempt:
    """One run of an operation."""

    def __init__(self, operations: int) -> None:
        self.operations = operations
        self.commits = False
        """Whether its commit was sent, so that it may be stored."""
