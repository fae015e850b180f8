"""Engines in the process of whoever uses them: the whole server but its socket.

An engine lives on an event loop of its own, on a thread of its own, so that every thread, event
loop and notebook can use it.

SQLite forbids to carry its connections, or its locks on a file, across a fork, and two processes
cannot share a connection to PostgreSQL. So all engines are closed right before one, and opened
again after it: in the parent at once, in the child when its first request needs one.
"""

import asyncio
import os
import threading
import weakref
from concurrent.futures import Future
from functools import partial

from dialoguedb.bootstrap.engine import engine_of
from dialoguedb.bootstrap.in_process.application import ApplicationTransport, started
from dialoguedb.bootstrap.server import applications
from dialoguedb.client.transport.requests import ApiRequest, ApiResponse
from dialoguedb.errors import Closed, ServiceUnavailable
from dialoguedb.model.keys import new_secret
from dialoguedb.settings import Settings


def _new_loop() -> asyncio.AbstractEventLoop:
    """Return the fast event loop where it is installed, else Python's own."""
    try:
        import uvloop  # noqa: PLC0415 - some systems have none
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


class EngineThread:
    """One engine, from its start to its end; only `LocalEngine` calls it, one call at a time."""

    def __init__(self, chosen: Settings) -> None:
        self._settings = chosen
        _open_standard_files()
        self._loop = _new_loop()
        self._stop = asyncio.Event()
        self._transport: asyncio.Future[ApplicationTransport] = self._loop.create_future()
        self._tasks: set[asyncio.Task[ApiResponse]] = set()
        self._thread = threading.Thread(target=self._run, name="dialoguedb-engine", daemon=True)
        self._thread.start()

    @property
    def has_failed(self) -> bool:
        """Whether it could not be opened."""
        return self._transport.done() and self._transport.exception() is not None

    def submit(self, request: ApiRequest) -> Future[ApiResponse]:
        """Take a request; once it has begun it is carried out, whoever still waits for it."""
        answer: Future[ApiResponse] = Future()
        self._loop.call_soon_threadsafe(self._begin, request, answer)
        return answer

    def opening(self) -> Future[ApplicationTransport]:
        """Return what is settled when it is open, or cannot be opened."""
        return asyncio.run_coroutine_threadsafe(self._opened(), self._loop)

    def close(self) -> None:
        """Finish the requests that were taken, then release the data."""
        self.stop()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def stop(self) -> None:
        """Ask it to close, without waiting for that."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)

    # --- On its own thread ------------------------------------------------------------------

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        secret = new_secret()
        try:
            async with applications(self._settings, secret) as served, started(served.api):
                self._transport.set_result(ApplicationTransport(served.api, secret))
                await self._until_stopped()
        except Exception as error:
            if self._transport.done():
                raise
            self._transport.set_exception(error)  # and so to each whose request waits for it
            await self._until_stopped()

    async def _until_stopped(self) -> None:
        await self._stop.wait()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _opened(self) -> ApplicationTransport:
        return await asyncio.shield(self._transport)

    def _begin(self, request: ApiRequest, answer: Future[ApiResponse]) -> None:
        if answer.set_running_or_notify_cancel():
            task = self._loop.create_task(self._send(request))
            self._tasks.add(task)
            task.add_done_callback(partial(self._settle, answer))

    async def _send(self, request: ApiRequest) -> ApiResponse:
        return await (await self._opened()).send(request)

    def _settle(self, answer: Future[ApiResponse], task: asyncio.Task[ApiResponse]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            answer.set_exception(ServiceUnavailable("The engine was stopped"))
        elif error := task.exception():
            answer.set_exception(error)
        else:
            answer.set_result(task.result())


def _open_standard_files() -> None:
    """Open what is closed of the standard files: uvloop ends a process that lets it have these."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # it gets the lowest number that is free: this one


class LocalEngine:
    """The engine on some data: opened when it is needed, closed around a fork."""

    def __init__(self, chosen: Settings) -> None:
        self.address = engine_of(chosen).address
        self._settings = chosen
        self._gate = threading.Lock()
        self._engine: EngineThread | None = None
        self._is_closed = False
        _known.add(self)

    def submit(self, request: ApiRequest) -> Future[ApiResponse]:
        """Take a request; Closed."""
        with self._gate:
            return self._opened().submit(request)

    def opening(self) -> Future[ApplicationTransport]:
        """Begin to open it, unless it is open; what is returned is settled then; Closed."""
        with self._gate:
            return self._opened().opening()

    def close(self) -> None:
        """Finish the requests that were taken, then release the data, for good."""
        with self._gate:
            self._is_closed = True
            self._release()

    def before_fork(self) -> None:
        """Release the data, and hold up operations until the fork is over."""
        self._gate.acquire()
        self._was_open = self._engine is not None
        self._release()

    def after_fork(self, *, in_child: bool) -> None:
        """Go on."""
        if self._was_open and not in_child:
            self._opened()
        self._gate.release()

    def _opened(self) -> EngineThread:
        if self._is_closed:
            raise Closed("This database was closed")
        if self._engine is not None and self._engine.has_failed:
            self._release()
        if self._engine is None:
            self._engine = EngineThread(self._settings)
            self._finalizer = weakref.finalize(self, self._engine.stop)
            self._finalizer.atexit = False
        return self._engine

    def _release(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            self._finalizer.detach()
            engine.close()


class EngineTransport:
    """Carries requests to an engine in this process, for any number of threads."""

    may_lose_responses = False

    def __init__(self, chosen: Settings) -> None:
        self._engine = LocalEngine(chosen)

    def __str__(self) -> str:
        """Tell where the data is."""
        return f"in {self._engine.address}"

    def open(self) -> None:
        """Open the data; DataError."""
        self._engine.opening().result()

    def send(self, request: ApiRequest, timeout_s: float) -> ApiResponse:  # noqa: ARG002 - as of a server
        """Return the answer; there is no network that could lose it, so it takes what it takes."""
        return self._engine.submit(request).result()

    def close(self) -> None:
        """Finish what is under way, then release the data."""
        self._engine.close()


class AsyncEngineTransport:
    """Carries requests to an engine in this process, for any number of event loops."""

    may_lose_responses = False

    def __init__(self, chosen: Settings) -> None:
        self._engine = LocalEngine(chosen)

    def __str__(self) -> str:
        """Tell where the data is."""
        return f"in {self._engine.address}"

    async def open(self) -> None:
        """Open the data; DataError."""
        await asyncio.wrap_future(self._engine.opening())

    async def send(self, request: ApiRequest, timeout_s: float) -> ApiResponse:  # noqa: ARG002 - as above
        """Return the answer; there is no network that could lose it, so it takes what it takes."""
        return await asyncio.wrap_future(self._engine.submit(request))

    async def close(self) -> None:
        """Finish what is under way, then release the data."""
        await asyncio.to_thread(self._engine.close)


# --- The end of the process, and its doubling ---------------------------------------------------

_known: weakref.WeakSet[LocalEngine] = weakref.WeakSet()
_held: list[LocalEngine] = []


def _close_all() -> None:
    for engine in list(_known):
        engine.close()


def _before_fork() -> None:
    for engine in list(_known):
        engine.before_fork()
        _held.append(engine)


def _after_fork(*, in_child: bool) -> None:
    while _held:
        _held.pop().after_fork(in_child=in_child)


# The interpreter's own atexit comes too late: by then no pool of threads takes work any more.
threading._register_atexit(_close_all)  # type: ignore[attr-defined] # noqa: SLF001 - as said above
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=partial(_after_fork, in_child=False),
        after_in_child=partial(_after_fork, in_child=True),
    )
