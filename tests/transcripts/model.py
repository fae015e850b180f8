"""A model server on the loopback that says what the script has, in the dialect it is asked in."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.transcripts.dialects import chat, gemini, messages, responses
from tests.transcripts.dialects.dialect import Dialect, Reply
from tests.transcripts.script import AFTER, SUMMARY, TURNS, Step, next_step

DIALECTS: dict[str, Dialect] = {
    "/responses": responses.DIALECT,
    "/chat/completions": chat.DIALECT,
    "/messages": messages.DIALECT,
    "enerateContent": gemini.DIALECT,
}


class Model(ThreadingHTTPServer):
    """Knows the tool of a program that runs commands, and writes down what it is asked."""

    daemon_threads = True

    def __init__(
        self, tool: str, arguments: Callable[[str], Any], reached: Path, log: Path
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.tool, self.arguments, self.reached, self.log = tool, arguments, reached, log
        self.cut: set[tuple[str, int]] = set()
        self.count = 0
        self.sent = ""

    def was_sent(self, text: str) -> bool:
        """Tell whether a text was in the request for what is asked last in a situation."""
        return text in self.sent

    @property
    def url(self) -> str:
        """Where the server is."""
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, body: Any, dialect: Dialect) -> tuple[Reply, str]:
        """Return what is said to a request, and how that ends."""
        self.count += 1
        position = next_step(dialect.entries(body)) if dialect.has_tools(body) else None
        step = TURNS[position[0]][position[1]] if position else Step(SUMMARY)
        if position and position[0] == AFTER:
            self.sent = "\n".join(text for _, text in dialect.entries(body))
        ends = step.ends
        if ends == "cut" and position:
            ends = "whole" if position in self.cut else "cut"
            self.cut.add(position)
        calls = [
            (f"call_{self.count}_{at}", self.tool, self.arguments(command))
            for at, command in enumerate(step.commands)
        ]
        tokens = step.tokens or len(json.dumps(body)) // 4
        with self.log.open("a") as log:
            log.write(json.dumps([position, step.text, body]) + "\n")
        return Reply(f"{self.count}", step.text, calls, tokens), ends


class _Handler(BaseHTTPRequestHandler):
    server: Model
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._send(b"")

    def do_GET(self) -> None:
        models = [{"id": "model-1", "object": "model", "created": 1, "owned_by": "us"}]
        self._send(json.dumps({"object": "list", "data": models}).encode())

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        path = self.path.partition("?")[0]
        dialect = next((one for end, one in DIALECTS.items() if path.endswith(end)), None)
        if dialect is None:
            self._send(json.dumps({"totalTokens": 10, "input_tokens": 10}).encode())
            return
        body = json.loads(raw)
        answer, ends = self.server.answer(body, dialect)
        if body.get("stream") or "stream" in path:
            self._stream(dialect.events(answer), ends)
        else:
            self._send(json.dumps(dialect.whole(answer)).encode())

    def _send(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, events: Iterator[str | None], ends: str) -> None:
        """Send events; in the middle of the text, which is None, stop when it is to end there."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for event in events:
            if event is not None:
                self.wfile.write(event.encode())
                self.wfile.flush()
            elif ends == "hanging":
                self.server.reached.touch()
                threading.Event().wait(60)
                return
            elif ends == "cut":
                return


@contextmanager
def served(model: Model) -> Iterator[Model]:
    """Serve a model while the block runs."""
    thread = threading.Thread(target=model.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield model
    finally:
        model.shutdown()
        model.server_close()
