"""A real `dialoguedb serve` process on a port of its own."""

import os
import re
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.databases.engines import storage_flags

START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 60
COMMAND_SECONDS_MAX = 120
READY = re.compile(r"ready on (?P<url>https?://[^\s:]+:(?P<port>\d+))")

# Making a context that loads the system's authorities costs more than a whole test.
NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def program() -> str:
    """Return the installed command of the environment the tests run in."""
    found = shutil.which("dialoguedb", path=str(Path(sys.executable).parent))
    assert found, "the dialoguedb command is not installed beside this Python"
    return found


def quiet_environment() -> dict[str, str]:
    """Return our environment without any settings meant for another server."""
    return {name: text for name, text in os.environ.items() if not name.startswith("DIALOGUEDB_")}


@dataclass
class Project:
    """A project made for one test, and the admin key that opens it."""

    id: str
    name: str
    key: str
    made: dict[str, Any]


@dataclass
class Server:
    """A running server: where it listens, where its data lies, how it is stopped."""

    data: Path
    """The directory of its data, or the one that stands for its database."""

    storage: list[str]
    """The flags that lead a command to its data."""

    log_file: Path
    base_url: str
    port: int
    process: subprocess.Popen[str]
    first_lines: list[str] = field(default_factory=list)
    operator_key: str = ""
    program: Sequence[str] = ()
    """How it was started, where it is another program than the installed one."""

    def client(self, key: str | None = None) -> httpx.Client:
        """Return a client that carries this key, or none."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.Client(
            base_url=self.base_url, headers=headers, timeout=60, verify=NO_AUTHORITIES
        )

    def command(self, *words: str) -> str:
        """Run another command of the program on this server's data and return its output."""
        run = subprocess.run(
            [*(self.program or [program()]), *words, *self.storage],
            capture_output=True,
            check=False,
            cwd=self.data.parent,
            env=quiet_environment(),
            text=True,
            timeout=COMMAND_SECONDS_MAX,
        )
        assert run.returncode == 0, run.stderr
        return run.stdout.strip()

    @property
    def first_key(self) -> str:
        """Return the key of the project that the first start made."""
        return (self.data / "first-key").read_text().strip()

    def log(self) -> str:
        """Return everything the server has logged so far."""
        return self.log_file.read_text()


@contextmanager
def running(
    engine: str,
    room: Path,
    data: Path | None = None,
    flags: Sequence[str | Path] = (),
    started_by: Sequence[str] = (),
) -> Iterator[Server]:
    """Run a server until the block ends: logs in `room`, data there too or beside another's.

    It is started by the installed program, or by another.
    """
    data = data or room / "data"
    storage = storage_flags(engine, data)
    words = [*(started_by or [program()]), "serve", *storage, "--port", "0", *map(str, flags)]
    with (room / "log").open("w") as log_file:
        process = subprocess.Popen(
            words,
            cwd=room,
            env=quiet_environment(),
            stderr=log_file,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
    with process:
        try:
            lines, ready = _when_ready(process, room / "log")
            found = ready["url"], int(ready["port"])
            server = Server(data, storage, room / "log", *found, process, lines)
            server.program = started_by
            server.operator_key = server.command("keys", "create", "--operator", "--quiet")
            yield server
            process.terminate()
            assert process.wait(STOP_SECONDS_MAX) == 0, server.log()[-2000:]
        finally:
            process.kill()


def _when_ready(process: subprocess.Popen[str], log: Path) -> tuple[list[str], re.Match[str]]:
    assert process.stdout
    lines = []
    killer = threading.Timer(START_SECONDS_MAX, process.kill)
    killer.start()
    try:
        for line in process.stdout:
            lines.append(line)
            if ready := READY.search(line):
                return lines, ready
    finally:
        killer.cancel()
    message = f"the server did not start:\n{''.join(lines)}{log.read_text()[-4000:]}"
    raise AssertionError(message)
