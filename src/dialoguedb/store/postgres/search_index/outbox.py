"""The outbox: texts that wait for their vectors, leased to one worker at a time.

A row is written with the object it is of, and deleted by whoever stores the vector, so that neither
is lost. A change of the text makes it another's: whoever works on the former text stores nothing.
"""

from collections.abc import Sequence

import msgspec

from dialoguedb.ports.search import Unembedded
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.search_index import sources
from dialoguedb.store.postgres.search_index.sources import KINDS, RowRef, Source, columns_of
from dialoguedb.store.postgres.search_index.vectors import Owner

_ADD = """
    INSERT INTO outbox (part, embedder, object, number, written, due)
    SELECT part, $1, $2, number, written, ''
    FROM unnest($3::bigint[], $4::bigint[], $5::text[]) AS new (part, number, written)
    ON CONFLICT (part, embedder, object, number) DO UPDATE
    SET written = excluded.written, due = '', attempts = 0
"""
_ADD_AGAIN = """
    INSERT INTO outbox (part, embedder, object, number, written, due)
    SELECT part, $1, $2, number, '', ''
    FROM unnest($3::bigint[], $4::bigint[]) AS new (part, number) ON CONFLICT DO NOTHING
"""
_DELETE = """
    DELETE FROM outbox o
    USING unnest($2::bigint[], $3::bigint[]) AS gone (part, number), embedders e
    WHERE o.part = gone.part AND o.embedder = e.number AND o.object = $1 AND o.number = gone.number
"""
_LEASE = """
    UPDATE outbox o SET due = $4
    FROM (
        SELECT part, object, number FROM outbox WHERE embedder = $1 AND due <= $2
        ORDER BY due, number LIMIT $3 FOR UPDATE SKIP LOCKED
    ) found
    WHERE o.part = found.part AND o.embedder = $1 AND o.object = found.object
        AND o.number = found.number
    RETURNING o.object, o.part, o.number, o.attempts
"""
_LEASED = """
    FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::text[])
        AS held (part, object, number, lease)
    WHERE o.embedder = $1 AND o.part = held.part AND o.object = held.object
        AND o.number = held.number AND o.due = held.lease
"""
_RELEASE = (
    f"DELETE FROM outbox o {_LEASED.replace('FROM', 'USING', 1)}"
    " RETURNING o.object, o.part, o.number"
)
_POSTPONE = f"UPDATE outbox o SET due = $6, attempts = attempts + 1 {_LEASED}"


async def add(db: Connection, embedder: int, kind: str, found: Sequence[Source]) -> None:
    """Have objects wait for their vectors of an embedder; they are due at once."""
    parts, row_ids = columns_of([RowRef(one.part, one.row_id) for one in found])
    written = [one.written for one in found]
    await db.execute(_ADD, embedder, kind, parts, row_ids, written)


async def add_again(db: Connection, embedder: int, kind: str, rows: Sequence[RowRef]) -> None:
    """Have objects wait that were there before an embedder, unless they do."""
    await db.execute(_ADD_AGAIN, embedder, kind, *columns_of(rows))


async def delete(db: Connection, kind: str, rows: Sequence[RowRef]) -> None:
    """Let objects wait no more."""
    await db.execute(_DELETE, kind, *columns_of(rows))


async def is_due(db: Connection, names: Sequence[str], now: str) -> bool:
    """Tell whether a text waits for one of these embedders."""
    due = (
        "SELECT 1 FROM embedders e WHERE state <> 'retired' AND name = ANY($1) AND EXISTS"
        " (SELECT FROM outbox o WHERE o.embedder = e.number AND o.due <= $2) LIMIT 1"
    )
    return await db.value(due, list(names), now) is not None


async def lease(
    db: Connection, embedder: int, limit: int, now: str, lease: str
) -> list[Unembedded]:
    """Return texts that are due, no one else's until the lease ends."""
    waiting = await db.rows(_LEASE, embedder, now, limit, lease)
    leased = []
    for kind in KINDS:
        rows = [RowRef(part, row_id) for of_kind, part, row_id, _ in waiting if of_kind == kind]
        attempts = {row_id: tried for of_kind, _, row_id, tried in waiting if of_kind == kind}
        for one in await sources.read(db, kind, rows) if rows else ():
            owner = Owner(kind, one.part, one.row_id, one.project, one.namespace)
            key = msgspec.json.encode(owner).decode()
            leased.append(Unembedded(key, one.text, attempts[one.row_id], lease))
    return leased


async def release(db: Connection, embedder: int, done: Sequence[Unembedded]) -> list[int]:
    """Take texts out of the outbox; returns which of them were there, and not another's by now."""
    owners = [owner_of(one) for one in done]
    gone = await db.rows(_RELEASE, embedder, *_held(done))
    there = {tuple(row) for row in gone}
    return [at for at, owner in enumerate(owners) if owner[:3] in there]


async def postpone(db: Connection, embedder: int, failed: Sequence[Unembedded], due: str) -> None:
    """Have texts tried again later."""
    await db.execute(_POSTPONE, embedder, *_held(failed), due)


def owner_of(unembedded: Unembedded) -> Owner:
    """Return whose text it is."""
    return msgspec.json.decode(unembedded.key, type=Owner)


def _held(leased: Sequence[Unembedded]) -> tuple[list[int], list[str], list[int], list[str]]:
    owners = [owner_of(one) for one in leased]
    return (
        [owner.part for owner in owners],
        [owner.object for owner in owners],
        [owner.row_id for owner in owners],
        [one.lease for one in leased],
    )
