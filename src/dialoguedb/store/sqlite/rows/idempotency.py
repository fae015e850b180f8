"""Responses kept for idempotency keys, in the commit of the operation they answer."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from typing import TypeVar

import apsw

from dialoguedb.model.rules.idempotency import KeptResponse, check_kept, kept_response
from dialoguedb.model.writes import IdempotencyRecord, WriteOptions
from dialoguedb.store.sqlite.connection.writer import Operation
from dialoguedb.store.sqlite.rows.quoting_rows import FindQuoted

T = TypeVar("T")

_NOTHING = (None, None, None)
_KEEP = (
    "INSERT OR REPLACE INTO answers (key, project, request, answer, created, namespace,"
    " quoted, quoted_of, quoted_seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


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

    def run_once(db: apsw.Connection) -> T:
        check_not_run(db, record, options.now)
        result = operation(db)
        kept = kept_response(record, result, options.now)
        db.execute(
            _KEEP,
            (
                *(record.key, project, kept.request, kept.answer, kept.created, record.namespace),
                *((quoted and quoted(db, result)) or _NOTHING),
            ),
        )
        return result

    return run_once


def check_not_run(db: apsw.Connection, record: IdempotencyRecord, now: str) -> None:
    """Let an operation run unless it ran before; IdempotencyHit, IdempotencyKeyReused."""
    check_kept(record, _find(db, record), now)


def _find(db: apsw.Connection, record: IdempotencyRecord) -> KeptResponse | None:
    found = "SELECT request, answer, created FROM answers WHERE key = ?"
    row = db.execute(found, (record.key,)).fetchone()
    return KeptResponse(*row) if row else None


def forget(db: apsw.Connection, before: str) -> None:
    """Drop the responses kept before a time."""
    db.execute("DELETE FROM answers WHERE created < ?", (before,))
