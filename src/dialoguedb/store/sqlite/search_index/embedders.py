"""The rows of embedders; `retrieval.embedders` decides which of them serves."""

import logging
from collections.abc import Sequence

import apsw

from dialoguedb.retrieval.embedders import (
    StoredEmbedder,
    changes,
    chosen,
    promotion,
    settles_dimensions,
)

logger = logging.getLogger(__name__)

_SELECT = "SELECT number, name, dimensions, state FROM embedders"
_COMPLETE = (
    "SELECT number FROM embedders e WHERE state = 'building'"
    " AND NOT EXISTS (SELECT 1 FROM index_runs r WHERE r.embedder = e.number)"
    " AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.embedder = e.number AND o.written = '')"
)
_BACKLOG_MAX = 2_000


def active(db: apsw.Connection) -> list[StoredEmbedder]:
    """Return the embedders that every object has a vector of, or waits for one."""
    return [StoredEmbedder(*row) for row in db.execute(f"{_SELECT} WHERE state <> 'retired'")]


def fit(db: apsw.Connection, embedder: StoredEmbedder, dimensions: int) -> None:
    """Settle how long an embedder's vectors are with its first ones; WrongDimensions."""
    if settles_dimensions(embedder, dimensions):
        db.execute(
            "UPDATE embedders SET dimensions = ? WHERE number = ?", (dimensions, embedder.key)
        )


def prepare(db: apsw.Connection, names: Sequence[str], now: str) -> None:
    """Make the first of these embedders the one to be; see `ports.search.IndexStore`."""
    before = active(db)
    _warn_of_change(chosen(before), names[0] if names else None)
    retire, build = changes(before, names)
    for stored in retire:
        _retire(db, stored.key)
    if build is not None:
        _begin(db, build, now)
    if names:
        promote(db)


def _warn_of_change(former: str | None, name: str | None) -> None:
    if former not in {None, name}:
        logger.warning(
            "This process has the data indexed with %s from now on, not with %s as before: start"
            " all servers on it with the same embedder, for the last one that starts decides",
            *(name or "words alone", former),
        )


def _begin(db: apsw.Connection, name: str, now: str) -> None:
    """Have everything that is there embedded by an embedder, new or one that was given up."""
    db.execute(
        "INSERT INTO embedders (name, state, created) VALUES (?, 'building', ?)"
        " ON CONFLICT DO UPDATE SET state = 'building'",
        (name, now),
    )
    row_id = db.execute("SELECT number FROM embedders WHERE name = ?", (name,)).get
    begin_rebuild(db, row_id)


def begin_rebuild(db: apsw.Connection, embedder: int | None) -> None:
    """Have everything indexed that is indexed: the words, or an embedder's vectors."""
    db.execute("DELETE FROM index_runs WHERE embedder IS ?", (embedder,))
    db.execute(
        "INSERT INTO index_runs (embedder, object, last)"
        " SELECT ?, object, upto FROM indexed WHERE upto > 0",
        (embedder,),
    )


def promote(db: apsw.Connection) -> None:
    """Let an embedder serve that is ready to."""
    complete = {row_id for (row_id,) in db.execute(_COMPLETE)}
    promoted = promotion(active(db), complete)
    if promoted is None:
        return
    if promoted.retire is not None:
        _retire(db, promoted.retire.key)
    db.execute("UPDATE embedders SET state = 'serving' WHERE number = ?", (promoted.serve.key,))


def _retire(db: apsw.Connection, row_id: int) -> None:
    db.execute("DELETE FROM index_runs WHERE embedder = ?", (row_id,))
    db.execute("UPDATE embedders SET state = 'retired' WHERE number = ?", (row_id,))


def has_room(db: apsw.Connection, embedder: int) -> bool:
    """Tell whether more of what is there may wait beside what is written now."""
    waiting = "SELECT 1 FROM outbox WHERE embedder = ? LIMIT 1 OFFSET ?"
    return db.execute(waiting, (embedder, _BACKLOG_MAX)).fetchone() is None


def drop_retired(db: apsw.Connection, limit: int) -> bool:
    """Drop some of what a retired embedder has left; False when there is nothing."""
    row_id = db.execute("SELECT number FROM embedders WHERE state = 'retired'").get
    if row_id is None:
        return False
    for rows in ("vectors WHERE position", "outbox WHERE (embedder, object, number)"):
        table, _, key = rows.partition(" WHERE ")
        found = f"SELECT {key.strip('()')} FROM {table} WHERE embedder = ? LIMIT ?"
        db.execute(f"DELETE FROM {rows} IN ({found})", (row_id, limit))
        if db.changes():
            return True
    db.execute("DELETE FROM embedders WHERE number = ?", (row_id,))
    return True
