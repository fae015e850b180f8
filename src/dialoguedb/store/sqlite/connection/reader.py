"""Reading beside the writer: short reads on the event loop, long ones on threads.

A read on the loop saves two thread changes, but holds everybody up. So it gets a budget of
SQLite's steps and of bytes; one that goes over is broken off and repeated on a reader thread. There
it gets a budget of bytes as well; one that goes over is repeated once more, when so much may be in
memory.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import partial
from itertools import starmap
from pathlib import Path
from typing import Any, Generic, TypeVar

import apsw
from msgspec import Struct

from dialoguedb.model.rules.pages import ITEM_BYTES, USUAL_ITEM_BYTES, take, take_piece
from dialoguedb.ports import large_reads
from dialoguedb.store.sqlite.connection import files
from dialoguedb.store.sqlite.connection.errors import (
    UNREADABLE,
    is_page_damage,
    release,
    translate,
)
from dialoguedb.store.sqlite.encryption.data_key import DataKey
from dialoguedb.values.lists import Slice, Window

S = TypeVar("S")
T = TypeVar("T")
Row = tuple[Any, ...]

_THREADS = 4
_STEPS_PER_CHECK = 5_000
_CHECKS_MAX = 8
_LOOP_BYTES_MAX = 512 * 1024
_SHORT_BYTES_MAX = 1024 * 1024
_MAPPED_BYTES_MAX = 1 << 40


class Shape(Struct, Generic[S, T], frozen=True):
    """How rows of a list become items."""

    row: Callable[..., S]
    """Builds a row of the columns selected."""

    make: Callable[[Sequence[S]], list[T]]
    """Turns rows into items; `each` makes it of what turns one."""

    size: Callable[[S], int]
    """Bytes of the values that may be large."""

    key: Callable[[S], tuple[str | int, ...]]
    """The order key."""


def each(make: Callable[[S], T]) -> Callable[[Sequence[S]], list[T]]:
    """Return what turns rows into items, one by one."""
    return lambda rows: [make(row) for row in rows]


class OverBudget(Exception):
    """A read on the loop has cost too much."""


class Reader:
    """A connection that only reads, with its budget."""

    def __init__(
        self,
        path: Path,
        key: DataKey | None = None,
        *,
        on_loop: bool = False,
        mapped: bool = False,
    ) -> None:
        self.db = files.connect_reader(path, key)
        self._on_loop = on_loop
        self._checks = 0
        self._bytes_max: int | None = _LOOP_BYTES_MAX if on_loop else None
        if on_loop:
            self.db.set_busy_timeout(0)
            self.db.set_progress_handler(self._check, _STEPS_PER_CHECK)
        elif mapped:  # a search meets thousands of pages; so each costs a fraction of a call
            self._map(_MAPPED_BYTES_MAX)

    def read(self, query: Callable[["Reader"], T]) -> T:
        """Run a query in one snapshot of the data."""
        self._checks = 0
        self.db.execute("BEGIN")
        try:
            return query(self)
        except BaseException as error:
            release(error)
            raise
        finally:
            self._checks = 0  # else the rollback of a read over budget could be broken off as well
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")

    @contextmanager
    def unmapped(self) -> Iterator[None]:
        """Read the file without leaving what is read once in the memory of the process."""
        self._map(0)
        try:
            yield
        finally:
            self._map(_MAPPED_BYTES_MAX)

    def _map(self, size: int) -> None:
        self.db.pragma("mmap_size", size)

    def _check(self) -> bool:
        self._checks += 1
        return self._checks > _CHECKS_MAX

    def read_short(self, query: Callable[["Reader"], T]) -> T:
        """Run a query on a thread, or raise OverBudget when it reads many bytes."""
        self._bytes_max = _SHORT_BYTES_MAX
        try:
            return self.read(query)
        finally:
            self._bytes_max = None

    def check_bytes(self, count: int) -> None:
        """Raise OverBudget when so many bytes are too many to be read here."""
        if self._bytes_max is not None and count > self._bytes_max:
            raise OverBudget

    def page(self, rows: apsw.Cursor, window: Window, shape: Shape[S, T]) -> Slice[T]:
        """Return a page of a list; `rows` begin with its first and are one more than its limit."""
        found = starmap(shape.row, rows)
        if window.in_pieces and not self._on_loop:
            return self._piece(rows, window, shape)
        if self._bytes_max is None:
            taken, more = take(found, window.limit, shape.size)
        else:
            each_bytes = ITEM_BYTES if self._on_loop else USUAL_ITEM_BYTES
            taken, more = take(found, window.limit, shape.size, self._bytes_max, 0, each_bytes)
            if more and len(taken) < window.limit:
                rows.close()
                raise OverBudget
        if more:
            rows.close()  # an open cursor would hold the reader to this state of the data
        return Slice(shape.make(taken), shape.key(taken[-1]) if more else None)

    def _piece(self, rows: apsw.Cursor, window: Window, shape: Shape[S, T]) -> Slice[T]:
        piece = take_piece(starmap(shape.row, rows), window, shape.size)
        more_after = window.after
        if piece.more:
            rows.close()
        if piece.items:
            more_after = shape.key(piece.items[-1])
        return Slice(
            shape.make(piece.items),
            more_after if piece.more else None,
            piece.size,
            is_piece=not piece.is_last,
        )


class Readers:
    """The loop's reader, and those of the threads behind it."""

    def __init__(
        self, path: Path, key: DataKey | None = None, insist: Callable[[], None] = lambda: None
    ) -> None:
        self.path = path
        self.key = key
        self._insist = insist
        """Raises when nothing may be read any more."""

        self.quick = Reader(path, key, on_loop=True)
        self._turns = asyncio.Semaphore(1)
        """Readers of large pages take turns: more at once would keep all others waiting longer."""

        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="dialoguedb-reader")
        self._local = threading.local()
        self._opened: list[Reader] = []

    async def read(self, query: Callable[[Reader], T]) -> T:
        """Run a query where it belongs."""
        self._insist()
        try:
            return self.quick.read(query)
        except (OverBudget, apsw.InterruptError, apsw.BusyError):
            pass  # and not from here, where the exception would keep what the query held
        except (apsw.Error, *UNREADABLE) as error:
            if not is_page_damage(error):
                raise translate(error) from error
        return await self.read_off_loop(query)

    def read_at_once(self, query: Callable[[Reader], T]) -> T:
        """Run a query of a row on the loop, where nothing can be awaited."""
        try:
            return _repeated(partial(self.quick.read, query))
        except (apsw.Error, *UNREADABLE) as error:
            raise translate(error) from error

    async def list(self, window: Window, query: Callable[[Reader], T]) -> T:
        """Run the query of a window; the pieces of a large page are not read on the loop."""
        if window.continues:
            return await self.read_off_loop(query, large_reads.PIECE_READ_BYTES, self._turns)
        return await self.read(query)

    async def read_off_loop(
        self,
        query: Callable[[Reader], T],
        count: int = large_reads.SHORT_READ_BYTES,
        turns: asyncio.Semaphore | None = None,
    ) -> T:
        """Run a query on a thread, in turn, and one that reads much when that may be in memory."""
        run = asyncio.get_running_loop().run_in_executor
        await large_reads.admit(count)
        try:
            async with turns or nullcontext():
                return await run(self._pool, self._short, query)
        except OverBudget:
            pass
        await large_reads.admit(large_reads.LONG_READ_BYTES)
        return await run(self._pool, self._long, query)

    async def run(self, query: Callable[[Reader], T]) -> T:
        """Run a query that meets many pages of the file, such as a search: on a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._mapped, query)

    async def run_admitted(self, query: Callable[[Reader], T]) -> T:
        """Run such a query, and one that reads much when that may be in memory."""
        run = asyncio.get_running_loop().run_in_executor
        try:
            return await run(self._pool, self._mapped_short, query)
        except OverBudget:
            pass
        await large_reads.admit(large_reads.LONG_READ_BYTES)
        return await run(self._pool, self._mapped, query)

    async def run_apart(self, work: Callable[[apsw.Connection], T]) -> T:
        """Run work outside of a transaction, on a thread."""
        run = asyncio.get_running_loop().run_in_executor
        return await run(self._pool, self._on_thread, lambda reader: work(reader.db))

    def _short(self, query: Callable[[Reader], T]) -> T:
        return self._on_thread(lambda reader: reader.read_short(query))

    def _long(self, query: Callable[[Reader], T]) -> T:
        return self._on_thread(lambda reader: reader.read(query))

    def _mapped(self, query: Callable[[Reader], T]) -> T:
        return self._on_thread(lambda reader: reader.read(query), mapped=True)

    def _mapped_short(self, query: Callable[[Reader], T]) -> T:
        return self._on_thread(lambda reader: reader.read_short(query), mapped=True)

    def _on_thread(self, read: Callable[[Reader], T], *, mapped: bool = False) -> T:
        self._insist()
        name = "mapped" if mapped else "plain"
        reader: Reader | None = getattr(self._local, name, None)
        try:
            if reader is None:
                reader = Reader(self.path, self.key, mapped=mapped)
                setattr(self._local, name, reader)
                self._opened.append(reader)
            return _repeated(partial(read, reader))
        except (apsw.Error, *UNREADABLE) as error:
            raise translate(error) from error

    def close(self) -> None:
        """Wait for the reads under way, then release the connections."""
        self._pool.shutdown()
        for reader in (self.quick, *self._opened):
            reader.db.close()


def _repeated(read: Callable[[], T]) -> T:
    """Read once more past a page that differs from its checksum: cleaning may have written it."""
    try:
        return read()
    except apsw.IOError as error:
        if not is_page_damage(error):
            raise
    return read()
