"""What arrives of a request: its head, and its body, read as far as the limit."""

import asyncio
import io
import re
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import unquote_to_bytes

from msgspec import Struct
from starlette.types import Receive, Scope

from dialoguedb.errors import PayloadTooLarge
from dialoguedb.http.memory_budget import MemoryShare
from dialoguedb.http.responses.response import new_request_id
from dialoguedb.values import limits

T = TypeVar("T")

SKIPPED_BYTES_MAX = 64 * 1024
"""A body that is not needed and longer than this costs the client its connection."""

SMALL_BODY_BYTES = 256 * 1024
"""A body that is no longer takes no part of the memory for large ones."""

LARGE_BYTES = 1024 * 1024
"""A body that is longer is worked on apart from others."""

_REQUEST_ID = re.compile(rb"[\w.-]{1,%d}" % limits.REQUEST_ID_CHARS_MAX)
_PREFIX = b"api/v1"
_NEVER_IN_AN_ID = "\0"


class ClientDisconnected(Exception):
    """The client hung up before its request was whole; nobody waits for a response."""


# --- The head -----------------------------------------------------------------------------------


class RequestHead(Struct, frozen=True):
    """The target of a request and its headers."""

    method: str
    """`GET` for `HEAD`, too: the server leaves the body of the response out."""

    target: str
    """The path in the form that routes are written in."""

    raw_path: bytes
    query_string: bytes
    headers: dict[bytes, bytes]
    request_id: str
    client_address: str
    content_length: int
    """What the request declares; 0 when it declares nothing."""


def read_head(scope: Scope) -> RequestHead:
    """Return the head of the request that the server passes on."""
    headers = _by_name(scope["headers"])
    length = headers.get(b"content-length", b"")
    request_id = headers.get(b"x-request-id", b"")
    return RequestHead(
        method="GET" if scope["method"] == "HEAD" else scope["method"],
        target=normalise(scope["raw_path"]),
        raw_path=scope["raw_path"],
        query_string=scope["query_string"],
        headers=headers,
        request_id=request_id.decode() if _REQUEST_ID.fullmatch(request_id) else new_request_id(),
        client_address=scope["client"][0] if scope["client"] else "",
        content_length=int(length) if length.isdigit() else 0,
    )


def _by_name(headers: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return headers by name; the values of a repeated one are joined to a list."""
    by_name = dict(headers)
    if len(by_name) != len(headers):
        by_name = {}
        for name, value in headers:
            by_name[name] = by_name[name] + b", " + value if name in by_name else value
    return by_name


def normalise(raw_path: bytes) -> str:
    """Return the path without prefix and needless slashes, each segment decoded by itself.

    What would break a segment apart, or is not UTF-8, becomes a character that no id may hold.
    """
    path = raw_path.strip(b"/")
    if path.startswith(_PREFIX):
        if path == _PREFIX:
            return "/"
        if path[len(_PREFIX)] == ord("/"):
            path = path[len(_PREFIX) :].lstrip(b"/")
    if b"%" in path or not path.isascii():
        return "/" + "/".join(_decode(segment) for segment in path.split(b"/"))
    return "/" + path.decode()


def _decode(segment: bytes) -> str:
    try:
        text = unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        return _NEVER_IN_AN_ID
    # The `$` of a route's expression would ignore a line feed at the end.
    return text.replace("/", _NEVER_IN_AN_ID).replace("\n", _NEVER_IN_AN_ID)


# --- The body -----------------------------------------------------------------------------------


def check_declared_length(head: RequestHead) -> None:
    """Refuse a body that is declared to be too long."""
    if head.content_length > limits.BODY_BYTES_MAX:
        raise _too_large()


class RequestBody:
    """The body of one request, and its share of the memory for large ones."""

    def __init__(self, share: MemoryShare, declared_bytes: int) -> None:
        self._share = share
        self._declared_bytes = declared_bytes
        self.received_bytes: int | None = None
        """None until the body is whole."""

    async def read(self, receive: Receive) -> bytes:
        """Return the body; PayloadTooLarge as soon as it is, ClientDisconnected.

        A large one is not read before there is room for all of it; ServiceUnavailable when that
        takes long. An empty one counts as `{}`, for the metrics, too.
        """
        if self._declared_bytes > SMALL_BODY_BYTES:
            await self._share.grow_to(self._declared_bytes)
        message = await receive()
        if message["type"] != "http.request":
            raise ClientDisconnected
        body: bytes = message.get("body", b"")
        if message.get("more_body"):
            body = await self._read_on(receive, body)
        body = body or b"{}"
        self.received_bytes = len(body)
        return body

    async def _read_on(self, receive: Receive, start: bytes) -> bytes:
        body = io.BytesIO()  # which gives what was written without a copy
        size = body.write(start)
        more = True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                raise ClientDisconnected
            size += body.write(message.get("body", b""))
            if size > limits.BODY_BYTES_MAX:
                raise _too_large()
            if size > max(self._share.held_bytes, SMALL_BODY_BYTES):
                self._share.set_to(size, force=False)
            more = message.get("more_body", False)
        return body.getvalue()

    def release(self) -> None:
        """Return the memory; the body is needed no longer."""
        self._share.release()


def is_left_unread(head: RequestHead, body: RequestBody | None) -> bool:
    """Tell whether so much of the body is still to come that the connection is better closed."""
    if body is not None and body.received_bytes is not None:
        return False
    return b"transfer-encoding" in head.headers or head.content_length > SKIPPED_BYTES_MAX


async def in_thread_if_large(body: bytes, work: Callable[[], T]) -> T:
    """Do work that takes as long as a body is large; on a thread when the body is."""
    return await asyncio.to_thread(work) if len(body) > LARGE_BYTES else work()


def _too_large() -> PayloadTooLarge:
    return PayloadTooLarge(f"A request's body holds at most {limits.BODY_BYTES_MAX} bytes")
