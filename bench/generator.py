"""A light generator of HTTP load.

It fills data by the exact request, and stands in where wrk is absent.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from statistics import quantiles

from bench.plan import BenchError

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length:"
_PERCENT = 100


def request_bytes(method: str, path: str, key: str, body: bytes = b"") -> bytes:
    """Build one request of a keep-alive connection."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if key:
        lines.append(f"Authorization: Bearer {key}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class LoadResult:
    """What came back over all connections of one run."""

    answered: int = 0
    failed: int = 0
    first_failure: bytes = b""
    latencies: list[float] = field(default_factory=list)


class _Connection(asyncio.Protocol):
    """One connection: sends the next request when the answer to the last is whole."""

    def __init__(self, requests: Iterator[bytes], result: LoadResult) -> None:
        self.ended = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._result = result
        self._received = bytearray()
        self._awaiting = False
        self._sent_at = 0.0
        self._expected = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send_next()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._expected:
            self._expected = _answer_length(self._received)
        if self._expected and len(self._received) >= self._expected:
            self._note_answer()
            self._send_next()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._awaiting:
            self._result.failed += 1
            self._result.first_failure = self._result.first_failure or repr(exc).encode()
        if not self.ended.done():
            self.ended.set_result(None)

    def _send_next(self) -> None:
        following = next(self._requests, None)
        self._awaiting = following is not None
        if following is None:
            self._transport.close()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(following)

    def _note_answer(self) -> None:
        result = self._result
        result.answered += 1
        result.latencies.append(time.perf_counter() - self._sent_at)
        if not self._received.startswith(b"HTTP/1.1 2"):
            result.failed += 1
            result.first_failure = result.first_failure or bytes(self._received[:400])
        del self._received[: self._expected]
        self._expected = 0


def _answer_length(received: bytearray) -> int:
    """Give the length of the whole answer, 0 while its head is incomplete."""
    head_end = received.find(_HEAD_END)
    if head_end < 0:
        return 0
    head = bytes(received[:head_end]).lower() + b"\r\n"
    _, _, rest = head.partition(_LENGTH)
    return head_end + len(_HEAD_END) + int(rest.partition(b"\r\n")[0] or 0)


async def _run(address: tuple[str, int], requests: Iterator[bytes], connections: int) -> LoadResult:
    result = LoadResult()
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(lambda: _Connection(requests, result), *address)
        for _ in range(connections)
    ]
    await asyncio.gather(*(protocol.ended for _, protocol in opened))
    return result


def send_all(address: tuple[str, int], requests: Iterable[bytes], connections: int) -> LoadResult:
    """Send every request once, over several connections, and insist that all succeed."""
    result = asyncio.run(_run(address, iter(requests), connections))
    if result.failed:
        raise BenchError(f"{result.failed} requests failed, first: {result.first_failure!r}")
    return result


def _until(end: float, spec: dict[str, object]) -> Iterator[bytes]:
    method, key, body = str(spec["method"]), str(spec["key"]), str(spec["body"])
    paths = spec["paths"]
    assert isinstance(paths, list)
    sent = 0
    while time.perf_counter() < end:
        sent += 1
        text = body.replace("{n}", str(sent)).encode()
        yield request_bytes(method, paths[sent % len(paths)], key, text)


def main() -> None:
    """Read one load from the input, send it, and print what `load.lua` prints."""
    spec = json.load(sys.stdin)
    began = time.perf_counter()
    requests = _until(began + spec["seconds"], spec)
    address = (spec["host"], spec["port"])
    result = asyncio.run(_run(address, requests, spec["connections"]))
    lasted = time.perf_counter() - began
    marks = quantiles(result.latencies, n=_PERCENT)
    outcome = {
        "requests": result.answered,
        "seconds": lasted,
        "p50_ms": marks[49] * 1e3,
        "p99_ms": marks[98] * 1e3,
        "errors": result.failed,
    }
    sys.stdout.write(json.dumps(outcome) + "\n")


if __name__ == "__main__":
    main()
