"""Answers: a status, a body, and the headers that belong to them."""

import os
import time
from random import Random

import msgspec
from msgspec import Struct

from dialoguedb.model.projects import RATE_BURST_DEFAULT

Header = tuple[bytes, bytes]

_random = Random()  # noqa: S311 - for names that nobody has to be unable to guess
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_random.seed)

encode = msgspec.json.Encoder().encode
"""Turns a value of the model into the JSON of an answer."""


class Standing(Struct, gc=False):
    """How a project stands with its rate limit: what the headers tell."""

    limit: int
    remaining: int
    reset: int
    """The Unix second when the whole burst is there again."""


def full() -> Standing:
    """Return the standing of whoever has none: the defaults, untouched."""
    return Standing(RATE_BURST_DEFAULT, RATE_BURST_DEFAULT, int(time.time()))


class Answer(Struct, gc=False):
    """What is sent back."""

    body: bytes
    etag: bytes | None = None
    status: int = 200
    content_type: bytes = b"application/json"
    headers: tuple[Header, ...] = ()


def new_request_id() -> str:
    """Return a random UUID.

    Not the system's, as `uuid` does: whoever asks it lets go of the interpreter, and while another
    thread commits, appends are some twentieth slower for it.
    """
    digits = f"{_random.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def headers_of(answer: Answer, request_id: str, standing: Standing) -> list[Header]:
    """Return the headers of an answer: its own, and those that every answer has."""
    headers = [
        (b"content-type", answer.content_type),
        (b"content-length", b"%d" % len(answer.body)),
        (b"x-request-id", request_id.encode()),
        (b"x-ratelimit-limit", b"%d" % standing.limit),
        (b"x-ratelimit-remaining", b"%d" % standing.remaining),
        (b"x-ratelimit-reset", b"%d" % standing.reset),
        *answer.headers,
    ]
    if answer.etag is not None:
        headers.append((b"etag", answer.etag))
    return headers


class Deleted(Struct):
    """The answer of a DELETE that takes nothing else along."""

    id: str
    success: bool = True
