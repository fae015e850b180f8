"""The one writer: acts of many requests in one transaction, durable together.

A turn takes the acts that wait and runs them on the event loop's own thread; only the COMMIT, which
waits for the disk, runs on a worker thread, while the loop decodes the next requests. (With the
acts on the worker as well, both threads fight over the interpreter lock; `bench/` has the figures.)
A long act, or a turn that finds another process writing, runs on the worker as a whole, where
waiting hurts nobody.

An act that fails has seldom changed anything yet. When one has, the whole transaction is rolled
back and all its acts run again on the worker, each inside a savepoint of its own; a savepoint
around every act from the start would take as long as a third of the act itself.

When the indexes are behind what is written, they are brought up before anything else is: a little
on the loop as the first act of a turn, much on the worker.
"""

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

import apsw

from dialoguedb.errors import DialogueDBError, InternalError, ServiceUnavailable, defect
from dialoguedb.ports import IdempotencyHit
from dialoguedb.ports.statistics import WriterStatistics
from dialoguedb.store.sqlite.connection.errors import translate
from dialoguedb.store.sqlite.connection.files import Watch
from dialoguedb.store.sqlite.connection.usage import UsageLog

T = TypeVar("T")

Act = Callable[[apsw.Connection], T]
"""One atomic piece of work; raising undoes it and nothing else. It may run more than once."""

_ACTS_MAX = 256
_PATIENCE_S = 60.0
_PAUSE_S = (0.0001, 0.001)
_KEEP = "RELEASE act"
_UNDO = "ROLLBACK TO act; RELEASE act"

Due = Literal["nothing", "little", "much"]
"""What an index lacks: nothing, what a turn of the event loop can take, or more."""

logger = logging.getLogger(__name__)


class CatchUp(Protocol):
    """What is brought up to date with what is written."""

    def due(self, db: apsw.Connection) -> Due:
        """Return how much is behind."""
        ...

    def catch_up(self, db: apsw.Connection) -> None:
        """Take the next part in."""
        ...


class _Job:
    """An act, and the future of whoever waits for it."""

    __slots__ = ("act", "error", "future", "long", "result")

    def __init__(self, act: Act[Any], future: asyncio.Future[Any], *, long: bool) -> None:
        self.act = act
        self.future = future
        self.long = long
        self.result: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        """Answer whoever waits, unless they have gone."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class Writer:
    """Runs acts in the order they came; belongs to the event loop that made it."""

    def __init__(
        self, db: apsw.Connection, statistics: WriterStatistics | None, index: CatchUp
    ) -> None:
        self._db = db
        self._watch = Watch(Path(db.filename))
        self.usage = UsageLog()
        self._index = index
        self._statistics = statistics or WriterStatistics()
        self._loop = asyncio.get_running_loop()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="dialoguedb-writer")
        self._waiting: deque[_Job] = deque()
        self._running = False
        self._closing = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._deadline = 0.0
        self._due: Due = "nothing"
        db.set_busy_handler(self._wait_for_lock)

    async def write(self, act: Act[T], *, long: bool = False) -> T:
        """Run an act and return its result once it is durable; `long` keeps it off the loop."""
        if self._closing:
            raise ServiceUnavailable("The server is shutting down")
        job = _Job(act, self._loop.create_future(), long=long)
        self._waiting.append(job)
        if not self._running:
            self._running = True
            self._idle.clear()
            self._loop.call_soon(self._turn)
        result: T = await job.future
        return result

    async def close(self) -> None:
        """Finish what waits, then release the connection."""
        self._closing = True
        await self._idle.wait()
        self._worker.shutdown()
        self._db.close()

    def _turn(self) -> None:
        batch = self._take()
        if not batch:
            self._running = False
            self._idle.set()
            return
        work = partial(self._work, batch) if batch[0].long else self._start(batch)
        began = time.perf_counter()
        done = self._loop.run_in_executor(self._worker, work)
        done.add_done_callback(partial(self._settle, batch, began))

    def _take(self) -> list[_Job]:
        """Take acts from the queue; a long one stands alone."""
        batch: list[_Job] = []
        while self._waiting and len(batch) < _ACTS_MAX:
            if self._waiting[0].long and batch:
                break
            batch.append(self._waiting.popleft())
            if batch[0].long:
                break
        return batch

    def _start(self, batch: list[_Job]) -> Callable[[], None]:
        """Run the acts here and now if nobody else is writing; returns what the worker is to do."""
        self._deadline = 0.0
        try:
            self._begin()
        except DialogueDBError:
            return partial(self._work, batch)
        try:
            is_done = self._run(batch)
        except apsw.Error as error:  # not even a rollback went through
            return partial(self._fail, batch, translate(error))
        return partial(self._commit if is_done else self._work_apart, batch)

    def _work(self, batch: list[_Job]) -> None:
        if not self._wait_and_begin(batch):
            return
        if self._run(batch):
            self._commit(batch)
        else:
            self._work_apart(batch)

    def _work_apart(self, batch: list[_Job]) -> None:
        if self._wait_and_begin(batch):
            self._run_apart(batch)
            self._commit(batch)

    def _wait_and_begin(self, batch: list[_Job]) -> bool:
        """Begin a transaction, waiting for other processes; False when that failed the batch."""
        self._deadline = time.monotonic() + _PATIENCE_S
        try:
            self._begin()
        except DialogueDBError as error:
            self._fail(batch, error)
            return False
        return True

    def _begin(self) -> None:
        self._watch.check()
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except apsw.Error as error:
            raise translate(error) from error

    def _run(self, batch: list[_Job]) -> bool:
        """Run the acts; False, and nothing is done, when they have to be run apart."""
        for job in batch:
            changes = self._db.total_changes()
            self._attempt(job)
            if job.error is None:
                continue
            if not self._db.in_transaction:  # SQLite itself rolls back on some failures
                self._fail(batch, job.error)
                return True
            if self._db.total_changes() != changes:
                self._roll_back()
                self.usage.forget()
                return False
        return True

    def _run_apart(self, batch: list[_Job]) -> None:
        """Run the acts so that one that fails can be undone by itself."""
        try:
            for job in batch:
                self._db.execute("SAVEPOINT act")
                self._attempt(job)
                if not self._db.in_transaction:
                    self._fail(batch, job.error)
                    return
                self._db.execute(_KEEP if job.error is None else _UNDO)
        except apsw.Error as error:
            self._fail(batch, translate(error))

    def _attempt(self, job: _Job) -> None:
        noted = len(self.usage)
        job.error = None
        try:
            job.result = job.act(self._db)
        except (DialogueDBError, IdempotencyHit) as error:
            job.error = error
        except apsw.Error as error:
            job.error = translate(error)
        except Exception as error:  # noqa: BLE001 - a defect in one act must not harm its neighbours
            job.error = InternalError("The engine failed")
            job.error.__cause__ = error
        if job.error is not None:
            self.usage.forget(noted)

    def _commit(self, batch: list[_Job]) -> None:
        if not self._db.in_transaction:
            return
        try:
            self.usage.write(self._db)
            self._db.execute("COMMIT")
        except apsw.Error as error:
            self._fail(batch, translate(error))
            return
        with suppress(apsw.Error):  # it is seen at the next commit, then
            self._due = self._index.due(self._db)

    def _fail(self, batch: list[_Job], error: BaseException | None) -> None:
        """Nothing of the batch is stored: every act of it fails."""
        self._roll_back()
        self.usage.forget()
        for job in batch:
            job.error = error

    def _roll_back(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def _settle(self, batch: list[_Job], began: float, done: asyncio.Future[None]) -> None:
        failure = done.exception()
        for job in batch:
            job.error = job.error or failure
            job.settle()
        self._statistics.record(len(batch), time.perf_counter() - began, len(self._waiting))
        if self._due != "nothing":
            self._waiting.appendleft(self._following(self._due))
            self._due = "nothing"
        self._turn()

    def _following(self, due: Due) -> _Job:
        """Have the indexes brought up; if that fails, it is tried again after the next commit."""
        done = self._loop.create_future()
        done.add_done_callback(_log_failure)
        return _Job(self._index.catch_up, done, long=due == "much")

    def _wait_for_lock(self, _attempts: int) -> bool:
        """Tell SQLite whether to try again; only ever sleeps on the worker."""
        if time.monotonic() > self._deadline:
            return False
        time.sleep(random.uniform(*_PAUSE_S))  # noqa: S311 - spreads the processes, hides nothing
        return True


def _log_failure(done: asyncio.Future[None]) -> None:
    if error := done.exception():
        logger.warning("The indexes could not catch up: %s", error, exc_info=defect(error))
