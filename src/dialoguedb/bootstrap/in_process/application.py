"""Requests to the application from inside its own process: no socket, and no key to keep."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import ASGIApp, Message

from dialoguedb.client.transport.requests import ApiRequest, ApiResponse
from dialoguedb.errors import InternalError, ServiceUnavailable
from dialoguedb.http.responses.response import CUT_OFF

_HERE = ("127.0.0.1", 0)


class ApplicationTransport:
    """Carries requests to an application that runs on the same event loop."""

    def __init__(self, app: ASGIApp, secret: str) -> None:
        self._app = app
        self._authorization = (b"authorization", b"Bearer " + secret.encode())

    async def send(self, request: ApiRequest) -> ApiResponse:
        """Return the answer."""
        body = request.body or b""
        target = request.target.encode()
        path, _, query = target.partition(b"?")
        headers = [(name.encode(), text.encode()) for name, text in request.headers.items()]
        length = (b"content-length", b"%d" % len(body))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": path.decode(),
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": [self._authorization, length, *headers],
            "client": _HERE,
            "server": None,
        }
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == CUT_OFF:
                raise ServiceUnavailable("The answer could not be read to its end; try again")
            sent.append(message)

        await self._app(scope, receive, send)
        return _answer(sent)


def _answer(sent: list[Message]) -> ApiResponse:
    start, *parts = sent
    headers = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
    return ApiResponse(start["status"], headers, b"".join(part["body"] for part in parts))


@asynccontextmanager
async def started(app: ASGIApp) -> AsyncIterator[None]:
    """Run an application's background work, as a server does."""
    to_app: asyncio.Queue[Message] = asyncio.Queue()
    from_app: asyncio.Queue[Message] = asyncio.Queue()
    scope: dict[str, Any] = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    task = asyncio.create_task(_run(app, scope, to_app, from_app))
    await _agree(to_app, from_app, "startup")
    try:
        yield
    finally:
        await _agree(to_app, from_app, "shutdown")
        await task


async def _run(
    app: ASGIApp,
    scope: dict[str, Any],
    to_app: asyncio.Queue[Message],
    from_app: asyncio.Queue[Message],
) -> None:
    await app(scope, to_app.get, from_app.put)


async def _agree(
    to_app: asyncio.Queue[Message], from_app: asyncio.Queue[Message], what: str
) -> None:
    await to_app.put({"type": f"lifespan.{what}"})
    answer = await from_app.get()
    if answer["type"] != f"lifespan.{what}.complete":
        raise InternalError(f"The application failed at its {what}: {answer.get('message')}")
