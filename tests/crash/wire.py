"""The lightest client that can drive a server hard: one keep-alive connection."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, Self

# What a client sees when the server is killed: never a bad answer, only none.
CUT = (ConnectionError, asyncio.IncompleteReadError)


class Connection:
    """A connection that sends requests one after another."""

    def __init__(self, port: int, key: str) -> None:
        self._port = port
        self._key = key
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self.headers: dict[str, str] = {}
        """Those of the last answer, their names in lower case."""

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._writer
        self._writer.close()

    async def ask(
        self, method: str, path: str, body: Any = None, idempotency: str | None = None
    ) -> tuple[int, Any]:
        """Send a request; returns the status and the JSON of its answer, which must be whole."""
        content = json.dumps(body).encode() if body is not None else b""
        headers = f"Idempotency-Key: {idempotency}\r\n" if idempotency else ""
        self.send(method, path, content, headers=headers)
        return await self.answer()

    def send(
        self, method: str, path: str, content: bytes, length: int | None = None, headers: str = ""
    ) -> None:
        """Send a request, or its beginning when its length is greater."""
        assert self._writer
        length = len(content) if length is None else length
        self._writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self._key}\r\n"
            f"{headers}Content-Length: {length}\r\n\r\n".encode()
            + content
        )

    def send_rest(self, content: bytes) -> None:
        """Send the rest of a request's body."""
        assert self._writer
        self._writer.write(content)

    async def answer(self) -> tuple[int, Any]:
        """Wait for the answer to the request sent."""
        assert self._reader
        head = await self._reader.readuntil(b"\r\n\r\n")
        status, *lines = head.decode().strip().splitlines()
        pairs = (line.split(": ", 1) for line in lines)
        self.headers = {name.lower(): value for name, value in pairs}
        return int(status.split()[1]), json.loads(await self._body())

    async def _body(self) -> bytes:
        """Read the body of an answer, which a large one sends in pieces."""
        assert self._reader
        if "content-length" in self.headers:
            return await self._reader.readexactly(int(self.headers["content-length"]))
        content = b""
        while size := int(await self._reader.readline(), 16):
            content += await self._reader.readexactly(size)
            await self._reader.readline()
        await self._reader.readline()
        return content


async def until(true: Callable[[], bool], seconds_max: float = 60) -> None:
    """Look again and again until something comes true."""
    async with asyncio.timeout(seconds_max):
        while not true():  # noqa: ASYNC110 - another process makes it come true
            await asyncio.sleep(0.005)
