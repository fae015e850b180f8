"""Requests as bytes, for what a polite client would never send."""

import http.client
import json
import socket
from dataclasses import dataclass
from typing import Any, Self

from .server import Server

ANSWER_SECONDS_MAX = 60


@dataclass
class RawResponse:
    """What came back: status, headers (names in lower case) and body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Return the error's code, or nothing of a success."""
        return self.json["error"]["code"] if self.status >= 400 else ""


def exact(
    server: Server, request: str, *, key: str | None = None, body: bytes | None = None, **headers
) -> RawResponse:
    """Send "METHOD target" with the target as it is, byte for byte."""
    method, _, target = request.partition(" ")
    if key:
        headers["Authorization"] = f"Bearer {key}"
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=ANSWER_SECONDS_MAX)
    try:
        connection.request(method, target, body=body, headers=names)
        response = connection.getresponse()
        received_headers = {name.lower(): text for name, text in response.getheaders()}
        return RawResponse(response.status, received_headers, response.read())
    finally:
        connection.close()


def head(method: str, target: str, key: str | None = None, **headers: object) -> bytes:
    """Return the head of a request, blank line included."""
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost"]
    if key:
        lines.append(f"Authorization: Bearer {key}")
    lines += [f"{name.replace('_', '-')}: {text}" for name, text in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def whole(method: str, target: str, key: str | None = None, body: bytes = b"") -> bytes:
    """Return a whole request."""
    return head(method, target, key, Content_Length=len(body)) + body


def chunked(data: bytes, size: int = 65_536) -> bytes:
    """Return data in chunked encoding, closing chunk included."""
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


class Line:
    """One connection to the server, to be written to and read from as bytes."""

    def __init__(self, server: Server) -> None:
        address = ("127.0.0.1", server.port)
        self.socket = socket.create_connection(address, timeout=ANSWER_SECONDS_MAX)
        self.received = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.received.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send, though the server may have answered and hung up already."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return

    def answer(self) -> RawResponse | None:
        """Read the next answer; None when the server has hung up."""
        try:
            status_line = self.received.readline()
            return self._rest(int(status_line.split()[1])) if status_line else None
        except ConnectionResetError:
            return None

    def _rest(self, status: int) -> RawResponse:
        headers = {}
        while (line := self.received.readline()).strip():
            name, _, text = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = text.strip()
        if "content-length" in headers:
            return RawResponse(status, headers, self.received.read(int(headers["content-length"])))
        return RawResponse(status, headers, self.received.read())


def no_surprise(answer):
    """Check that an answer over a raw line is ours: no 5xx and no HTML; or a hang-up."""
    if answer is None:
        return
    assert answer.status < 500
    assert b"<html" not in answer.body.lower()
    if answer.status >= 400 and answer.headers.get("content-type", "").startswith("application"):
        assert answer.json["error"]["code"]
