"""Real server processes on the same data, started, killed and started again."""

import asyncio
import signal
import subprocess
from pathlib import Path

from tests.databases.engines import storage_flags
from tests.http.server import READY, STOP_SECONDS_MAX, program, quiet_environment


class Servers:
    """Data, and the servers that run on it."""

    def __init__(self, room: Path, engine: str = "sqlite", data: Path | None = None) -> None:
        self.room = room
        self.data = data or room / "data"
        self._engine = engine
        self._storage: list[str] | None = None
        self.key = ""
        self.options: list[str] = []
        """What the servers are started with, too."""

        self.environment: dict[str, str] = {}
        """What the servers find in theirs."""

        self._started: list[asyncio.subprocess.Process] = []

    @property
    def storage(self) -> list[str]:
        """What names the data on the command line."""
        return self._storage or storage_flags(self._engine, self.data)

    @storage.setter
    def storage(self, flags: list[str]) -> None:
        self._storage = flags

    @property
    def address(self) -> str:
        """Where the data is."""
        return self.storage[1]

    async def start(self) -> "Server":
        """Start a server on a free port and wait until it is ready."""
        process, log = await self.begin()
        assert process.stdout
        async for line in process.stdout:
            if ready := READY.search(line.decode()):
                first_key = self.data / "first-key"
                self.key = first_key.read_text().strip() if first_key.exists() else self.key
                return Server(process, int(ready["port"]), log)
        raise AssertionError(f"the server did not start: {log.read_text()[-4_000:]}")

    async def begin(self) -> tuple[asyncio.subprocess.Process, Path]:
        """Begin to start a server; returns it and its log."""
        log = self.room / f"log-{len(self._started)}"
        with log.open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                *(program(), "serve", *self.storage, "--port", "0", *self.options),
                cwd=self.room,
                env={**quiet_environment(), **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        self._started.append(process)
        return process, log

    async def kill_all(self) -> None:
        """Leave no server behind, however the test ended."""
        for process in self._started:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def run(self, *words: str) -> tuple[int, str]:
        """Run another command on the data; returns its exit code and its output."""
        process = await asyncio.create_subprocess_exec(
            *(program(), *words, *self.storage),
            cwd=self.room,
            env=quiet_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, output.decode()


class Server:
    """A running server."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self._log = log

    async def kill(self) -> None:
        """Kill it, as a power cut would, in the middle of whatever it does."""
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> None:
        """Ask it to stop; it must do so with exit code 0 and without a surprise in its log."""
        self.process.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(self.process.wait(), STOP_SECONDS_MAX)
        assert code == 0, self.log()[-4_000:]

    def log(self) -> str:
        """Return what it has logged."""
        return self._log.read_text()
