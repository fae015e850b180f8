"""Rebuilds: all is indexed again in portions, each a transaction that notes how far it has come.

A run is of one kind of object, and of its words or of one embedder's vectors; one server at a time
works on it. Whatever is written meanwhile is indexed as well, so doing it once more, in either
order, changes nothing: whoever changes an object waits for its portion, or the portion for them.
"""

from msgspec import Struct

from dialoguedb.model.search import SearchObject
from dialoguedb.model.search_results import IndexingProgress
from dialoguedb.retrieval.embedders import StoredEmbedder
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.search_index import embedders, sources
from dialoguedb.store.postgres.search_index.index import Index
from dialoguedb.store.postgres.search_index.sources import KINDS, Portion


class _Run(Struct):
    row_id: int
    embedder: int | None
    kind: SearchObject
    done: int
    last: int


async def is_unfinished(db: Connection) -> bool:
    """Tell whether anything is to be indexed again, or dropped."""
    unfinished = (
        "SELECT EXISTS (SELECT FROM index_runs)"
        " OR EXISTS (SELECT FROM embedders WHERE state = 'retired')"
    )
    return bool(await db.value(unfinished))


async def advance(db: Connection, index: Index, limit: int) -> bool:
    """Index a portion, or drop one of what no longer serves; False when none can be now."""
    for run in await _runs(db):
        if not await _take(db, run):
            continue
        active = {stored.key: stored for stored in await embedders.active(db)}
        stored = None if run.embedder is None else active.get(run.embedder)
        if stored and not await _may_go_on(db, index, stored):
            continue
        portion = await sources.lock_range(db, run.kind, (run.done, run.last), limit)
        if run.embedder is None:
            await _drop_strays(db, f"{run.kind}_words", run, portion)
            await index.renew_words(db, run.kind, portion.rows)
        elif stored:
            await _drop_strays(db, f"{run.kind}_vectors", run, portion)
            await _drop_strays(db, "outbox", run, portion)
            await index.renew_vectors(db, run.kind, portion.rows, stored)
        await _note(db, run, portion.last)
        await embedders.promote(db)
        return True
    return await embedders.drop_retired(db, limit)


async def is_incomplete(db: Connection) -> bool:
    """Tell whether the words or an embedder's vectors are not complete."""
    return bool(await db.value(_IS_INCOMPLETE))


async def progress(db: Connection) -> IndexingProgress | None:
    """Return how far the words and the vectors are that are not complete; None when all are."""
    if not await is_incomplete(db):
        return None
    count, total, left = await db.row(_PROGRESS) or (0, 0, 0)
    return IndexingProgress(max(count * total - left, 0), count * total)


_IS_INCOMPLETE = """
    SELECT EXISTS (SELECT FROM index_runs)
        OR EXISTS (SELECT FROM embedders WHERE state = 'building')
        OR EXISTS (
            SELECT FROM (
                SELECT written FROM outbox
                WHERE embedder IN (SELECT number FROM embedders WHERE state <> 'retired') LIMIT 4096
            ) AS listed WHERE written = ''
        )
"""  # what a rebuild left there comes first, but a search must not read a long backlog
_PROGRESS = f"""
    WITH embedded_again AS (
        SELECT embedder FROM outbox WHERE written = ''
        AND embedder IN (SELECT number FROM embedders WHERE state <> 'retired')
    ), incomplete AS (
        SELECT embedder FROM index_runs UNION SELECT embedder FROM embedded_again
        UNION SELECT number FROM embedders WHERE state = 'building'
    )
    SELECT (SELECT count(*) FROM incomplete),
        (SELECT coalesce(sum(last), 0)::bigint FROM {embedders.LASTS} AS lasts),
        (SELECT coalesce(sum(last - done), 0)::bigint FROM index_runs)
        + (SELECT count(*) FROM embedded_again)
"""


async def rebuild(db: Connection) -> None:
    """Have everything indexed again, words and vectors."""
    await embedders.begin_rebuild(db, None)
    for stored in await embedders.active(db):
        await embedders.begin_rebuild(db, stored.key)


async def _runs(db: Connection) -> list[_Run]:
    rows = await db.rows(
        "SELECT number, embedder, object, done, last FROM index_runs ORDER BY number"
    )
    return [_Run(*row) for row in rows]


async def _take(db: Connection, run: _Run) -> bool:
    """Lock a run, unless another server works on it; it may have come further meanwhile."""
    done = await db.value(
        "SELECT done FROM index_runs WHERE number = $1 FOR UPDATE SKIP LOCKED", run.row_id
    )
    if done is None:
        return False
    run.done = done
    return True


async def _may_go_on(db: Connection, index: Index, stored: StoredEmbedder) -> bool:
    return stored.name in index.in_process or await embedders.has_room(db, stored.key)


async def _drop_strays(db: Connection, table: str, run: _Run, portion: Portion) -> None:
    """Drop what is there of objects that are not."""
    values: list[int | str] = [run.done, portion.last]
    of_run = "number > $1 AND number <= $2"
    if run.embedder is not None:
        values.append(run.embedder)
        of_run += " AND embedder = $3"
    if table == "outbox":
        values.append(run.kind)
        of_run += " AND object = $4"
    there = "r.part = stray.part AND r.number = stray.number"
    await db.execute(
        f"DELETE FROM {table} stray WHERE {of_run}"
        f" AND NOT EXISTS (SELECT FROM {KINDS[run.kind]} r WHERE {there})",
        *values,
    )


async def _note(db: Connection, run: _Run, done: int) -> None:
    if done < run.last:
        await db.execute("UPDATE index_runs SET done = $2 WHERE number = $1", run.row_id, done)
    else:
        await db.execute("DELETE FROM index_runs WHERE number = $1", run.row_id)
