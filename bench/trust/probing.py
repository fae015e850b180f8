"""Asks a server for something small again and again, beside whatever else happens to it.

A process of its own, so that an attack does not slow down what measures it. An answer that is late
counts for all who would have asked meanwhile, one every 10 ms.
"""

import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median, quantiles

from bench.generator import request_bytes
from bench.plan import BenchError
from bench.processes import Program
from bench.server import Server

INTERVAL_S = 0.01
_PERCENT = 100
_TIMEOUT_S = 120
_PIECE_BYTES = 65_536


@dataclass
class Latencies:
    """How long answers took, in milliseconds."""

    taken_ms: list[float] = field(default_factory=list)

    @property
    def p50_ms(self) -> float:
        """Return the median."""
        return median(self.taken_ms)

    @property
    def p99_ms(self) -> float:
        """Return what 99 % of them kept."""
        return quantiles(self.taken_ms, n=_PERCENT, method="inclusive")[-1]

    @property
    def max_ms(self) -> float:
        """Return the longest."""
        return max(self.taken_ms)


@contextmanager
def probed(server: Server, path: str = "/health") -> Iterator[Latencies]:
    """Ask for a path for as long as the block lasts; the latencies are there when it ends."""
    found = Latencies()
    key = "" if path == "/health" else server.key
    words = [sys.executable, "-m", "bench.trust.probing", server.host, str(server.port), key, path]
    program = Program(words, "probing", server.log_file)
    try:
        yield found
    finally:
        program.tell("end")
        found.taken_ms += json.loads(program.next_line() or "[]")
        program.stop()
    if not found.taken_ms:
        raise BenchError(f"nothing was measured of {path}")


def _ask(connection: socket.socket, request: bytes) -> None:
    connection.sendall(request)
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += _received(connection)
    head, _, body = answer.partition(b"\r\n\r\n")
    if b" 200 " not in head.splitlines()[0]:
        raise BenchError(f"the probe was answered {head!r}")
    left = int(head.lower().partition(b"content-length:")[2].split()[0]) - len(body)
    while left > 0:
        left -= len(_received(connection))


def _received(connection: socket.socket) -> bytes:
    piece = connection.recv(_PIECE_BYTES)
    if not piece:
        raise BenchError("the server hung up on the probe")
    return piece


def _probe(host: str, port: int, request: bytes, ended: threading.Event) -> list[float]:
    taken = []
    with socket.create_connection((host, port), timeout=_TIMEOUT_S) as connection:
        _ask(connection, request)
        print("probing", flush=True)  # noqa: T201 - what the parent waits for
        while not ended.is_set():
            began = time.perf_counter()
            _ask(connection, request)
            seconds = time.perf_counter() - began
            taken += [1_000 * left for left in _as_if_others_waited(seconds)]
            time.sleep(INTERVAL_S - seconds % INTERVAL_S)
    return taken


def _as_if_others_waited(seconds: float) -> Iterator[float]:
    """Yield how long an answer took, and how long it would have those who asked meanwhile."""
    while seconds > 0:
        yield seconds
        seconds -= INTERVAL_S


def main() -> None:
    """Probe until a line comes in, and print all latencies."""
    host, port, key, path = sys.argv[1:]
    ended = threading.Event()

    def wait_for_line() -> None:
        sys.stdin.readline()
        ended.set()

    threading.Thread(target=wait_for_line, daemon=True).start()
    taken = _probe(host, int(port), request_bytes("GET", path, key), ended)
    print(json.dumps(taken), flush=True)  # noqa: T201 - the result


if __name__ == "__main__":
    main()
