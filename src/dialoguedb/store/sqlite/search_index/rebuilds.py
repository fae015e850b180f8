"""Indexing anew what is there already, in portions, each a transaction that notes how far it came.

A run is of one kind of object, and of its words or of one embedder's vectors. Whatever an act
writes meanwhile is indexed by that act, so doing it once more, in either order, changes nothing.
"""

from collections.abc import Mapping

import apsw
import msgspec
from msgspec import Struct

from dialoguedb.ports.search import Embedder
from dialoguedb.store.sqlite.connection.reader import Row
from dialoguedb.store.sqlite.search_index import embedders, sources, words
from dialoguedb.store.sqlite.search_index.catch_up import embed
from dialoguedb.store.sqlite.search_index.embedders import Stored
from dialoguedb.store.sqlite.search_index.sources import KINDS, Source

_WHOLE = "ok"


class _Run(Struct):
    number: int
    embedder: int | None
    kind: str
    done: int
    last: int


def advance(db: apsw.Connection, immediate: Mapping[str, Embedder], limit: int) -> bool:
    """Index a portion, or drop one of what no longer serves; False when none can be now."""
    active = {stored.number: stored for stored in embedders.active(db)}
    for run in _runs(db):
        stored = None if run.embedder is None else active[run.embedder]
        if stored and stored.name not in immediate and not embedders.has_room(db, stored.number):
            continue
        found, upto = sources.read_range(db, run.kind, (run.done, run.last), limit)
        if stored is None:
            _renew_words(db, run, upto, found)
        else:
            _drop_strays(db, stored.number, run, upto, found)
            _renew_vectors(db, stored, immediate.get(stored.name), run.kind, found)
        _note(db, run, upto)
        embedders.promote(db)
        return True
    return embedders.drop_retired(db, limit)


def _runs(db: apsw.Connection) -> list[_Run]:
    rows: list[Row] = db.execute(
        "SELECT number, embedder, object, done, last FROM index_runs"
    ).fetchall()
    return [_Run(*row) for row in rows]


def _renew_words(db: apsw.Connection, run: _Run, upto: int, found: list[Source]) -> None:
    table = words.TABLES[run.kind]
    db.execute(f"DELETE FROM {table} WHERE rowid > ? AND rowid <= ?", (run.done, upto))
    words.insert(db, run.kind, ((source.number, source.words) for source in found))


def _drop_strays(
    db: apsw.Connection, embedder: int, run: _Run, upto: int, found: list[Source]
) -> None:
    """Drop an embedder's vectors of what is not there."""
    there = msgspec.json.encode([source.number for source in found]).decode()
    for table in ("vectors", "outbox"):
        db.execute(
            f"DELETE FROM {table} WHERE embedder = ? AND object = ? AND number > ? AND number <= ?"
            " AND number NOT IN (SELECT value FROM json_each(?))",
            (embedder, run.kind, run.done, upto, there),
        )


def _renew_vectors(
    db: apsw.Connection, stored: Stored, embedder: Embedder | None, kind: str, found: list[Source]
) -> None:
    if embedder and found:
        embed(db, stored, embedder, kind, found)
    if embedder:
        return
    db.executemany(
        "INSERT OR IGNORE INTO outbox (embedder, object, number, written, due)"
        " VALUES (?, ?, ?, '', '')",
        ((stored.number, kind, source.number) for source in found),
    )


def _note(db: apsw.Connection, run: _Run, upto: int) -> None:
    if upto < run.last:
        db.execute("UPDATE index_runs SET done = ? WHERE number = ?", (upto, run.number))
    else:
        db.execute("DELETE FROM index_runs WHERE number = ?", (run.number,))


def _is_whole(db: apsw.Connection, table: str) -> bool:
    try:
        return bool(db.execute(f"PRAGMA integrity_check ({table})").get == _WHOLE)
    except apsw.CorruptError:
        return False


def rebuild(db: apsw.Connection) -> None:
    """Have everything indexed anew, words and vectors."""
    for table in words.TABLES.values():
        if not _is_whole(db, table):
            db.execute(f"INSERT INTO {table} ({table}) VALUES ('delete-all')")
    embedders.begin_runs(db, None)
    for stored in embedders.active(db):
        embedders.begin_runs(db, stored.number)
    upto = "SELECT upto FROM indexed WHERE object = ?"
    for kind in KINDS:
        db.execute(f"DELETE FROM {words.TABLES[kind]} WHERE rowid > ({upto})", (kind,))
        for vectors in ("vectors", "outbox"):
            beyond = f"DELETE FROM {vectors} WHERE object = ? AND number > ({upto})"
            db.execute(beyond, (kind, kind))
