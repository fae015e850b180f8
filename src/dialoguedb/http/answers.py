"""Answers: a status, a body, and the headers that belong to them."""

import msgspec
from msgspec import Struct

Header = tuple[bytes, bytes]

encode = msgspec.json.Encoder().encode
"""Turns a value of the model into the JSON of an answer."""


class Answer(Struct, gc=False):
    """What is sent back."""

    body: bytes
    etag: bytes | None = None
    status: int = 200
    content_type: bytes = b"application/json"
    headers: tuple[Header, ...] = ()


class Deleted(Struct):
    """The answer of a DELETE that takes nothing else along."""

    id: str
    success: bool = True


class Recorded(Struct, array_like=True):
    """The part of an answer that is kept for its idempotency key."""

    status: int
    etag: bytes | None
    body: bytes


_read_recorded = msgspec.msgpack.Decoder(Recorded).decode


def record(answer: Answer) -> bytes:
    """Return an answer in the form that is kept."""
    return msgspec.msgpack.encode(Recorded(answer.status, answer.etag, answer.body))


def recorded(kept: bytes) -> Answer:
    """Return the answer that was kept."""
    parts = _read_recorded(kept)
    return Answer(parts.body, parts.etag, parts.status)
