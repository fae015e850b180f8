"""A model behind an endpoint, over real HTTP, that speaks both protocols and fails as told."""

import json
import threading
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from typing import Any

from tests.embed.endpoint import RequestHandler as EmbeddingRequestHandler

Responder = Callable[["RequestHandler"], None]


class RequestHandler(EmbeddingRequestHandler):
    server: "ModelServer"  # type: ignore[assignment]

    def do_POST(self) -> None:  # noqa: N802 -- http.server calls it so
        length = int(self.headers["content-length"])
        self.body: dict[str, Any] = json.loads(self.rfile.read(length))
        self.server.requests.append((self.path, dict(self.headers.items()), self.body))
        script = self.server.script
        (script.pop(0) if script else self.server.otherwise)(self)

    @property
    def prompt(self) -> str:
        [message] = self.body["messages"]
        assert message["role"] == "user"
        return str(message["content"])

    @property
    def tokens_max(self) -> int:
        return int(self.body.get("max_tokens") or self.body["max_completion_tokens"])


class ModelServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), RequestHandler)
        self.script: list[Responder] = []
        self.otherwise: Responder = says("A summary.")
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    @property
    def prompts(self) -> list[str]:
        return [body["messages"][0]["content"] for _, _, body in self.requests]


_ANTHROPIC_REASONS = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}


def says(text: str, reason: str = "stop") -> Responder:
    """Answer in the protocol of the path; the reason to stop is in OpenAI's words."""

    def answer(handler: RequestHandler) -> None:
        speaks = in_openai if handler.path == "/v1/chat/completions" else in_anthropic
        handler.give(200, json.dumps(speaks(text, reason)).encode())

    return answer


def in_openai(text: str, reason: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text, "refusal": None}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
    }


def in_anthropic(text: str, reason: str) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": text}] if text else [],
        "stop_reason": _ANTHROPIC_REASONS[reason],
        "usage": {
            "input_tokens": 60,
            "cache_read_input_tokens": 40,
            "cache_creation_input_tokens": 0,
            "output_tokens": 10,
        },
    }


def answers(body: object) -> Responder:
    """Answer with this JSON, or these bytes."""
    written = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda handler: handler.give(200, written)


def drops(handler: RequestHandler) -> None:
    """Answer byte by byte, until the test is over."""
    handler.send_response(200)
    handler.send_header("content-length", "1000")
    handler.end_headers()
    for _ in range(1_000):
        if handler.server.released.wait(0.1):
            break
        handler.wfile.write(b" ")
        handler.wfile.flush()
    handler.close_connection = True


TOO_LONG = {
    "openai": b'{"error": {"message": "This model\'s maximum context length is 8192 tokens.",'
    b' "type": "invalid_request_error", "code": "context_length_exceeded"}}',
    "anthropic": b'{"type": "error", "error": {"type": "invalid_request_error", "message":'
    b' "prompt is too long: 208310 tokens > 200000 maximum"}}',
}
