"""Rebuilds: all is indexed again in portions, each a transaction that notes how far it has come.

A run is of one kind of object, and of its words or of one embedder's vectors. Whatever is written
meanwhile is indexed as well, so doing it once more, in either order, changes nothing.
"""

from collections.abc import Mapping

import apsw
import msgspec
from msgspec import Struct

from dialoguedb.model.search_results import IndexingProgress
from dialoguedb.ports.search import Embedder
from dialoguedb.retrieval.embedders import StoredEmbedder
from dialoguedb.store.sqlite.connection.reader import Row
from dialoguedb.store.sqlite.search_index import embedders, sources, words
from dialoguedb.store.sqlite.search_index.catch_up import embed
from dialoguedb.store.sqlite.search_index.sources import KINDS, Source

_WHOLE = "ok"


class _Run(Struct):
    row_id: int
    embedder: int | None
    kind: str
    done: int
    last: int


def advance(db: apsw.Connection, in_process: Mapping[str, Embedder], limit: int) -> bool:
    """Index a portion, or drop one of what no longer serves; False when none can be now."""
    active = {stored.key: stored for stored in embedders.active(db)}
    for run in _runs(db):
        stored = None if run.embedder is None else active[run.embedder]
        if stored and stored.name not in in_process and not embedders.has_room(db, stored.key):
            continue
        found, watermark = sources.read_range(db, run.kind, (run.done, run.last), limit)
        if stored is None:
            _renew_words(db, run, watermark, found)
        else:
            _drop_strays(db, stored.key, run, watermark, found)
            _renew_vectors(db, stored, in_process.get(stored.name), run.kind, found)
        _note(db, run, watermark)
        embedders.promote(db)
        return True
    return embedders.drop_retired(db, limit)


def progress(db: apsw.Connection) -> IndexingProgress | None:
    """Return how far the words and the vectors are that are not complete; None when all are."""
    if not db.execute(_IS_INCOMPLETE).get:
        return None
    count, total, left = db.execute(_PROGRESS).get
    return IndexingProgress(max(count * total - left, 0), count * total)


_IS_INCOMPLETE = """
    SELECT EXISTS (SELECT 1 FROM index_runs)
        OR EXISTS (SELECT 1 FROM embedders WHERE state = 'building')
        OR EXISTS (
            SELECT 1 FROM (
                SELECT written FROM outbox
                WHERE embedder IN (SELECT number FROM embedders WHERE state <> 'retired') LIMIT 4096
            ) WHERE written = ''
        )
"""  # what a rebuild left there comes first, but a search must not read a long backlog
_PROGRESS = """
    WITH embedded_again AS (
        SELECT embedder FROM outbox WHERE written = ''
        AND embedder IN (SELECT number FROM embedders WHERE state <> 'retired')
    ), incomplete AS (
        SELECT embedder FROM index_runs UNION SELECT embedder FROM embedded_again
        UNION SELECT number FROM embedders WHERE state = 'building'
    )
    SELECT (SELECT count(*) FROM incomplete), (SELECT ifnull(sum(upto), 0) FROM indexed),
        (SELECT ifnull(sum(last - done), 0) FROM index_runs)
        + (SELECT count(*) FROM embedded_again)
"""


def _runs(db: apsw.Connection) -> list[_Run]:
    rows: list[Row] = db.execute(
        "SELECT number, embedder, object, done, last FROM index_runs"
    ).fetchall()
    return [_Run(*row) for row in rows]


def _renew_words(db: apsw.Connection, run: _Run, watermark: int, found: list[Source]) -> None:
    table = words.TABLES[run.kind]
    db.execute(f"DELETE FROM {table} WHERE rowid > ? AND rowid <= ?", (run.done, watermark))
    words.insert(db, run.kind, ((source.row_id, source.words) for source in found))


def _drop_strays(
    db: apsw.Connection, embedder: int, run: _Run, watermark: int, found: list[Source]
) -> None:
    """Drop an embedder's vectors of what is not there."""
    there = msgspec.json.encode([source.row_id for source in found]).decode()
    for table in ("vectors", "outbox"):
        db.execute(
            f"DELETE FROM {table} WHERE embedder = ? AND object = ? AND number > ? AND number <= ?"
            " AND number NOT IN (SELECT value FROM json_each(?))",
            (embedder, run.kind, run.done, watermark, there),
        )


def _renew_vectors(
    db: apsw.Connection,
    stored: StoredEmbedder,
    embedder: Embedder | None,
    kind: str,
    found: list[Source],
) -> None:
    if embedder and found:
        embed(db, stored, embedder, kind, found)
    if embedder:
        return
    db.executemany(
        "INSERT OR IGNORE INTO outbox (embedder, object, number, written, due)"
        " VALUES (?, ?, ?, '', '')",
        ((stored.key, kind, source.row_id) for source in found),
    )


def _note(db: apsw.Connection, run: _Run, watermark: int) -> None:
    if watermark < run.last:
        db.execute("UPDATE index_runs SET done = ? WHERE number = ?", (watermark, run.row_id))
    else:
        db.execute("DELETE FROM index_runs WHERE number = ?", (run.row_id,))


def _is_whole(db: apsw.Connection, table: str) -> bool:
    try:
        return bool(db.execute(f"PRAGMA integrity_check ({table})").get == _WHOLE)
    except apsw.CorruptError:
        return False


def rebuild(db: apsw.Connection) -> None:
    """Have everything indexed again, words and vectors."""
    for table in words.TABLES.values():
        if not _is_whole(db, table):
            db.execute(f"INSERT INTO {table} ({table}) VALUES ('delete-all')")
    embedders.begin_rebuild(db, None)
    for stored in embedders.active(db):
        embedders.begin_rebuild(db, stored.key)
    watermark = "SELECT upto FROM indexed WHERE object = ?"
    for kind in KINDS:
        db.execute(f"DELETE FROM {words.TABLES[kind]} WHERE rowid > ({watermark})", (kind,))
        for vectors in ("vectors", "outbox"):
            beyond = f"DELETE FROM {vectors} WHERE object = ? AND number > ({watermark})"
            db.execute(beyond, (kind, kind))
