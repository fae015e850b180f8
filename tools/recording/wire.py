"""HTTP/1.1 on a plain socket: requests leave as they are written, responses keep their order."""

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

TIMEOUT_SECONDS = 30

Header = tuple[str, str]


class WireError(Exception):
    """The server hung up, or sent something that is no response."""


@dataclass(frozen=True)
class Response:
    """What came back: status, headers in their order and spelling, and body."""

    status: int
    headers: tuple[Header, ...]
    body: bytes

    def header(self, name: str) -> str:
        """Return a header's value, nothing when there is none."""
        return next((value for field, value in self.headers if field.lower() == name), "")


def request_bytes(method: str, target: str, headers: Iterable[Header], body: bytes | None) -> bytes:
    """Return a request as it goes over the wire, with `Host` and the length of its body."""
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


class Connection:
    """A connection to a server, opened again whenever that has closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._received: BinaryIO | None = None

    def ask(self, sent: bytes, *, has_body: bool = True) -> Response:
        """Send a request and read its response; `has_body` is false of a HEAD."""
        fresh = self._socket is None
        try:
            return self._try(sent, has_body=has_body)
        except (WireError, ConnectionError):
            self.close()
            if fresh:
                raise
            return self._try(sent, has_body=has_body)

    def converse(self, sent: bytes, count: int, *, has_body: bool = True) -> list[Response]:
        """Send bytes on a connection of their own; returns up to `count` responses."""
        self.close()
        received = self._open(sent)
        responses: list[Response] = []
        try:
            while len(responses) < count:
                responses.append(_read(received, has_body=has_body))
        except (WireError, ConnectionError):
            pass  # that it hung up shows in what is missing
        finally:
            self.close()
        return responses

    def close(self) -> None:
        """Hang up."""
        if self._received is not None:
            self._received.close()
        if self._socket is not None:
            self._socket.close()
        self._socket = self._received = None

    def _try(self, sent: bytes, *, has_body: bool) -> Response:
        response = _read(self._open(sent), has_body=has_body)
        if response.header("connection") == "close":
            self.close()
        return response

    def _open(self, sent: bytes) -> BinaryIO:
        if self._socket is None or self._received is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), TIMEOUT_SECONDS)
            self._received = self._socket.makefile("rb")
        self._socket.sendall(sent)
        return self._received


def _read(received: BinaryIO, *, has_body: bool) -> Response:
    status_line = received.readline()
    if not status_line:
        raise WireError("the server hung up")
    status = int(status_line.split()[1])
    headers = []
    while line := received.readline().rstrip(b"\r\n"):
        name, _, value = line.decode("latin-1").partition(":")
        headers.append((name, value.strip()))
    head = Response(status, tuple(headers), b"")
    length = int(head.header("content-length") or 0) if has_body else 0
    return Response(status, head.headers, received.read(length))
