"""The embedders whose vectors are stored: one serves, its successor is built, others are dropped.

All writes are embedded for the one that serves and for its successor, so both are complete.
"""

from collections.abc import Sequence
from typing import NamedTuple

import apsw

from dialoguedb.errors import WrongDimensions

_SELECT = "SELECT number, name, dimensions, state FROM embedders"
_BACKLOG_MAX = 2_000


class Stored(NamedTuple):
    """An embedder that has vectors, or will have."""

    number: int
    name: str
    dimensions: int | None
    state: str


def active(db: apsw.Connection) -> list[Stored]:
    """Return the embedders that every object has a vector of, or waits for one."""
    return [Stored(*row) for row in db.execute(f"{_SELECT} WHERE state <> 'retired'")]


def fit(db: apsw.Connection, embedder: Stored, dimensions: int) -> None:
    """Settle how long an embedder's vectors are with its first ones; WrongDimensions."""
    if embedder.dimensions is None:
        db.execute(
            "UPDATE embedders SET dimensions = ? WHERE number = ?", (dimensions, embedder.number)
        )
    elif embedder.dimensions != dimensions:
        raise WrongDimensions(
            f"Embedder {embedder.name!r} gives vectors of {dimensions} dimensions, but those stored"
            f" under its name have {embedder.dimensions}: set it to what it was, or give the other"
            " model another name, and everything is embedded anew"
        )


def prepare(db: apsw.Connection, names: Sequence[str], now: str) -> None:
    """Make the first of these embedders the one to be; see `ports.IndexStore`."""
    stored = {row.name: row for row in active(db)}
    serving = next((row for row in stored.values() if row.state == "serving"), None)
    for row in stored.values():
        if row.name not in names[:1] and (row is not serving or row.name not in names[1:]):
            _retire(db, row.number)
    if not names:
        return
    if names[0] not in stored:
        _begin(db, names[0], now)
    promote(db)


def _begin(db: apsw.Connection, name: str, now: str) -> None:
    """Have everything that is there embedded by an embedder, new or one that was given up."""
    db.execute(
        "INSERT INTO embedders (name, state, created) VALUES (?, 'building', ?)"
        " ON CONFLICT DO UPDATE SET state = 'building'",
        (name, now),
    )
    number = db.execute("SELECT number FROM embedders WHERE name = ?", (name,)).get
    begin_runs(db, number)


def begin_runs(db: apsw.Connection, embedder: int | None) -> None:
    """Have everything indexed that is indexed: the words, or an embedder's vectors."""
    db.execute("DELETE FROM index_runs WHERE embedder IS ?", (embedder,))
    db.execute(
        "INSERT INTO index_runs (embedder, object, last)"
        " SELECT ?, object, upto FROM indexed WHERE upto > 0",
        (embedder,),
    )


def promote(db: apsw.Connection) -> None:
    """Let an embedder serve that has all vectors, or before that when no other one does."""
    serving = db.execute("SELECT number FROM embedders WHERE state = 'serving'").get
    complete = (
        "SELECT number FROM embedders e WHERE state = 'building' AND (?1 IS NULL"
        " OR NOT EXISTS (SELECT 1 FROM index_runs r WHERE r.embedder = e.number)"
        " AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.embedder = e.number AND o.written = ''))"
    )
    ready = db.execute(complete, (serving,)).get
    if ready is None:
        return
    if serving is not None:
        _retire(db, serving)
    db.execute("UPDATE embedders SET state = 'serving' WHERE number = ?", (ready,))


def _retire(db: apsw.Connection, number: int) -> None:
    db.execute("DELETE FROM index_runs WHERE embedder = ?", (number,))
    db.execute("UPDATE embedders SET state = 'retired' WHERE number = ?", (number,))


def has_room(db: apsw.Connection, embedder: int) -> bool:
    """Tell whether more of what is there may wait beside what is written now."""
    waiting = "SELECT 1 FROM outbox WHERE embedder = ? LIMIT 1 OFFSET ?"
    return db.execute(waiting, (embedder, _BACKLOG_MAX)).fetchone() is None


def drop_retired(db: apsw.Connection, limit: int) -> bool:
    """Drop some of what a retired embedder has left; False when there is nothing."""
    number = db.execute("SELECT number FROM embedders WHERE state = 'retired'").get
    if number is None:
        return False
    for rows in ("vectors WHERE position", "outbox WHERE (embedder, object, number)"):
        table, _, key = rows.partition(" WHERE ")
        found = f"SELECT {key.strip('()')} FROM {table} WHERE embedder = ? LIMIT ?"
        db.execute(f"DELETE FROM {rows} IN ({found})", (number, limit))
        if db.changes():
            return True
    db.execute("DELETE FROM embedders WHERE number = ?", (number,))
    return True
