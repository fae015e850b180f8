"""A connection for a thread: each statement runs on the event loop, and the thread waits for it."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from dialoguedb.errors import ServiceUnavailable
from dialoguedb.store.postgres.connection.connection import Connection, Row

T = TypeVar("T")


class BlockingConnection:
    """Runs statements with a `?` for each value, for one thread at a time."""

    def __init__(self, db: Connection, loop: asyncio.AbstractEventLoop) -> None:
        self._db = db
        self._loop = loop
        self._closed = False

    def close(self) -> None:
        """Run no further statement."""
        self._closed = True

    def run(self, query: Callable[[Connection], Coroutine[Any, Any, T]]) -> T:
        """Run what is asynchronous on the event loop."""
        return asyncio.run_coroutine_threadsafe(self._run(query), self._loop).result()

    async def _run(self, query: Callable[[Connection], Coroutine[Any, Any, T]]) -> T:
        if self._closed:
            raise ServiceUnavailable("The search was given up")
        return await query(self._db)

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """Return all rows."""
        return self.run(lambda db: db.rows(sql, *values))

    def row(self, sql: str, *values: Any) -> Row:
        """Return the only row."""
        (row,) = self.rows(sql, *values)
        return row

    def value(self, sql: str, *values: Any) -> Any:
        """Return the first column of the first row; None when there is none."""
        return self.run(lambda db: db.value(sql, *values))

    def portions(self, sql: str, *values: Any, size: int) -> "Portions":
        """Return rows some at a time."""
        return Portions(self, self.run(lambda db: _cursor(db, sql, values)), size)


class Portions:
    """Iterates over the rows of a statement, some at a time."""

    def __init__(self, db: BlockingConnection, cursor: Any, size: int) -> None:
        self._db = db
        self._cursor = cursor
        self._size = size

    def __iter__(self) -> "Portions":
        """Return itself."""
        return self

    def __next__(self) -> list[Row]:
        """Return the next rows."""
        found: list[Row] = self._db.run(lambda _: self._cursor.fetch(self._size))
        if not found:
            raise StopIteration
        return found


async def _cursor(db: Connection, sql: str, values: Sequence[Any]) -> Any:
    return await db.raw.cursor(sql, *values)


async def on_thread(db: Connection, work: Callable[[BlockingConnection], T]) -> T:
    """Run what blocks on a thread; the connection is nobody else's until the thread has ended."""
    blocking = BlockingConnection(db, asyncio.get_running_loop())
    working = asyncio.create_task(asyncio.to_thread(work, blocking))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        blocking.close()
        while not working.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([working])
        if not working.cancelled():
            working.exception()  # nobody else asks for it
        raise
