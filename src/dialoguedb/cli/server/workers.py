"""Several processes that serve one port, and the one above them that keeps them running.

The sockets belong to the process above, which serves nothing: what arrives while a worker is
replaced waits for the next one. The first worker starts alone, so that new data is made once.
"""

import logging
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import FrameType

from dialoguedb.cli.server import readiness, sockets, worker
from dialoguedb.cli.server.sockets import Listener
from dialoguedb.cli.signals import handled
from dialoguedb.errors import DataError, InternalError
from dialoguedb.settings import Address, Settings

logger = logging.getLogger(__name__)

_SHORT_LIFE_S = 10.0
_BACKOFF_S = (0.2, 5.0)
"""Before a worker is replaced: at first, and at most, when one after another dies young."""

_HANGING_UP_S = 15
"""How much longer than its requests may take a worker may take to stop."""

_context = multiprocessing.get_context("spawn")


def serve(settings: Settings, begin: Callable[[], None], *, print_first_key: bool) -> None:
    """Serve by as many processes as the settings say, until a signal stops them.

    Calls `begin` when requests are taken.
    """
    address = Address(settings.host, settings.port)
    listeners = sockets.listen_together(address, settings.workers)
    metrics = _metrics_listeners(settings)
    crew = Crew(settings, [[one, *metrics[at]] for at, one in enumerate(listeners)])
    with crew.stopped_by_signals():
        crew.start(print_first_key=print_first_key)
        if not crew.is_stopping:
            readiness.tell(settings, listeners[0])
            begin()
        crew.keep_running()
    logger.info("All workers have stopped")


def _metrics_listeners(settings: Settings) -> list[list[Listener]]:
    """Return a listener of its own for each worker, on ports one after another."""
    first = settings.metrics_address
    if first is None:
        return [[] for _ in range(settings.workers)]
    ports = [first.port + at if first.port else 0 for at in range(settings.workers)]
    return [[sockets.listen(Address(first.host, port))] for port in ports]


@dataclass
class _Running:
    """A worker that runs."""

    index: int
    process: SpawnProcess
    news: Connection
    began: float


class Crew:
    """The workers, each in its place with its sockets."""

    def __init__(self, settings: Settings, listeners: Sequence[Sequence[Listener]]) -> None:
        self.is_stopping = False
        self._settings = settings
        self._listeners = listeners
        self._running: dict[int, _Running] = {}
        self._due: dict[int, float] = {}
        """When a worker is to start in a place without one."""

        self._backoffs_s = [_BACKOFF_S[0]] * len(listeners)

    def start(self, *, print_first_key: bool) -> None:
        """Start all of them, the first alone; DataError and InternalError when one cannot."""
        first, *others = range(len(self._listeners))
        self._start(first, print_first_key=print_first_key)
        self._until_ready([first])
        for index in others:
            self._start(index)
        self._until_ready(others)

    def keep_running(self) -> None:
        """Replace those that die, until they are stopped; return when all have ended."""
        while self._running or not self.is_stopping:
            sentinels = {one.process.sentinel: one for one in self._running.values()}
            for ended in wait(list(sentinels), self._wait_s()):
                self._bury(sentinels[ended])  # type: ignore[index] # sentinels are what was given
            if self.is_stopping:
                self._stop_within(self._settings.shutdown_timeout + _HANGING_UP_S)
                return
            for index, due in list(self._due.items()):
                if due <= time.monotonic():
                    self._start(index)

    @contextmanager
    def stopped_by_signals(self) -> Iterator[None]:
        """Pass SIGTERM and SIGINT on; whatever ends the block, no worker is left."""

        def stop(_signal: int, _frame: FrameType | None) -> None:
            self.is_stopping = True
            self._terminate()

        with handled((signal.SIGTERM, signal.SIGINT), stop):
            try:
                yield
            finally:
                self.is_stopping = True
                self._terminate()
                self._stop_within(_HANGING_UP_S)

    def _start(self, index: int, *, print_first_key: bool = False) -> None:
        self._due.pop(index, None)
        if self.is_stopping:
            return
        news, sender = _context.Pipe(duplex=False)
        process = _context.Process(
            target=worker.work,
            args=(self._settings, self._listeners[index], sender, print_first_key),
            name=f"dialoguedb-worker-{index + 1}",
        )
        process.start()
        sender.close()
        self._running[index] = _Running(index, process, news, time.monotonic())
        if self.is_stopping:  # the signal came in between
            process.terminate()

    def _until_ready(self, indexes: Sequence[int]) -> None:
        """Wait until these workers take requests."""
        for index in indexes:
            if index not in self._running:
                return
            one = self._running[index]
            try:
                failure: str | None = one.news.recv()
            except EOFError:
                if self.is_stopping:
                    return
                raise InternalError("A worker did not start; the log says why") from None
            if failure is not None:
                raise DataError(failure)

    def _bury(self, one: _Running) -> None:
        one.process.join()
        failure = _last_news(one.news)
        del self._running[one.index]
        if self.is_stopping:
            return
        lived_s = time.monotonic() - one.began
        least, most = _BACKOFF_S
        backoff = least if lived_s > _SHORT_LIFE_S else min(self._backoffs_s[one.index] * 2, most)
        self._backoffs_s[one.index] = backoff
        self._due[one.index] = time.monotonic() + backoff
        logger.error(
            "A worker has ended; another takes its place",
            extra={
                "worker": one.index + 1,
                "exit_code": one.process.exitcode,
                "reason": failure,
            },
        )

    def _wait_s(self) -> float | None:
        """Return how long nothing is due; None is for ever."""
        if not self._due:
            return None
        return max(0.0, min(self._due.values()) - time.monotonic())

    def _terminate(self) -> None:
        for one in list(self._running.values()):
            one.process.terminate()

    def _stop_within(self, seconds: float) -> None:
        """Wait for the workers to end, and kill those that do not."""
        deadline = time.monotonic() + seconds
        for one in list(self._running.values()):
            one.process.join(max(0.0, deadline - time.monotonic()))
            if one.process.is_alive():
                logger.error("A worker did not stop and is killed", extra={"worker": one.index + 1})
                one.process.kill()
                one.process.join()
            del self._running[one.index]


def _last_news(news: Connection) -> str | None:
    """Return why a worker gave up, if it could tell."""
    try:
        failure: str | None = news.recv() if news.poll() else None
    except EOFError:
        failure = None
    news.close()
    return failure
