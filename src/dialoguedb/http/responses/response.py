"""Responses: a status, a body, and the headers that belong to them."""

import asyncio
import os
import time
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Iterator
from random import Random
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct

from dialoguedb.formats.attachments import deferred
from dialoguedb.model.projects import RATE_BURST_DEFAULT
from dialoguedb.service.pages import PagePiece
from dialoguedb.values.lists import Page
from dialoguedb.values.long_values import PIECE_BYTES, joined

Header = tuple[bytes, bytes]

CUT_OFF = "dialoguedb.response.cut_off"
"""The type of the message that ends a response which cannot be sent to its end."""

_PART_BYTES = 256 * 1024

_random = Random()  # noqa: S311 - request ids may be guessed
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_random.seed)

encode = msgspec.json.Encoder().encode
"""Turns a value of the model into the JSON of a response."""


class RateLimitStatus(Struct, gc=False):
    """What the headers say of a project's rate limit."""

    limit: int
    remaining: int
    reset: int
    """The Unix second when the whole burst is available again."""


def default_rate_limit_status() -> RateLimitStatus:
    """Return the status where no project's limit applies: the defaults, unused."""
    return RateLimitStatus(RATE_BURST_DEFAULT, RATE_BURST_DEFAULT, int(time.time()))


class Response(Struct, gc=False):
    """What is sent back."""

    body: bytes
    etag: bytes | None = None
    status: int = 200
    content_type: bytes = b"application/json"
    headers: tuple[Header, ...] = ()
    stream: AsyncGenerator[bytes] | None = None
    """What follows the body."""

    length: int | None = None
    """The length of both together, if it is known."""

    following_bytes: int = 0
    """How much of what follows is in memory; the rest is made while the client reads."""


async def response_of(value: Struct | list[Any], etag: bytes | None = None) -> Response:
    """Return the response with an object that may be long, or a list of such.

    It is encoded part by part, so that other requests are served meanwhile.
    """
    parts: deque[bytes] = deque()
    length = 0
    async for part in _parts_of(value):
        parts.append(part)
        length += deferred.full_length(part)
    first = parts.popleft()
    if not parts:
        return Response(first, etag)
    following_bytes = sum(map(len, parts))
    return Response(
        first, etag, stream=_following(parts), length=length, following_bytes=following_bytes
    )


async def _parts_of(value: Struct | list[Any]) -> AsyncGenerator[bytes]:
    for part in _parts(pieces_of(value)):
        yield part
        await asyncio.sleep(0)


def _parts(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join pieces to parts that are sent one by one."""
    some: list[bytes] = []
    size = 0
    for piece in pieces:
        some.append(piece)
        size += len(piece)
        if size > _PART_BYTES:
            yield b"".join(some)
            some, size = [], 0
    if size:
        yield b"".join(some)


async def _following(parts: deque[bytes]) -> AsyncGenerator[bytes]:
    while parts:
        yield parts.popleft()


def encode_long(value: Struct | list[Any]) -> bytes:
    """Return what `encode` makes of an object or a list of some; other threads run meanwhile."""
    return joined(pieces_of(value))


def pieces_of(value: Any) -> Iterator[bytes]:
    """Yield what `encode` makes of an object, the elements of its lists one by one."""
    if isinstance(value, list):
        yield from _elements(value)
    elif isinstance(value, Struct) and _is_plain(value):
        yield from _members(value)
    elif isinstance(value, Raw):
        yield from deferred.whole_pieces(memoryview(value), PIECE_BYTES)
    else:
        yield encode(value)


def _is_plain(value: Struct) -> bool:
    config = value.__struct_config__
    return not (config.array_like or config.tag is not None or config.omit_defaults)


def _members(value: Struct) -> Iterator[bytes]:
    before = b"{"
    for name, encoded in zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True):
        found = getattr(value, name)
        if found is UNSET:
            continue
        yield b'%b"%b":' % (before, encoded.encode())
        before = b","
        yield from pieces_of(found)
    yield b"}" if before == b"," else b"{}"


def _elements(found: list[Any]) -> Iterator[bytes]:
    yield from _listed(found, b"[")
    yield b"]" if found else b"[]"


def _listed(found: list[Any], before: bytes) -> Iterator[bytes]:
    for element in found:
        if is_long(element):
            yield before
            yield from pieces_of(element)
        else:
            yield before + encode(element)
        before = b","


def is_long(value: Any) -> bool:
    """Tell whether what an object holds is so long that it is encoded in pieces."""
    held = (getattr(value, name, None) for name in ("content", "value", "state"))
    return any(isinstance(each, Raw) and len(memoryview(each)) > PIECE_BYTES for each in held)


def object_response(value: Struct, etag: bytes | None = None) -> Response:
    """Return the response with an object, in one."""
    return Response(encode_long(value) if is_long(value) else encode(value), etag)


async def sent_object(value: Struct, etag: bytes | None = None) -> Response:
    """Return the response with an object; one that is long is encoded and sent in parts."""
    return await response_of(value, etag) if is_long(value) else object_response(value, etag)


async def page_response(piece: PagePiece[Any], etag: bytes | None = None) -> Response:
    """Return the response with a page; what is too large to be in memory follows in pieces."""
    if piece.rest is not None:
        return Response(b'{"items":[', etag, stream=_page(piece))
    page = Page(piece.items, piece.next)
    if piece.size > _PART_BYTES:
        return await response_of(page, etag)
    return Response(encode(page), etag)


async def _page(piece: PagePiece[Any]) -> AsyncGenerator[bytes]:
    before = b""
    while True:
        for part in _parts(_listed(piece.items, before)):
            yield part
        before = b"," if piece.items else before
        read_on = piece.rest
        if read_on is None:
            break
        del piece  # while the next is read, nothing of this one is in memory
        piece = await read_on()
    yield b'],"next":%b}' % encode(piece.next)


def revision_tag(version: int) -> bytes:
    """Return the ETag of a dialogue or its state."""
    return b'"r%d"' % version


def sequence_tag(version: int) -> bytes:
    """Return the ETag of a dialogue's messages."""
    return b'"%d"' % version


def new_request_id() -> str:
    """Return a random UUID.

    It avoids the system's random source, which `uuid` reads: that releases the interpreter, and
    while another thread commits, appends are about 5% slower for it.
    """
    digits = f"{_random.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def headers_of(response: Response, request_id: str, rate_limit: RateLimitStatus) -> list[Header]:
    """Return the headers of a response: its own, and those that every response has."""
    headers = [
        (b"content-type", response.content_type),
        (b"x-request-id", request_id.encode()),
        (b"x-ratelimit-limit", b"%d" % rate_limit.limit),
        (b"x-ratelimit-remaining", b"%d" % rate_limit.remaining),
        (b"x-ratelimit-reset", b"%d" % rate_limit.reset),
        *response.headers,
    ]
    length = len(response.body) if response.stream is None else response.length
    if length is not None:
        headers.insert(1, (b"content-length", b"%d" % length))
    if response.etag is not None:
        headers.append((b"etag", response.etag))
    return headers


class Deleted(Struct):
    """The answer of a DELETE that takes nothing else along."""

    id: str
    success: bool = True
