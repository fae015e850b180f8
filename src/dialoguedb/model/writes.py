"""The options of a write, and what it returns beside its result."""

from collections.abc import Callable
from typing import Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from dialoguedb.model.recipe import Recipe

T = TypeVar("T")

MONTH_CHARS = len("2026-11")

Tags = tuple[str, ...] | None


class Versioned(Struct, Generic[T], gc=False):
    """A value, and the version that a caller may expect of it next time."""

    value: T
    version: int
    is_compacted: bool = False
    """Whether the write also stored a summary that is to be made."""


class IdempotencyRecord(Struct, frozen=True):
    """An idempotency key: the operation runs at most once, its response kept in the same commit."""

    key: bytes
    """Digest of project, method, path, namespace and the caller's key."""

    request: bytes
    """Digest of the rest of the request, to recognize another one under the same key."""

    record: Callable[[object], bytes]
    """Turns the operation's result into the response to keep."""

    namespace: str = ""
    """What the request is about."""

    def of_result(self, result: object) -> "IdempotencyRecord":
        """Return the same for an operation whose result is made before it runs."""
        record = self.record
        return replace(self, record=lambda _: record(result))


class CompactionRequest(Struct, frozen=True):
    """What an append summarizes its dialogue with, should that have grown too long."""

    summary_id: str
    recipe: Recipe


class WriteOptions(Struct, frozen=True):
    """When a write happens, and what it depends on."""

    now: str
    """The present time, in the form of `values.timestamps`."""

    idempotency: IdempotencyRecord | None = None
    expected: int | None = None
    """The version the caller saw; None for any."""

    over_request_quota: bool = False
    """Whether the project's requests of this month are used up: QuotaExceeded, if nothing else."""

    compaction: CompactionRequest | None = None
    """Set by projects that compact dialogues by themselves."""

    key_id: str | None = None
    """Whose key it is written with; None where there is no key."""

    @property
    def month(self) -> str:
        """The month whose usage the write counts for, such as `2026-11`."""
        return self.now[:MONTH_CHARS]


class IdempotencyHit(Exception):
    """The operation ran before under the same idempotency key; carries the kept response."""

    def __init__(self, answer: bytes) -> None:
        super().__init__("kept response")
        self.answer = answer
