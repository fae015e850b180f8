"""What keeps the indexes complete: catching up with writes, the outbox, and rebuilds."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from functools import partial

import apsw
import msgspec

from dialoguedb.ports.search import Embedder, IndexStatus, Serving, Unembedded, Vectors
from dialoguedb.retrieval.code_cache import CodeCache
from dialoguedb.retrieval.embedders import StoredEmbedder, chosen
from dialoguedb.store.sqlite.connection.reader import Reader, Readers, Row
from dialoguedb.store.sqlite.connection.writer import Writer
from dialoguedb.store.sqlite.maintenance.cleaning import empty_log
from dialoguedb.store.sqlite.search_index import embedders, purging, rebuilds, sources, vectors
from dialoguedb.store.sqlite.search_index.catch_up import Backlog, Index, backlog
from dialoguedb.store.sqlite.search_index.vectors import Owner
from dialoguedb.values import timestamps

_LEASE_BYTES = 6


class SQLiteIndex:
    """Implements `ports.IndexStore`."""

    def __init__(
        self,
        writer: Writer,
        readers: Readers,
        index: Index,
        codes: CodeCache,
    ) -> None:
        self._writer = writer
        self._readers = readers
        self._index = index
        self._codes = codes
        self._catching_up = asyncio.Lock()
        self._purging = asyncio.Lock()
        self._left_over: list[tuple[str, bool]] | None = None

    async def prepare(self, names: Sequence[str]) -> None:
        """Make the first of these the embedder to be; with none there are only words."""
        now = timestamps.now()
        await self._writer.write(lambda db: embedders.prepare(db, names, now), long=True)

    async def chosen(self) -> str | None:
        """Return the embedder to be, whoever chose it last; None when there are only words."""
        return await self._readers.read(lambda reader: chosen(embedders.active(reader.db)))

    async def catch_up(self) -> bool:
        """Index what has been written until now; False when there was nothing."""
        written = await self._backlog()
        if not written:
            return False
        async with self._catching_up:  # who waits here mostly finds it done
            while _remain(written, await self._backlog()):
                await self._writer.write(self._index.catch_up, long=True)
        return True

    async def _backlog(self) -> list[Backlog]:
        return await self._readers.read(lambda reader: backlog(reader.db))

    async def lease(
        self, names: Sequence[str], limit: int, now: str, until: str
    ) -> tuple[str, list[Unembedded]]:
        """Return one of the embedders and texts that are due for it, no one else's until then."""
        if not await self._readers.read(lambda reader: _is_due(reader.db, names, now)):
            return "", []
        # It is nobody else's, and sorted by its time.
        lease = f"{until} {secrets.token_hex(_LEASE_BYTES)}"

        def operation(db: apsw.Connection) -> tuple[str, list[Unembedded]]:
            for embedder in embedders.active(db):
                if embedder.name in names:
                    leased = _lease(db, embedder.key, limit, now, lease)
                    if leased:
                        return embedder.name, leased
            return "", []

        return await self._writer.write(operation, long=True)

    async def store_vectors(self, name: str, done: Sequence[Unembedded], made: Vectors) -> None:
        """Store vectors of texts that are still there; WrongDimensions when they do not fit."""

        def operation(db: apsw.Connection) -> None:
            embedder = _find(db, name)
            if embedder is None:
                return
            embedders.fit(db, embedder, made.shape[1])
            kept = [row for row, one in enumerate(done) if _release(db, embedder.key, one)]
            owners = [_owner(done[row]) for row in kept]
            if owners:
                vectors.insert(db, embedder.key, owners, made[kept])
            embedders.promote(db)

        await self._writer.write(operation, long=True)

    async def postpone(self, name: str, failed: Sequence[Unembedded], due: str) -> None:
        """Try these again later."""

        def operation(db: apsw.Connection) -> None:
            embedder = _find(db, name)
            if embedder is None:
                return
            db.executemany(
                "UPDATE outbox SET due = ?, attempts = attempts + 1"
                " WHERE embedder = ? AND object = ? AND number = ? AND due = ?",
                ((due, embedder.key, *_owner(one)[:2], one.lease) for one in failed),
            )

        await self._writer.write(operation, long=True)

    async def advance(self, limit: int) -> bool:
        """Index a further portion of what is to be indexed again; False when none can be now."""
        if not await self._readers.read(_is_unfinished):
            return False
        operation = partial(_advance, self._index.in_process, limit)
        return await self._writer.write(operation, long=True)

    async def rebuild(self) -> None:
        """Have everything indexed again."""
        await self.catch_up()
        await self._writer.write(rebuilds.rebuild, long=True)

    async def purge(self) -> bool:
        """Remove a further portion of what deleted objects left; False when nothing is left."""
        async with self._purging:  # several may ask for it at the same time
            return await self._purge()

    async def _purge(self) -> bool:
        if self._left_over is None:
            tables = await self._readers.read(lambda reader: purging.left_over(reader.db))
            self._left_over = [(table, True) for table in tables]
        if not self._left_over:
            self._left_over = None
            await self._empty_log()  # it also holds what the merges have left out
            return False
        table, begins = self._left_over.pop()
        operation = partial(purging.merge, table=table, begin=begins)
        if await self._writer.write(operation, long=True):
            self._left_over.append((table, False))
        return True

    async def forget_log(self) -> bool:
        """Empty the log if it may hold what was deleted; False when that was not done."""
        return self._writer.has_deleted and await self._empty_log()

    async def _empty_log(self) -> bool:
        self._writer.has_deleted = False
        is_empty = await asyncio.to_thread(empty_log, self._readers.path, self._readers.key)
        self._writer.has_deleted = self._writer.has_deleted or not is_empty
        return is_empty

    async def status(self) -> IndexStatus:
        """Return the state of the index."""
        return await self._readers.run(partial(_status, self._codes.cache_bytes))


def serving_embedder(db: apsw.Connection) -> tuple[int, Serving] | None:
    """Return the embedder whose vectors are searched, with its row id."""
    row = db.execute(
        "SELECT number, name, dimensions FROM embedders WHERE state = 'serving'"
    ).fetchone()
    return (row[0], Serving(*row[1:])) if row else None


def _remain(before: Sequence[Backlog], now: Sequence[Backlog]) -> bool:
    """Tell whether part of an earlier backlog is still to be indexed."""
    last = {part.object: part.last for part in before}
    return any(part.done < last.get(part.object, 0) for part in now)


def _advance(in_process: Mapping[str, Embedder], limit: int, db: apsw.Connection) -> bool:
    return rebuilds.advance(db, in_process, limit)


def _is_unfinished(reader: Reader) -> bool:
    unfinished = (
        "SELECT EXISTS (SELECT 1 FROM index_runs)"
        " OR EXISTS (SELECT 1 FROM embedders WHERE state = 'retired')"
    )
    return bool(reader.db.execute(unfinished).get)


def _find(db: apsw.Connection, name: str) -> StoredEmbedder | None:
    return next((stored for stored in embedders.active(db) if stored.name == name), None)


def _is_due(db: apsw.Connection, names: Sequence[str], now: str) -> bool:
    due = "SELECT 1 FROM outbox WHERE embedder = ? AND due <= ? LIMIT 1"
    return any(
        stored.name in names and db.execute(due, (stored.key, now)).fetchone()
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


def _lease(
    db: apsw.Connection, embedder: int, limit: int, now: str, lease: str
) -> list[Unembedded]:
    due = "SELECT object, number, attempts FROM outbox WHERE embedder = ? AND due <= ?"
    waiting: list[Row] = db.execute(
        f"{due} ORDER BY due LIMIT ?", (embedder, now, limit)
    ).fetchall()
    leased = []
    for kind in sources.KINDS:
        attempts = {row_id: tried for of_kind, row_id, tried in waiting if of_kind == kind}
        for one in sources.read(db, kind, attempts):
            owner = Owner(kind, one.row_id, one.project, one.namespace)
            key = msgspec.json.encode(owner).decode()
            leased.append(Unembedded(key, one.text, attempts[one.row_id], lease))
    db.executemany(
        "UPDATE outbox SET due = ? WHERE embedder = ? AND object = ? AND number = ?",
        ((lease, embedder, kind, row_id) for kind, row_id, _ in waiting),
    )
    return leased


def _release(db: apsw.Connection, embedder: int, done: Unembedded) -> bool:
    """Take an object out of the outbox; False when it is gone, or another's by now."""
    db.execute(
        "DELETE FROM outbox WHERE embedder = ? AND object = ? AND number = ? AND due = ?",
        (embedder, *_owner(done)[:2], done.lease),
    )
    return bool(db.changes())


def _owner(unembedded: Unembedded) -> Owner:
    return msgspec.json.decode(unembedded.key, type=Owner)


def _status(cache_bytes: int, reader: Reader) -> IndexStatus:
    db = reader.db
    row_id, serving = serving_embedder(db) or (0, None)
    row = db.execute(
        "SELECT count(*), ifnull(max(length(vector)), 0) FROM"
        " (SELECT number FROM vectors WHERE embedder = ?1),"
        " (SELECT vector FROM vectors WHERE embedder = ?1 LIMIT 1)",
        (row_id,),
    ).get
    waiting, oldest, not_begun = db.execute(_WAITING).get
    left = db.execute("SELECT ifnull(sum(last - done), 0) FROM index_runs").get
    needed = [name for (name,) in db.execute(_NEEDED)]
    return IndexStatus(
        serving and serving.name,
        row[0],
        row[0] * row[1],
        cache_bytes,
        waiting,
        oldest,
        left + not_begun,
        needed,
    )
