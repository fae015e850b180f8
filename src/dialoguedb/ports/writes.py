"""On which terms writes are done, and what they answer beside their result."""

from collections.abc import Callable
from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")

Tags = tuple[str, ...] | None


class Versioned(Struct, Generic[T], gc=False):
    """A value, and the version that a caller may expect of it next time."""

    value: T
    version: int


class IdempotencyRecord(Struct, frozen=True):
    """An idempotency key: the act is done at most once, its answer kept in the same commit."""

    key: bytes
    """Digest of project, method, path, namespace and the caller's key."""

    request: bytes
    """Digest of the rest of the request, to tell another one under the same key."""

    record: Callable[[object], bytes]
    """Turns the act's result into the answer to keep."""


class WriteOptions(Struct, frozen=True):
    """The terms of a write."""

    now: str
    """The present moment, in the form of `model.timestamps`."""

    once: IdempotencyRecord | None = None
    expected: int | None = None
    """The version the caller saw; None for any."""

    over_request_quota: bool = False
    """Whether the project's requests of the month are used up, which refuses what uses more."""


class IdempotencyHit(Exception):
    """The act was done before under the same idempotency key; carries the recorded answer."""

    def __init__(self, answer: bytes) -> None:
        super().__init__("recorded answer")
        self.answer = answer
