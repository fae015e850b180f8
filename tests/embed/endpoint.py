"""An endpoint of embeddings, over real HTTP: it answers as told, and keeps what it was asked."""

import base64
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

DIMENSIONS = 4

Responder = Callable[["RequestHandler"], None]


def vector_of(text: str) -> list[float]:
    """Return what the endpoint makes of a text: not of length 1, and of this text alone."""
    return [float(len(text)), float(sum(map(ord, text)) % 97), 1.0, 2.0]


class RequestHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "EmbeddingServer"

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        self.body: dict[str, Any] = json.loads(self.rfile.read(length))
        self.server.requests.append((self.path, dict(self.headers.items()), self.body))
        script = self.server.script
        (script.pop(0) if script else vectors())(self)

    def give(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"content-length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class EmbeddingServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), RequestHandler)
        self.script: list[Responder] = []
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    @property
    def inputs(self) -> list[list[str]]:
        return [body["input"] for _, _, body in self.requests]


def as_base64(vector: list[float]) -> str:
    return base64.b64encode(np.array(vector, "<f4").tobytes()).decode()


def vectors(
    make: Callable[[str], list[float]] = vector_of,
    write: Callable[[list[float]], object] = as_base64,
    order: Callable[[list[dict[str, object]]], list[dict[str, object]]] = list,
) -> Responder:
    def answer(handler: RequestHandler) -> None:
        data: list[dict[str, object]] = [
            {"object": "embedding", "index": index, "embedding": write(make(text))}
            for index, text in enumerate(handler.body["input"])
        ]
        body = {"object": "list", "data": order(data), "model": "m", "usage": {"total_tokens": 1}}
        handler.give(200, json.dumps(body).encode())

    return answer


def status(code: int, body: bytes = b"{}", **headers: str) -> Responder:
    return lambda handler: handler.give(code, body, **headers)


def half_an_answer(handler: RequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("content-length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"data": [')
    handler.close_connection = True


def no_answer(handler: RequestHandler) -> None:
    """Keep the connection open and silent, until the test is over."""
    handler.server.released.wait(30)
    handler.close_connection = True
