"""A network that loses, holds up, doubles and halves what it carries to a server and back."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

SECONDS_MAX = 60
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_OTHER = b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 8\r\n\r\n{"id":7}'
_HTML = b"HTTP/1.1 %s\r\ncontent-type: text/html\r\ncontent-length: 6\r\n%s\r\n<html>"

FAILURES = [
    "lose the request",
    "lose the answer",
    "halve the answer",
    "halve the body",
    "hold the answer",
    "double the request",
    "double the answer",
    "answer as a gateway",
    "refuse as a gateway",
]
"""All that can happen; None is what should."""

ANOTHER_TONGUE = "answer in another tongue"
"""What nobody mends: a whole answer that says nothing the client knows."""


class Network:
    """Takes connections on a port of its own; what `fate` returns for a request happens to it."""

    def __init__(self, port: int, fate: Callable[[bytes], str | None]) -> None:
        self.server_port = port
        self.fate = fate
        self.carried: list[str | None] = []
        self._over = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        """Hang up."""
        self._over.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(SECONDS_MAX)

    def _accept(self) -> None:
        with suppress(OSError):
            while not self._over.is_set():
                connection, _ = self._listening.accept()
                thread = threading.Thread(target=self._serve, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(0.1)
            while (request := self._read(connection)) is not None:
                failure = self.fate(request)
                self.carried.append(failure)
                if not self._carry(request, failure, connection):
                    return

    def _carry(self, request: bytes, failure: str | None, back: socket.socket) -> bool:
        """Do it; tells whether the connection is still good."""
        if failure == "lose the request":
            return False
        if failure == "refuse as a gateway":
            back.sendall(_HTML % (b"503 Busy", b"retry-after: 0\r\n"))
            return True
        answer = self.ask(request)
        if failure == "hold the answer":
            self._over.wait(SECONDS_MAX)
        if failure == "double the request":
            answer = self.ask(request)
        back.sendall(_SPOILED.get(failure, bytes)(answer))
        return failure not in {"lose the answer", "halve the answer"}

    def ask(self, request: bytes) -> bytes:
        """Carry a request to the server and its answer here."""
        address = ("127.0.0.1", self.server_port)
        with socket.create_connection(address, timeout=SECONDS_MAX) as server:
            server.sendall(request)
            answer = self._read(server)
        if answer is None:
            raise ConnectionResetError
        return answer

    def _read(self, connection: socket.socket) -> bytes | None:
        """Read a request or an answer; None when the other side hangs up."""
        read = b""
        while not self._over.is_set():
            try:
                piece = connection.recv(65536)
            except TimeoutError:
                continue
            if not piece:
                return None
            read += piece
            head, found, body = read.partition(b"\r\n\r\n")
            length = _LENGTH.search(head)
            if found and len(body) >= (int(length[1]) if length else 0):
                return read
        return None


def _halved(answer: bytes) -> bytes:
    """Halve a body and set its length so that only its meaning is broken."""
    head, _, body = answer.partition(b"\r\n\r\n")
    half = body[: len(body) // 2]
    return _LENGTH.sub(b"\r\ncontent-length: %d" % len(half), head) + b"\r\n\r\n" + half


_SPOILED: dict[str | None, Callable[[bytes], bytes]] = {
    "lose the answer": lambda _: b"",
    "halve the answer": lambda answer: answer[: len(answer) // 2],
    "halve the body": _halved,
    "double the answer": lambda answer: answer + answer,
    ANOTHER_TONGUE: lambda _: _OTHER,
    "answer as a gateway": lambda _: _HTML % (b"502 Bad Gateway", b""),
}


@contextmanager
def network(port: int, fate: Callable[[bytes], str | None]) -> Iterator[Network]:
    """Run a network until the block ends."""
    running = Network(port, fate)
    try:
        yield running
    finally:
        running.close()


def fail_once(failure: str, marked: bytes) -> Callable[[bytes], str | None]:
    """Return a fate that strikes the first request that holds a mark."""
    left = [failure]
    return lambda request: left.pop() if left and marked in request else None
