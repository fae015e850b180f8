"""Answers kept for idempotency keys, in the commit of the act they answer."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from typing import TypeVar

import apsw

from dialoguedb.errors import IdempotencyKeyReused
from dialoguedb.ports import IdempotencyHit, WriteOptions
from dialoguedb.store.sqlite.connection.writer import Act
from dialoguedb.values import limits, timestamps

T = TypeVar("T")


def at_most_once(act: Act[T], project: int | None, options: WriteOptions) -> Act[T]:
    """Let an act answer with what it answered before, when its terms hold an idempotency key."""
    once = options.once
    if once is None:
        return act

    def answered(db: apsw.Connection) -> T:
        oldest = timestamps.add_seconds(options.now, -limits.IDEMPOTENCY_HOURS * 3600)
        kept = db.execute(
            "SELECT request, answer FROM answers WHERE key = ? AND created > ?", (once.key, oldest)
        ).fetchone()
        if kept and kept[0] != once.request:
            raise IdempotencyKeyReused("This Idempotency-Key was used for another request")
        if kept:
            raise IdempotencyHit(kept[1])
        result = act(db)
        db.execute(
            "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)",
            (once.key, project, once.request, once.record(result), options.now),
        )
        return result

    return answered


def forget(db: apsw.Connection, before: str) -> None:
    """Drop the answers recorded before a moment."""
    db.execute("DELETE FROM answers WHERE created < ?", (before,))
