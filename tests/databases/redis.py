"""A Redis of its own for tests, without files."""

import shutil
import subprocess
import time
from contextlib import contextmanager

from tests.databases.postgres import START_SECONDS_MAX, accepts, free_port

PROGRAM = shutil.which("redis-server")
"""None where it is not installed."""


class RedisServer:
    """A server that can be stopped and started again on its port, without what it held."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return its URL."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        assert PROGRAM, "redis-server is not installed"
        options = ["--bind", "127.0.0.1", "--save", "", "--requirepass", self.password]
        self._process = subprocess.Popen(
            [PROGRAM, "--port", str(self.port), *options], stdout=subprocess.DEVNULL, cwd="/"
        )
        deadline = time.monotonic() + START_SECONDS_MAX
        while not accepts(self.port):
            assert self._process.poll() is None, "redis-server does not start"
            assert time.monotonic() < deadline, "redis-server does not start"
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@contextmanager
def running_redis(password: str = "a secret"):
    """Run one for a while."""
    server = RedisServer(password)
    server.start()
    try:
        yield server
    finally:
        server.kill()
