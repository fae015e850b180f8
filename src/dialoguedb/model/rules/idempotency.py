"""Kept responses of idempotency keys."""

from msgspec import Struct

from dialoguedb.errors import IdempotencyKeyReused
from dialoguedb.model.writes import IdempotencyHit, IdempotencyRecord
from dialoguedb.values import limits, timestamps


class KeptResponse(Struct, frozen=True):
    """What is kept under an idempotency key."""

    request: bytes
    answer: bytes
    created: str


def check_kept(record: IdempotencyRecord, kept: KeptResponse | None, now: str) -> None:
    """Let an operation run unless it ran before; IdempotencyHit, IdempotencyKeyReused.

    A response counts for a day; an older one is overwritten.
    """
    oldest = timestamps.add_seconds(now, -limits.IDEMPOTENCY_HOURS * 3600)
    if kept is None or kept.created <= oldest:
        return
    if kept.request != record.request:
        raise IdempotencyKeyReused("This Idempotency-Key was used for another request")
    raise IdempotencyHit(kept.answer)


def kept_response(record: IdempotencyRecord, result: object, now: str) -> KeptResponse:
    """Return what to keep of an operation that ran."""
    return KeptResponse(record.request, record.record(result), now)
