"""The one writer: group commit, many operations in one transaction.

A turn takes the operations that wait and runs them on the event loop's own thread; only the COMMIT,
which waits for the disk, runs on a worker thread, while the loop decodes the next requests. (With
the operations on the worker as well, both threads compete for the interpreter lock; `bench/` has
the figures.) A long operation, or a turn that finds another process writing, runs on the worker as
a whole, where waiting holds up nobody.

An operation that fails has seldom changed anything yet. When one has, the whole transaction is
rolled back and all its operations run again on the worker, each inside a savepoint of its own; a
savepoint around every operation from the start would cost a third of the operation itself.

When the indexes are behind what is written, they catch up first: a little on the loop as the first
operation of a turn, much on the worker.
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
from dialoguedb.store.sqlite.connection.checkpoints import Checkpoints
from dialoguedb.store.sqlite.connection.commit_log import CommitLog
from dialoguedb.store.sqlite.connection.errors import UNREADABLE, release, translate
from dialoguedb.store.sqlite.connection.files import FileWatch
from dialoguedb.store.sqlite.connection.usage import UsageLog

T = TypeVar("T")

Operation = Callable[[apsw.Connection], T]
"""One atomic piece of work; raising undoes it and nothing else. It may run more than once."""

_OPERATIONS_MAX = 256
_LOCK_TIMEOUT_S = 60.0
_BACKOFF_S = (0.0001, 0.001)
_KEEP = "RELEASE operation"
_UNDO = "ROLLBACK TO operation; RELEASE operation"

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
    """An operation, and the future of its caller."""

    __slots__ = ("error", "future", "long", "operation", "result")

    def __init__(
        self, operation: Operation[Any], future: asyncio.Future[Any], *, long: bool
    ) -> None:
        self.operation = operation
        self.future = future
        self.long = long
        self.result: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        """Answer the caller, unless it was cancelled."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class Writer:
    """Runs operations in the order of their calls; belongs to the event loop that made it."""

    def __init__(
        self, db: apsw.Connection, statistics: WriterStatistics | None, index: CatchUp
    ) -> None:
        self._db = db
        # What is written to a log that was deleted is gone when the last process closes it.
        names = (db.filename, db.filename_wal, f"{db.filename}-shm")
        self._watches = [FileWatch(Path(name)) for name in names]
        self._commits = CommitLog(db)
        self._checkpoints = Checkpoints(db)
        self.insist_on_log = self._checkpoints.insist_on_log
        self.verify_log = self._checkpoints.verify_apart
        self.usage = UsageLog()
        self._index = index
        self._statistics = statistics or WriterStatistics()
        self._statistics.log_bytes = partial(_size_of, Path(db.filename_wal))
        self._loop = asyncio.get_running_loop()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="dialoguedb-writer")
        self._waiting: deque[_Job] = deque()
        self._running = False
        self._closing = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._deadline = 0.0
        self._due: Due = "nothing"
        self.has_deleted = False
        """Whether anything was deleted that the log may still hold."""

        db.set_busy_handler(self._wait_for_lock)

    def write(self, operation: Operation[T], *, long: bool = False) -> asyncio.Future[T]:
        """Return the result of an operation once it is durable; `long` keeps it off the loop."""
        if self._closing:
            raise ServiceUnavailable("The server is shutting down")
        future: asyncio.Future[T] = self._loop.create_future()
        job = _Job(operation, future, long=long)
        self._waiting.append(job)
        if not self._running:
            self._running = True
            self._idle.clear()
            self._loop.call_soon(self._turn)
        return future

    async def finish(self) -> None:
        """Finish what waits, and take no more."""
        self._closing = True
        await self._idle.wait()
        self._worker.shutdown()

    async def close(self) -> None:
        """Finish what waits, then release the connection, the last one of its store."""
        await self.finish()
        self._commits.close()
        self._checkpoints.prepare_close()
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
        """Take operations from the queue; a long one gets a transaction of its own."""
        batch: list[_Job] = []
        while self._waiting and len(batch) < _OPERATIONS_MAX:
            if self._waiting[0].long and batch:
                break
            batch.append(self._waiting.popleft())
            if batch[0].long:
                break
        return batch

    def _start(self, batch: list[_Job]) -> Callable[[], None]:
        """Run the operations here if no other process writes; returns the work for the worker."""
        self._deadline = 0.0
        try:
            self._begin()
        except DialogueDBError:
            return partial(self._work, batch)
        try:
            is_done = self._run(batch)
        except apsw.Error as error:  # not even a rollback went through
            return partial(self._fail, batch, translate(error))
        return partial(self._commit if is_done else self._work_in_savepoints, batch)

    def _work(self, batch: list[_Job]) -> None:
        if not self._wait_and_begin(batch):
            return
        if self._run(batch):
            self._commit(batch)
        else:
            self._work_in_savepoints(batch)

    def _work_in_savepoints(self, batch: list[_Job]) -> None:
        if self._wait_and_begin(batch):
            self._run_in_savepoints(batch)
            self._commit(batch)

    def _wait_and_begin(self, batch: list[_Job]) -> bool:
        """Begin a transaction, waiting for other processes; False when that failed the batch."""
        self._deadline = time.monotonic() + _LOCK_TIMEOUT_S
        try:
            self._begin()
        except DialogueDBError as error:
            self._fail(batch, error)
            return False
        return True

    def _begin(self) -> None:
        for watch in self._watches:
            watch.check()
        self.insist_on_log()
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except apsw.Error as error:
            raise translate(error) from error
        self._commits.begin()

    def _run(self, batch: list[_Job]) -> bool:
        """Run the operations; False, and all is rolled back, when each needs a savepoint."""
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

    def _run_in_savepoints(self, batch: list[_Job]) -> None:
        """Run each operation in a savepoint, so that one that fails is undone alone."""
        try:
            for job in batch:
                self._db.execute("SAVEPOINT operation")
                self._attempt(job)
                if not self._db.in_transaction:
                    self._fail(batch, job.error)
                    return
                self._db.execute(_KEEP if job.error is None else _UNDO)
        except apsw.Error as error:
            self._fail(batch, translate(error))

    def _attempt(self, job: _Job) -> None:
        recorded = len(self.usage)
        job.error = None
        try:
            job.result = job.operation(self._db)
        except (DialogueDBError, IdempotencyHit) as error:
            job.error = error
        except (apsw.Error, *UNREADABLE) as error:
            job.error = translate(error)
        except Exception as error:  # noqa: BLE001 - a defect in one operation must not harm the others
            job.error = InternalError("The engine failed")
            job.error.__cause__ = error
        if job.error is not None:
            release(job.error)
            self.usage.forget(recorded)

    def _commit(self, batch: list[_Job]) -> None:
        if not self._db.in_transaction:
            return
        try:
            self.usage.write(self._db)
            self._commits.count()
            self._db.execute("COMMIT")
        except apsw.Error as error:
            self._fail(batch, translate(error))
            return
        self._commits.acknowledge()
        with suppress(apsw.Error):  # it is seen at the next commit, then
            self._due = self._index.due(self._db)

    def _fail(self, batch: list[_Job], error: BaseException | None) -> None:
        """Fail every operation of the batch: nothing of it is stored."""
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
        time.sleep(random.uniform(*_BACKOFF_S))  # noqa: S311 - spreads the processes, hides nothing
        return True


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # there is none, or it cannot be seen
        return 0


def _log_failure(done: asyncio.Future[None]) -> None:
    if error := done.exception():
        logger.warning("The indexes could not catch up: %s", error, exc_info=defect(error))
