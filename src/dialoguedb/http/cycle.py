"""One request and its response on a connection: uvicorn's cycle, which writes in slices.

A body of known length that is short is written together with the head. A longer one is written
slice by slice, each when the client has read enough of those before it, so that no response waits
in memory twice, and no other request waits for it. A body of unknown length is sent in chunks, or,
to a client of HTTP/1.0, until the connection is closed.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

from uvicorn._types import HTTPResponseStartEvent
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from dialoguedb.http.requests.incoming import ClientDisconnected
from dialoguedb.http.responses.response import CUT_OFF, Header

_TOGETHER_BYTES_MAX = 64 * 1024
_SLICE_BYTES = 128 * 1024
_LAST_CHUNK = b"0\r\n\r\n"
_OLD_VERSION = "1.0"


class CountingFlow(FlowControl):
    """The flow of one connection, with a count of what was written to it."""

    written_bytes = 0


class Cycle(RequestResponseCycle):
    """One request and its response; the head of the response waits for its body."""

    flow: CountingFlow
    _held: HTTPResponseStartEvent | None = None
    _in_chunks = False

    async def send(self, message: Any) -> None:
        """Send a part of a response; ClientDisconnected when more would follow to nobody."""
        if message["type"] == "http.response.start":
            self._held = message
            return
        if message["type"] == CUT_OFF:
            self.disconnected = True  # else uvicorn would report it, without the request
            self.transport.abort()
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        start, self._held = self._held, None
        is_short = len(body) <= _TOGETHER_BYTES_MAX and not more
        if start is not None and is_short and not (self.flow.write_paused or self.disconnected):
            self._write(self._begun(start, is_whole=True) + self._framed(body))
            self._complete()
            return
        if start is not None and await self._is_writable():
            self._write(self._begun(start, is_whole=not more))
        await self._send_body(body, more=more)
        if more and self.disconnected:
            raise ClientDisconnected

    async def _send_body(self, body: bytes, *, more: bool) -> None:
        view = memoryview(body) if self.scope["method"] != "HEAD" else memoryview(b"")
        for start in range(0, len(view), _SLICE_BYTES):
            if not await self._is_writable():
                return
            self._write(self._framed(view[start : start + _SLICE_BYTES]))
            await asyncio.sleep(0)  # else a client that reads fast would hold up all others
        if more:
            await self._is_writable()  # the next piece is made when there is room for it
        elif not self.disconnected:
            if self._in_chunks and self.scope["method"] != "HEAD":
                self._write(_LAST_CHUNK)
            self._complete()

    async def _is_writable(self) -> bool:
        """Wait until the client has read enough; returns whether it is still there."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        return not self.disconnected

    def _begun(self, start: HTTPResponseStartEvent, *, is_whole: bool) -> bytes:
        """Return the head of the response, which begins with it."""
        self.response_started, self.waiting_for_100_continue = True, False
        headers = (*self.default_headers, *start["headers"])
        if (b"connection", b"close") in headers:
            self.keep_alive = False
        if not is_whole and all(name != b"content-length" for name, _ in headers):
            self._in_chunks = self.scope["http_version"] != _OLD_VERSION
            self.keep_alive = self.keep_alive and self._in_chunks
            if self._in_chunks:
                headers = (*headers, (b"transfer-encoding", b"chunked"))
        return head_bytes(start["status"], headers, keep_alive=self.keep_alive)

    def _framed(self, data: bytes | memoryview) -> bytes:
        if self.scope["method"] == "HEAD":
            return b""
        if self._in_chunks:
            return b"".join((b"%x\r\n" % len(data), data, b"\r\n"))
        return bytes(data)

    def _write(self, data: bytes) -> None:
        self.flow.written_bytes += len(data)
        self.transport.write(data)

    def _complete(self) -> None:
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive and not self.more_body:
            self.transport.close()
        self.on_response()


def head_bytes(status: int, headers: Iterable[Header], *, keep_alive: bool) -> bytes:
    """Return the head of a response as it is sent."""
    parts = [STATUS_LINE[status]]
    for name, value in headers:
        if name != b"connection":
            parts += (name, b": ", value, b"\r\n")
    parts.append(b"\r\n" if keep_alive else b"connection: close\r\n\r\n")
    return b"".join(parts)
