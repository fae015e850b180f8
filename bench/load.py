"""Load on 32 keep-alive connections from a process of its own: wrk, else our own generator."""

import json
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.plan import CONNECTIONS, TEXT, BenchError
from bench.processes import output_of
from bench.server import Server

WRK = shutil.which("wrk")
GENERATOR = "wrk" if WRK else "own generator (wrk is absent)"
_SCRIPT = Path(__file__).with_name("load.lua")
_PATHS_MAX = 1_000

MESSAGE = json.dumps({"role": "user", "content": TEXT})


@dataclass(frozen=True)
class Load:
    """Requests sent as fast as they are answered; `{n}` in the body becomes a running number."""

    host: str
    port: int
    key: str
    method: str
    paths: tuple[str, ...]
    body: str = ""
    connections: int = CONNECTIONS


@dataclass(frozen=True)
class Outcome:
    """What came of one load, with every request answered 2xx."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    errors: int

    @property
    def rate(self) -> float:
        """Give the answers per second."""
        return self.requests / self.seconds


def send(load: Load, seconds: float) -> Outcome:
    """Send a load for some seconds; a single failed request spoils the measurement."""
    printed = _send_by_wrk(load, seconds) if WRK else _send_by_generator(load, seconds)
    outcome = Outcome(**json.loads(printed.splitlines()[-1]))
    if outcome.errors:
        raise BenchError(f"{outcome.errors} of {outcome.requests} requests failed: {load.paths[0]}")
    return outcome


def appends(server: Server, dialogues: list[str]) -> Load:
    """Build the load of single-message POSTs to some dialogues in turn."""
    paths = tuple(f"/dialogue/{dialogue}/messages" for dialogue in dialogues)
    return Load(server.host, server.port, server.key, "POST", paths, MESSAGE)


def reads(server: Server, path: str) -> Load:
    """Build the load of GETs of one path."""
    return Load(server.host, server.port, server.key, "GET", (path,))


def _send_by_wrk(load: Load, seconds: float) -> str:
    assert len(load.paths) <= _PATHS_MAX
    command = [
        str(WRK),
        "--threads=1",
        f"--connections={load.connections}",
        f"--duration={max(1, round(seconds))}s",
        "--timeout=60s",
        "--latency",
        f"--script={_SCRIPT}",
        f"http://{load.host}:{load.port}",
    ]
    return output_of([*command, "--", load.method, load.key, load.body, *load.paths])


def _send_by_generator(load: Load, seconds: float) -> str:
    spec = json.dumps(asdict(load) | {"seconds": seconds})
    return output_of([sys.executable, "-m", "bench.generator"], spec)
