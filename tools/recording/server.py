"""A real server process for each series of exchanges, on data that all of them begin with."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Self

from tools.recording.storages import Storage

_READY = re.compile(r"ready on http://[^:\s]+:(?P<port>\d+)")
_COMMAND = (sys.executable, "-m", "dialoguedb")
_SECONDS_MAX = 60


class ServerError(Exception):
    """The server did not start or stop as it should."""


@dataclass(frozen=True)
class Beginnings:
    """Data that has nothing but an operator's key, to be copied."""

    storage: Storage
    directory: Path
    operator_key: str
    began: datetime


@dataclass(frozen=True)
class Running:
    """A server that listens."""

    port: int
    operator_key: str
    began: datetime


def prepare(room: Path, storage: Storage) -> Beginnings:
    """Make the data that each server gets a copy of."""
    began = datetime.now(UTC)
    data = room / "beginnings"
    # The command is this project's own, never input.
    made = subprocess.run(  # noqa: S603
        [*_COMMAND, "keys", "create", "--operator", "--quiet", *storage.flags(data)],
        capture_output=True,
        check=True,
        cwd=room,
        env=_environment(),
        text=True,
        timeout=_SECONDS_MAX,
    )
    return Beginnings(storage, data, made.stdout.strip(), began)


class Servers:
    """The servers of one run: topics with the same options share one, unless they want it alone."""

    def __init__(self, room: Path, storage: Storage) -> None:
        self._room = room
        self._beginnings = prepare(room, storage)
        self._shared: dict[tuple[str, ...], Running] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Begin; a server starts when it is first wanted."""
        return self

    def __exit__(self, *raised: object) -> None:
        """Stop all servers."""
        self._stack.close()

    @contextmanager
    def serving(self, options: tuple[str, ...], *, alone: bool) -> Iterator[Running]:
        """Lend a server."""
        if alone:
            with self._start(options) as started:
                yield started
            return
        if options not in self._shared:
            self._shared[options] = self._stack.enter_context(self._start(options))
        yield self._shared[options]

    def _start(self, options: tuple[str, ...]) -> AbstractContextManager[Running]:
        return running(self._beginnings, Path(mkdtemp(dir=self._room)), options)


@contextmanager
def running(beginnings: Beginnings, room: Path, options: Sequence[str]) -> Iterator[Running]:
    """Run a server on a copy of the data for as long as the block lasts."""
    data, log = room / "data", room / "log"
    beginnings.storage.copy(beginnings.directory, data)
    with log.open("w") as errors:
        # The command is this project's own, never input.
        process = subprocess.Popen(  # noqa: S603
            [*_COMMAND, "serve", *beginnings.storage.flags(data), "--port", "0", *options],
            cwd=room,
            env=_environment(),
            stderr=errors,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
    with process:
        try:
            port = _port(process, log)
            yield Running(port, beginnings.operator_key, beginnings.began)
            process.terminate()
            if process.wait(_SECONDS_MAX) != 0:
                raise ServerError(f"the server did not stop in order:\n{log.read_text()[-4000:]}")
        finally:
            process.kill()


def _port(process: subprocess.Popen[str], log: Path) -> int:
    assert process.stdout is not None
    killer = threading.Timer(_SECONDS_MAX, process.kill)
    killer.start()
    try:
        for line in process.stdout:
            if ready := _READY.search(line):
                return int(ready["port"])
    finally:
        killer.cancel()
    raise ServerError(f"the server did not start:\n{log.read_text()[-4000:]}")


def _environment() -> dict[str, str]:
    """Return our environment without settings that are meant for another server."""
    return {name: text for name, text in os.environ.items() if not name.startswith("DIALOGUEDB_")}
