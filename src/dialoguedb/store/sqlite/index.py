"""What keeps the indexes complete: following what is written, the outbox, and indexing anew."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from functools import partial

import apsw

from dialoguedb.ports.search import Embedder, IndexStatus, Unembedded, Vectors
from dialoguedb.store.sqlite.connection.reader import Reader, Readers, Row
from dialoguedb.store.sqlite.connection.writer import Writer
from dialoguedb.store.sqlite.search_index import (
    embedders,
    purging,
    sources,
    vectors,
)
from dialoguedb.store.sqlite.search_index import (
    rebuilds as index_runs,
)
from dialoguedb.store.sqlite.search_index.catch_up import Gap, Index, gaps
from dialoguedb.store.sqlite.search_index.embedders import Stored
from dialoguedb.store.sqlite.search_queries.nearest import Renewed
from dialoguedb.values import timestamps

_CLAIM_BYTES = 6


class SQLiteIndex:
    """Implements `ports.IndexStore`."""

    def __init__(
        self,
        writer: Writer,
        readers: Readers,
        index: Index,
        nearest: Renewed,
    ) -> None:
        self._writer = writer
        self._readers = readers
        self._index = index
        self._nearest = nearest
        self._following = asyncio.Lock()
        self._left_over: list[tuple[str, bool]] = []

    async def prepare(self, names: Sequence[str]) -> None:
        """Make the first of these the embedder to be; with none there are only words."""
        now = timestamps.now()
        await self._writer.write(lambda db: embedders.prepare(db, names, now), long=True)

    async def follow(self) -> bool:
        """Index what has been written until now; False when there was nothing."""
        written = await self._gaps()
        if not written:
            return False
        async with self._following:  # who waits here mostly finds it done
            while _remain(written, await self._gaps()):
                await self._writer.write(self._index.follow, long=True)
        return True

    async def _gaps(self) -> list[Gap]:
        return await self._readers.read(lambda reader: gaps(reader.db))

    async def take(
        self, names: Sequence[str], limit: int, now: str, until: str
    ) -> tuple[str, list[Unembedded]]:
        """Return one of the embedders and texts that are due for it, no one else's until then."""
        if not await self._readers.read(lambda reader: _is_due(reader.db, names, now)):
            return "", []
        claim = (
            f"{until} {secrets.token_hex(_CLAIM_BYTES)}"  # nobody else's, and sorted by its time
        )

        def act(db: apsw.Connection) -> tuple[str, list[Unembedded]]:
            for embedder in embedders.active(db):
                if embedder.name in names:
                    taken = _take(db, embedder.number, limit, now, claim)
                    if taken:
                        return embedder.name, taken
            return "", []

        return await self._writer.write(act, long=True)

    async def put(self, name: str, done: Sequence[Unembedded], made: Vectors) -> None:
        """Store vectors of texts that are still there; WrongDimensions when they do not fit."""

        def act(db: apsw.Connection) -> None:
            embedder = _find(db, name)
            if embedder is None:
                return
            embedders.fit(db, embedder, made.shape[1])
            kept = [row for row, one in enumerate(done) if _release(db, embedder.number, one)]
            owners = [_owner(done[row]) for row in kept]
            if owners:
                vectors.insert(db, embedder.number, owners, made[kept])
            embedders.promote(db)

        await self._writer.write(act, long=True)

    async def postpone(self, name: str, failed: Sequence[Unembedded], due: str) -> None:
        """Try these again later."""

        def act(db: apsw.Connection) -> None:
            embedder = _find(db, name)
            if embedder is None:
                return
            db.executemany(
                "UPDATE outbox SET due = ?, attempts = attempts + 1"
                " WHERE embedder = ? AND object = ? AND number = ? AND due = ?",
                ((due, embedder.number, one.object, one.number, one.claim) for one in failed),
            )

        await self._writer.write(act, long=True)

    async def advance(self, limit: int) -> bool:
        """Index a further portion of what is to be indexed anew; False when none can be now."""
        if not await self._readers.read(_is_unfinished):
            return False
        act = partial(_advance, self._index.immediate, limit)
        return await self._writer.write(act, long=True)

    async def rebuild(self) -> None:
        """Have everything indexed anew."""
        await self.follow()
        await self._writer.write(index_runs.rebuild, long=True)

    async def purge(self, *, begin: bool) -> bool:
        """Remove a further portion of what deleted objects left; False when nothing is left."""
        if begin:
            tables = await self._readers.read(lambda reader: purging.left_over(reader.db))
            self._left_over = [(table, True) for table in tables]
        if not self._left_over:
            return False
        table, begins = self._left_over.pop()
        act = partial(purging.merge, table=table, begin=begins)
        if await self._writer.write(act, long=True):
            self._left_over.append((table, False))
        return True

    async def status(self) -> IndexStatus:
        """Return how the index stands."""
        return await self._readers.run(partial(_status, self._nearest.memory_bytes))


def _remain(before: Sequence[Gap], now: Sequence[Gap]) -> bool:
    """Tell whether some of what was to be indexed before is still to be."""
    last = {gap.object: gap.last for gap in before}
    return any(gap.done < last.get(gap.object, 0) for gap in now)


def _advance(immediate: Mapping[str, Embedder], limit: int, db: apsw.Connection) -> bool:
    return index_runs.advance(db, immediate, limit)


def _is_unfinished(reader: Reader) -> bool:
    unfinished = (
        "SELECT EXISTS (SELECT 1 FROM index_runs)"
        " OR EXISTS (SELECT 1 FROM embedders WHERE state = 'retired')"
    )
    return bool(reader.db.execute(unfinished).get)


def _find(db: apsw.Connection, name: str) -> Stored | None:
    return next((stored for stored in embedders.active(db) if stored.name == name), None)


def _is_due(db: apsw.Connection, names: Sequence[str], now: str) -> bool:
    due = "SELECT 1 FROM outbox WHERE embedder = ? AND due <= ? LIMIT 1"
    return any(
        stored.name in names and db.execute(due, (stored.number, now)).fetchone()
        for stored in embedders.active(db)
    )


_WAITING = """
    SELECT count(*) FILTER (WHERE written <> ''), min(nullif(written, '')),
        count(*) FILTER (WHERE written = '')
    FROM outbox WHERE embedder IN (SELECT number FROM embedders WHERE state <> 'retired')
"""


_NEEDED = """
    SELECT name FROM embedders e WHERE state <> 'retired' AND (
        EXISTS (SELECT 1 FROM index_runs r WHERE r.embedder = e.number)
        OR EXISTS (SELECT 1 FROM outbox o WHERE o.embedder = e.number AND o.written = '')
    )
"""


def _take(db: apsw.Connection, embedder: int, limit: int, now: str, claim: str) -> list[Unembedded]:
    due = "SELECT object, number, attempts FROM outbox WHERE embedder = ? AND due <= ?"
    waiting: list[Row] = db.execute(
        f"{due} ORDER BY due LIMIT ?", (embedder, now, limit)
    ).fetchall()
    taken = []
    for kind in sources.KINDS:
        attempts = {number: tried for of_kind, number, tried in waiting if of_kind == kind}
        for one in sources.read(db, kind, attempts):
            tried = attempts[one.number]
            taken.append(
                Unembedded(kind, one.number, one.project, one.scope, one.text, tried, claim)
            )
    db.executemany(
        "UPDATE outbox SET due = ? WHERE embedder = ? AND object = ? AND number = ?",
        ((claim, embedder, kind, number) for kind, number, _ in waiting),
    )
    return taken


def _release(db: apsw.Connection, embedder: int, done: Unembedded) -> bool:
    """Take an object out of the outbox; False when it is gone, or another's by now."""
    db.execute(
        "DELETE FROM outbox WHERE embedder = ? AND object = ? AND number = ? AND due = ?",
        (embedder, done.object, done.number, done.claim),
    )
    return bool(db.changes())


def _owner(done: Unembedded) -> vectors.Owner:
    return done.object, done.number, done.project, done.scope


def _status(memory_bytes: int, reader: Reader) -> IndexStatus:
    db = reader.db
    number, serving = vectors.serving(db) or (0, None)
    row = db.execute(
        "SELECT count(*), ifnull(max(length(vector)), 0) FROM"
        " (SELECT number FROM vectors WHERE embedder = ?1),"
        " (SELECT vector FROM vectors WHERE embedder = ?1 LIMIT 1)",
        (number,),
    ).get
    waiting, oldest, backlog = db.execute(_WAITING).get
    left = db.execute("SELECT ifnull(sum(last - done), 0) FROM index_runs").get
    needed = [name for (name,) in db.execute(_NEEDED)]
    return IndexStatus(
        serving and serving.name,
        row[0],
        row[0] * row[1],
        memory_bytes,
        waiting,
        oldest,
        left + backlog,
        needed,
    )
