"""Sends requests in their order, and returns each response as it stands in a file."""

import time
from collections.abc import Callable, Iterable

from tools.recording.exchanges import Recorded, Request
from tools.recording.normaliser import Normaliser
from tools.recording.server import Running
from tools.recording.wire import Connection, Header, Response, request_bytes

_AGAIN_SECONDS_MAX = 30
_INTERVAL_SECONDS = 0.02
_MILLISECOND_NS = 1_000_000


class NeverCame(Exception):
    """What was waited for did not happen in time."""


class Player:
    """Plays one series of exchanges on one server."""

    def __init__(self, server: Running) -> None:
        self.normaliser = Normaliser(server.began, server.operator_key)
        self.operator_key = server.operator_key
        self._connection = Connection(server.port)

    def play(self, request: Request) -> tuple[list[Response], tuple[Recorded, ...]]:
        """Send a request; returns the responses as they came and as they are recorded."""
        came = self._until_settled(request)
        if request.again_until is not None:
            return came, ()
        return came, tuple(map(self._recorded, came))

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _until_settled(self, request: Request) -> list[Response]:
        ask = self._asker(request)
        self._tick()
        deadline = time.monotonic() + _AGAIN_SECONDS_MAX
        while not _is_settled(request, came := ask()):
            if time.monotonic() > deadline:
                raise NeverCame(f"{request} was asked in vain; last: {came[-1].body!r}")
            time.sleep(_INTERVAL_SECONDS)
        return came

    def _asker(self, request: Request) -> Callable[[], list[Response]]:
        """Return what sends the request once."""
        resolved = self.normaliser.resolved
        if request.raw is not None:
            sent = resolved(request.raw).encode("latin-1")
            has_body = not request.raw.startswith("HEAD ")
            return lambda: self._connection.converse(sent, request.count, has_body=has_body)
        body = None if request.body is None else resolved(request.body).encode()
        if request.body_hex is not None:
            body = bytes.fromhex(request.body_hex)
        headers = _split(map(resolved, request.headers))
        sent = request_bytes(request.method, resolved(request.target), headers, body)
        has_body = request.method != "HEAD"

        return lambda: [self._connection.ask(sent, has_body=has_body)]

    def _tick(self) -> None:
        """Wait for the next millisecond, so that no two requests share a time."""
        last_ms = time.time_ns() // _MILLISECOND_NS
        while time.time_ns() // _MILLISECOND_NS == last_ms:
            time.sleep(0.0002)

    def _recorded(self, response: Response) -> Recorded:
        headers = self.normaliser.headers(response.headers)
        body = self.normaliser.body(response.body, response.header("content-type"))
        return Recorded(response.status, headers, body)


def _is_settled(request: Request, came: list[Response]) -> bool:
    body = came[-1].body.decode(errors="replace") if came else ""
    if request.again_until is not None:
        return request.again_until in body
    return request.again_while is None or request.again_while not in body


def _split(lines: Iterable[str]) -> list[Header]:
    return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
