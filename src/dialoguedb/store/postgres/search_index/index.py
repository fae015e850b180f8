"""Both indexes, words and vectors, are written in the transaction of what they are of.

So a search finds what was written, whichever server wrote it. What is slow comes later: an embedder
that does not work in this process at once, for which a row in the outbox waits, and the index of
vectors (HNSW), into which a worker moves them; see `vectors`.
"""

import asyncio
from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct

from dialoguedb.errors import InternalError
from dialoguedb.model.search import SearchObject
from dialoguedb.ports.search import Embedder, Vectors
from dialoguedb.retrieval.embedders import StoredEmbedder
from dialoguedb.store import tokenizer
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.search_index import embedders, outbox, sources, vectors, words
from dialoguedb.store.postgres.search_index.sources import RowRef, Source
from dialoguedb.store.postgres.search_index.vectors import Owner
from dialoguedb.store.postgres.search_index.words import Entry

__all__ = ["Index", "RowRef"]

_PORTION = 512
"""Objects indexed by one statement."""

_LITTLE = 32
_LITTLE_CHARS = 32 * 1024
"""Up to so much is prepared on the event loop, within a millisecond or two; more on a thread."""


class _Prepared(Struct):
    """What is made of texts before anything is stored."""

    entries: list[Entry]
    vectors: dict[str, Vectors]
    """Those of embedders that work in this process, by name."""


class Index:
    """Keeps the indexes with each write, in its transaction."""

    def __init__(self, in_process: Mapping[str, Embedder]) -> None:
        self.in_process = in_process

    async def add(self, db: Connection, kind: SearchObject, rows: Sequence[RowRef]) -> None:
        """Index new objects."""
        await self.change(db, kind, rows, text=True)

    async def add_new(self, db: Connection, kind: SearchObject, found: Sequence[Source]) -> None:
        """Index objects whose statement has kept embedders from coming and going."""
        for start in range(0, len(found), _PORTION):
            await self._store(db, kind, found[start : start + _PORTION], text=True)

    async def change(
        self, db: Connection, kind: SearchObject, rows: Sequence[RowRef], *, text: bool
    ) -> None:
        """Index objects again; without `text`, only what they are filtered by has changed."""
        for start in range(0, len(rows), _PORTION):
            portion = rows[start : start + _PORTION]
            found = await sources.read(db, kind, portion, embedders.HELD)
            await self._store(db, kind, found, text=text)

    async def remove(self, db: Connection, kind: SearchObject, rows: Sequence[RowRef]) -> None:
        """Remove objects from the indexes."""
        if rows:
            await outbox.delete(db, kind, rows)  # first: whoever works on it stores a vector
            await words.delete(db, kind, rows)
            await vectors.delete(db, kind, rows)

    async def renew_words(self, db: Connection, kind: SearchObject, rows: Sequence[RowRef]) -> None:
        """Index the words of objects again."""
        await self.change(db, kind, rows, text=False)

    async def renew_vectors(
        self, db: Connection, kind: SearchObject, rows: Sequence[RowRef], stored: StoredEmbedder
    ) -> None:
        """Embed objects again that were there before; those of other embedders wait."""
        embedder = self.in_process.get(stored.name)
        if embedder is None:
            await outbox.add_again(db, stored.key, kind, rows)
            return
        found = await sources.read(db, kind, rows)
        if found:
            made = await asyncio.to_thread(_embed, embedder, [one.text for one in found])
            await _store_vectors(db, kind, stored, found, made)

    async def _store(
        self, db: Connection, kind: SearchObject, found: Sequence[Source], *, text: bool
    ) -> None:
        if not found:
            return
        prepared = await self._prepare(found, text=text)
        active = await words.store(db, kind, found, prepared.entries)
        for stored in active if text else ():
            made = prepared.vectors.get(stored.name)
            if made is None:
                await outbox.add(db, stored.key, kind, found)
            else:
                await _store_vectors(db, kind, stored, found, made)

    async def _prepare(self, found: Sequence[Source], *, text: bool) -> _Prepared:
        chars = sum(len(source.text) + len(source.words) for source in found)
        embedding = self.in_process if text else {}
        if len(found) <= _LITTLE and chars <= _LITTLE_CHARS:
            return _prepared(found, embedding)
        return await asyncio.to_thread(_prepared, found, embedding)


def _prepared(found: Sequence[Source], embedding: Mapping[str, Embedder]) -> _Prepared:
    db = tokenizer.connection()
    texts = [source.text for source in found]
    return _Prepared(
        [words.entry(db, source.words) for source in found],
        {name: _embed(embedder, texts) for name, embedder in embedding.items()},
    )


def _embed(embedder: Embedder, texts: Sequence[str]) -> Vectors:
    made = np.asarray(embedder.embed(texts))
    if len(made) != len(texts):
        raise InternalError(f"Embedder {embedder.name!r} left out texts")
    return made


async def _store_vectors(
    db: Connection,
    kind: SearchObject,
    stored: StoredEmbedder,
    found: Sequence[Source],
    made: Vectors,
) -> None:
    await embedders.fit(db, stored, made.shape[1])
    owners = [Owner(kind, one.part, one.row_id, one.project, one.namespace) for one in found]
    await vectors.store(db, stored.key, kind, owners, made)
