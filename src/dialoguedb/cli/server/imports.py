"""`dialoguedb serve --import`: directories that are followed, in a process beside the server.

Reading files keeps no request waiting there. It works on the data with an engine of its own, as the
commands with `--data` do, in the project that the server begins with.
"""

import asyncio
import logging
import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from msgspec.structs import replace

from dialoguedb.cli.data.transfer.cursors import Cursors
from dialoguedb.cli.data.transfer.following import Follower, found_now, stopped_by_signals
from dialoguedb.cli.data.transfer.lines import InputFile
from dialoguedb.cli.data.transfer.run import How, ImportRun
from dialoguedb.cli.data.transfer.sent import Sent
from dialoguedb.cli.server import logs, worker
from dialoguedb.errors import DialogueDBError
from dialoguedb.settings import Settings

logger = logging.getLogger(__name__)

_AGAIN_S = 5.0
_STOPPING_S = 15

_context = multiprocessing.get_context("spawn")


class ImportsBeside:
    """A process that follows directories, as long as the server runs."""

    def __init__(self, settings: Settings, directories: Sequence[Path]) -> None:
        chosen = replace(settings, rate_limits=False)
        self._arguments = (chosen, [one.absolute() for one in directories])
        self._stopping = Event()
        self._thread = Thread(target=self._keep_running, name="dialoguedb-imports")

    def begin(self) -> None:
        """Start it, once there is data to work on."""
        if self._arguments[1] and not self._stopping.is_set():
            self._thread.start()

    def end(self) -> None:
        """Have it finish what it stores, and wait for that."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _keep_running(self) -> None:
        while not self._stopping.is_set():
            process = _context.Process(target=_follow, args=self._arguments)
            process.start()
            while process.is_alive() and not self._stopping.wait(0.2):
                continue
            if self._stopping.is_set():
                process.terminate()
                process.join(_STOPPING_S)
                process.kill()
                process.join()
                return
            logger.error("The import has ended; another begins", extra={"exit": process.exitcode})
            self._stopping.wait(_AGAIN_S)


@contextmanager
def imports_beside(settings: Settings, directories: Sequence[Path]) -> Iterator[ImportsBeside]:
    """Yield what follows directories once it is begun; it ends with the block."""
    beside = ImportsBeside(settings, directories)
    try:
        yield beside
    finally:
        beside.end()


def _follow(settings: Settings, directories: Sequence[Path]) -> None:
    """Follow directories until SIGTERM, or until the server is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the server passes it on
    logs.configure(settings.log_level)
    Thread(target=worker.end_with_parent, name="dialoguedb-parent", daemon=True).start()
    asyncio.run(_until_stopped(settings, directories))


async def _until_stopped(settings: Settings, directories: Sequence[Path]) -> None:
    from dialoguedb.bootstrap.in_process.engine import AsyncEngineTransport  # noqa: PLC0415 - the server does not load it
    from dialoguedb.client.aio.database import AsyncDatabase  # noqa: PLC0415 - nor this

    def find() -> list[InputFile]:
        return [
            file for one in directories for file in found_now(InputFile(one, str(one), one.name))
        ]

    address = f"directory {settings.data} {settings.database}"
    how = How()
    db = AsyncDatabase(AsyncEngineTransport(settings))
    with stopped_by_signals(signal.SIGTERM) as stop:
        async with ImportRun(db, how, Cursors(address, how), sent=Sent()) as run:
            follower = Follower(run, find, logger.warning)
            logger.info("Importing", extra={"directories": [str(one) for one in directories]})
            try:
                await follower.until(stop)
            except DialogueDBError as error:
                logger.exception("The import has failed", extra={"reason": error.message})
                raise
            finally:
                report = follower.report()
                counts = {**report.counts(), "failed": len(report.failures)}
                logger.info("Imported", extra=counts)
