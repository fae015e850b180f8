"""Responses kept for idempotency keys, in the commit of the operation they answer.

The key is stored before the operation runs: a duplicate in flight waits for that row, not for a
lock of what the operation changes, and so meets the response rather than what the first one left.
"""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from dialoguedb.model.rules.idempotency import KeptResponse, check_kept, kept_response
from dialoguedb.model.writes import IdempotencyRecord, WriteOptions
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.connection.writer import Operation, Transaction
from dialoguedb.store.postgres.rows.quoting_rows import FindQuoted
from dialoguedb.store.postgres.schema.partitions import part_of_key

T = TypeVar("T")

_NOTHING = (None, None, None)
_RESERVE = """
    INSERT INTO answers (part, key, project, request, answer, created, namespace)
    VALUES ($1, $2, $3, $4, '', $5, $6) ON CONFLICT (part, key) DO NOTHING
"""
_RESERVE_OLD = """
    UPDATE answers SET project = $3, request = $4, created = $5, namespace = $6
    WHERE part = $1 AND key = $2 AND created = $7
"""
_KEEP = """
    UPDATE answers SET answer = $3, quoted = $4, quoted_of = $5, quoted_seq = $6
    WHERE part = $1 AND key = $2
"""
_KEEP_NEW = """
    INSERT INTO answers (part, key, project, request, answer, created, namespace)
    SELECT * FROM unnest(
        $1::bigint[], $2::bytea[], $3::bigint[], $4::bytea[], $5::bytea[], $6::text[], $7::text[]
    ) ON CONFLICT (part, key) DO NOTHING RETURNING key
"""
_FIND = "SELECT request, answer, created FROM answers WHERE part = $1 AND key = $2"


def at_most_once(
    operation: Operation[T],
    project: int | None,
    options: WriteOptions,
    quoted: FindQuoted | None = None,
) -> Operation[T]:
    """Let an operation run unless it ran before, when its options hold an idempotency key.

    What `quoted` finds takes the kept response with it when it is deleted.
    """
    record = options.idempotency
    if record is None:
        return operation

    async def run_once(db: Transaction) -> T:
        await _reserve(db, project, record, options.now)
        result = await operation(db)
        kept = kept_response(record, result, options.now)
        found = (await quoted(db, result) if quoted else None) or _NOTHING
        await db.execute(_KEEP, part_of_key(record.key), record.key, kept.answer, *found)
        return result

    return run_once


async def check_not_run(db: Connection, record: IdempotencyRecord, now: str) -> None:
    """Let an operation run unless it ran before; IdempotencyHit, IdempotencyKeyReused."""
    check_kept(record, await _find(db, record), now)


async def _reserve(
    db: Connection, project: int | None, record: IdempotencyRecord, now: str
) -> None:
    """Store a key without a response, or wait for who has; raises as `check_not_run` does."""
    row = (part_of_key(record.key), record.key, project, record.request, now, record.namespace)
    while not await db.execute(_RESERVE, *row):
        kept = await _find(db, record)
        check_kept(record, kept, now)
        if kept and await db.execute(_RESERVE_OLD, *row, kept.created):
            return


async def _find(db: Connection, record: IdempotencyRecord) -> KeptResponse | None:
    row = await db.row(_FIND, part_of_key(record.key), record.key)
    return KeptResponse(*row) if row else None


class NewResponse(NamedTuple):
    """A response to be kept, of an operation that repeats nothing but its request."""

    project: int
    record: IdempotencyRecord
    result: object
    now: str


async def keep_new(db: Connection, responses: Sequence[NewResponse]) -> set[bytes]:
    """Keep the responses of operations in this transaction; returns the keys that are taken."""
    rows = []
    for project, record, result, now in sorted(responses, key=lambda one: one.record.key):
        kept = kept_response(record, result, now)
        part = part_of_key(record.key)
        rows.append(
            (part, record.key, project, kept.request, kept.answer, kept.created, record.namespace)
        )
    stored = await db.rows(_KEEP_NEW, *map(list, zip(*rows, strict=True)))
    return {row[1] for row in rows} - {row[0] for row in stored}


async def forget(db: Connection, before: str) -> None:
    """Drop the responses kept before a time."""
    await db.execute("DELETE FROM answers WHERE created < $1", before)
