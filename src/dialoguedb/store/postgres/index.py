"""What keeps the indexes complete: the outbox, rebuilds, and the index of vectors."""

import secrets
from collections.abc import Sequence

from dialoguedb.ports.search import IndexStatus, Serving, Unembedded, Vectors
from dialoguedb.retrieval.embedders import StoredEmbedder, chosen
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.connection.readers import Readers
from dialoguedb.store.postgres.connection.writer import Transaction, Writer
from dialoguedb.store.postgres.search_index import embedders, outbox, rebuilds, vectors
from dialoguedb.store.postgres.search_index.index import Index
from dialoguedb.store.postgres.search_index.sources import KINDS
from dialoguedb.values import timestamps

_LEASE_BYTES = 6
_SETTLING = 10
"""Portions of vectors that are settled at a time."""


class PostgresIndex:
    """Implements `ports.IndexStore`."""

    def __init__(self, writer: Writer, readers: Readers, index: Index) -> None:
        self._writer = writer
        self._readers = readers
        self._index = index

    async def prepare(self, names: Sequence[str]) -> None:
        """Make the first of these the embedder to be; with none there are only words."""
        now = timestamps.now()
        await self._writer.write(lambda db: embedders.prepare(db, names, now))

    async def chosen(self) -> str | None:
        """Return the embedder to be, whoever chose it last; None when there are only words."""
        return chosen(await self._readers.read_once(embedders.active))

    async def catch_up(self) -> bool:
        """Put new vectors into their index once they are many; searches find them before."""
        for stored in await self._readers.read_once(embedders.active):
            size = stored.dimensions and vectors.size_of(stored.dimensions)
            if size:
                await self._settle(stored.key, size)
        return False

    async def _settle(self, embedder: int, size: int) -> None:
        async def operation(db: Transaction) -> bool:
            return await vectors.settle(db, embedder, size)

        for _ in range(_SETTLING):
            if not await self._writer.write(operation):
                return

    async def lease(
        self, names: Sequence[str], limit: int, now: str, until: str
    ) -> tuple[str, list[Unembedded]]:
        """Return one of the embedders and texts that are due for it, no one else's until then."""
        if not await self._readers.read_once(lambda db: outbox.is_due(db, names, now)):
            return "", []
        # It is nobody else's, and sorted by its time.
        lease = f"{until} {secrets.token_hex(_LEASE_BYTES)}"

        async def operation(db: Transaction) -> tuple[str, list[Unembedded]]:
            for embedder in await embedders.active(db):
                if embedder.name in names:
                    leased = await outbox.lease(db, embedder.key, limit, now, lease)
                    if leased:
                        return embedder.name, leased
            return "", []

        return await self._writer.write(operation)

    async def store_vectors(self, name: str, done: Sequence[Unembedded], made: Vectors) -> None:
        """Store vectors of texts that are still there; WrongDimensions when they do not fit."""

        async def operation(db: Transaction) -> None:
            embedder = await _find(db, name)
            if embedder is None:
                return
            await embedders.fit(db, embedder, made.shape[1])
            kept = await outbox.release(db, embedder.key, done)
            owners = {row: outbox.owner_of(done[row]) for row in kept}
            for kind in KINDS:
                of_kind = [row for row, owner in owners.items() if owner.object == kind]
                if of_kind:
                    whose = [owners[row] for row in of_kind]
                    await vectors.store(db, embedder.key, kind, whose, made[of_kind])
            await embedders.promote(db)

        await self._writer.write(operation)

    async def postpone(self, name: str, failed: Sequence[Unembedded], due: str) -> None:
        """Try these again later."""

        async def operation(db: Transaction) -> None:
            embedder = await _find(db, name)
            if embedder is not None:
                await outbox.postpone(db, embedder.key, failed, due)

        await self._writer.write(operation)

    async def advance(self, limit: int) -> bool:
        """Index a further portion of what is to be indexed again; False when none can be now."""
        if not await self._readers.read_once(rebuilds.is_unfinished):
            return False
        return await self._writer.write(lambda db: rebuilds.advance(db, self._index, limit))

    async def rebuild(self) -> None:
        """Have everything indexed again."""
        await self._writer.write(rebuilds.rebuild)

    async def forget_log(self) -> bool:
        """Do nothing: PostgreSQL recycles its log itself."""
        return False

    async def purge(self) -> bool:
        """Do nothing: PostgreSQL vacuums what deleted objects leave."""
        return False

    async def status(self) -> IndexStatus:
        """Return the state of the index."""
        return await self._readers.read(_status)


async def serving_embedder(db: Connection) -> StoredEmbedder | None:
    """Return the embedder whose vectors are searched."""
    return next((one for one in await embedders.active(db) if one.state == "serving"), None)


async def serving(db: Connection) -> Serving | None:
    """Return the same as a caller sees it."""
    stored = await serving_embedder(db)
    return stored and Serving(stored.name, stored.dimensions)


async def _find(db: Connection, name: str) -> StoredEmbedder | None:
    return next((stored for stored in await embedders.active(db) if stored.name == name), None)


_WAITING = """
    SELECT count(*) FILTER (WHERE written <> ''), min(nullif(written, '')),
        count(*) FILTER (WHERE written = '')
    FROM outbox WHERE embedder IN (SELECT number FROM embedders WHERE state <> 'retired')
"""
_NEEDED = """
    SELECT name FROM embedders e WHERE state <> 'retired' AND (
        EXISTS (SELECT FROM index_runs r WHERE r.embedder = e.number)
        OR EXISTS (SELECT FROM outbox o WHERE o.embedder = e.number AND o.written = '')
    )
"""
_VECTORS = " UNION ALL ".join(
    f"SELECT count(*), max(size) FROM {kind}_vectors"
    f" LEFT JOIN (SELECT pg_column_size(vector) FROM {kind}_vectors WHERE embedder = $1 LIMIT 1)"
    " AS one (size) ON true WHERE embedder = $1"
    for kind in KINDS
)


async def _status(db: Connection) -> IndexStatus:
    stored = await serving_embedder(db)
    counted = await db.rows(_VECTORS, stored.key) if stored else []
    waiting, oldest, not_begun = await db.row(_WAITING) or (0, None, 0)
    left = await db.value("SELECT coalesce(sum(last - done), 0)::bigint FROM index_runs")
    needed = [name for (name,) in await db.rows(_NEEDED)]
    return IndexStatus(
        stored and stored.name,
        sum(count for count, _ in counted),
        sum(count * (size or 0) for count, size in counted),
        0,
        waiting,
        oldest,
        left + not_begun,
        needed,
    )
