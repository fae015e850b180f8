"""The rows of embedders; `retrieval.embedders` decides which of them serves.

Whoever writes objects holds a lock that others share, and whoever changes which embedders are in
use waits for them: no object is left without a vector of an embedder it did not know of.
"""

import logging
from collections.abc import Sequence

from dialoguedb.retrieval.embedders import (
    StoredEmbedder,
    changes,
    chosen,
    promotion,
    settles_dimensions,
)
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.search_index.sources import KINDS

logger = logging.getLogger(__name__)

_LOCK = 0x44444231
"""Of which embedders are in use."""

_SELECT = "SELECT number, name, dimensions, state FROM embedders WHERE state <> 'retired'"
_COMPLETE = """
    SELECT number FROM embedders e WHERE state = 'building'
    AND NOT EXISTS (SELECT FROM index_runs r WHERE r.embedder = e.number)
    AND NOT EXISTS (SELECT FROM outbox o WHERE o.embedder = e.number AND o.written = '')
"""
_LASTS = " UNION ALL ".join(
    f"SELECT '{kind}' AS object, (SELECT max(number) FROM {table}) AS last"
    for kind, table in KINDS.items()
)
LASTS = f"(SELECT object, coalesce(last, 0) AS last FROM ({_LASTS}) AS found)"
"""The highest row id of each kind of object."""

_BACKLOG_MAX = 2_000


async def active(db: Connection) -> list[StoredEmbedder]:
    """Return the embedders that every object has a vector of, or waits for one."""
    return [StoredEmbedder(*row) for row in await db.rows(f"{_SELECT} ORDER BY number")]


HELD = f"(SELECT pg_advisory_xact_lock_shared({_LOCK})) IS NOT NULL"
"""True, and from its statement on no embedder comes or goes until the transaction ends."""


async def _lock(db: Connection) -> None:
    """Wait for those who write, and let no more begin until this transaction ends."""
    await db.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)


async def fit(db: Connection, embedder: StoredEmbedder, dimensions: int) -> None:
    """Settle how long an embedder's vectors are with its first ones; WrongDimensions."""
    if settles_dimensions(embedder, dimensions):
        settled = await db.value(
            "UPDATE embedders SET dimensions = coalesce(dimensions, $2) WHERE number = $1"
            " RETURNING dimensions",
            embedder.key,
            dimensions,
        )
        settles_dimensions(embedder._replace(dimensions=settled), dimensions)


async def prepare(db: Connection, names: Sequence[str], now: str) -> None:
    """Make the first of these embedders the one to be; see `ports.search.IndexStore`."""
    before = await active(db)
    retire, build = changes(before, names)
    if not retire and build is None:
        return
    await _lock(db)
    before = await active(db)
    retire, build = changes(before, names)
    _warn_of_change(chosen(before), names[0] if names else None)
    for stored in retire:
        await _retire(db, stored.key)
    if build is not None:
        await _begin(db, build, now)
    if names:
        await promote(db)


def _warn_of_change(former: str | None, name: str | None) -> None:
    if former not in {None, name}:
        logger.warning(
            "This process has the data indexed with %s from now on, not with %s as before: start"
            " all servers on it with the same embedder, for the last one that starts decides",
            *(name or "words alone", former),
        )


async def _begin(db: Connection, name: str, now: str) -> None:
    """Have everything that is there embedded by an embedder, new or one that was given up."""
    row_id = await db.value(
        "INSERT INTO embedders (name, state, created) VALUES ($1, 'building', $2)"
        " ON CONFLICT (name) DO UPDATE SET state = 'building' RETURNING number",
        name,
        now,
    )
    await begin_rebuild(db, row_id)


async def begin_rebuild(db: Connection, embedder: int | None) -> None:
    """Have everything indexed that is indexed: the words, or an embedder's vectors."""
    await db.execute("DELETE FROM index_runs WHERE embedder IS NOT DISTINCT FROM $1", embedder)
    await db.execute(
        "INSERT INTO index_runs (embedder, object, last)"
        f" SELECT $1::bigint, object, last FROM {LASTS} AS found WHERE last > 0",
        embedder,
    )


async def promote(db: Connection) -> None:
    """Let an embedder serve that is ready to."""
    if not any(stored.state == "building" for stored in await active(db)):
        return
    await db.rows(f"{_SELECT} ORDER BY number FOR UPDATE")
    complete = {row_id for (row_id,) in await db.rows(_COMPLETE)}
    promoted = promotion(await active(db), complete)
    if promoted is None:
        return
    if promoted.retire is not None:
        await _retire(db, promoted.retire.key)
    await db.execute("UPDATE embedders SET state = 'serving' WHERE number = $1", promoted.serve.key)


async def _retire(db: Connection, row_id: int) -> None:
    await db.execute("DELETE FROM index_runs WHERE embedder = $1", row_id)
    await db.execute("UPDATE embedders SET state = 'retired' WHERE number = $1", row_id)


async def has_room(db: Connection, embedder: int) -> bool:
    """Tell whether more of what is there may wait beside what is written now."""
    waiting = "SELECT 1 FROM outbox WHERE embedder = $1 LIMIT 1 OFFSET $2"
    return await db.value(waiting, embedder, _BACKLOG_MAX) is None


async def drop_retired(db: Connection, limit: int) -> bool:
    """Drop some of what a retired embedder has left; False when there is nothing."""
    row_id = await db.value(
        "SELECT number FROM embedders WHERE state = 'retired' LIMIT 1 FOR UPDATE SKIP LOCKED"
    )
    if row_id is None:
        return False
    if await _drop_some(db, row_id, limit):
        return True
    await _lock(db)  # who began to write before it was retired has ended then
    if not await _drop_some(db, row_id, limit):
        await db.execute("DELETE FROM embedders WHERE number = $1 AND state = 'retired'", row_id)
    return True


async def _drop_some(db: Connection, row_id: int, limit: int) -> bool:
    for table in ("outbox", *(f"{kind}_vectors" for kind in KINDS)):
        some = f"SELECT ctid FROM {table} WHERE embedder = $1 LIMIT $2"
        if await db.execute(f"DELETE FROM {table} WHERE ctid = ANY(ARRAY({some}))", row_id, limit):
            return True
    return False
