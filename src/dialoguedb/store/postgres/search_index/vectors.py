"""The stored vectors: packed as on every engine, and in halves to choose candidates by.

These are half-precision numbers, filled up with zeros to a length that has an index.
"""

from collections.abc import Sequence
from struct import pack as pack_header
from typing import NamedTuple

import numpy as np

from dialoguedb.ports.search import Vectors
from dialoguedb.retrieval.snapshot import Floats
from dialoguedb.retrieval.vectors import pack
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.schema.search import SIZES
from dialoguedb.store.postgres.search_index.sources import KINDS, RowRef, columns_of

TAIL = 5_000
"""The newest vectors, which stay without an index: to compare so many takes a millisecond."""

_SETTLED_TOGETHER = 100
_HALF_MAX = float(np.finfo(np.float16).max)

_STORE = """
    INSERT INTO {kind}_vectors AS v (part, embedder, number, project, scope, vector, packed)
    SELECT part, $1, number, project, scope, vector, packed FROM unnest(
        $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::halfvec[], $7::bytea[]
    ) AS new (part, number, project, scope, vector, packed)
    ON CONFLICT (part, embedder, number) DO UPDATE
        SET vector = excluded.vector, packed = excluded.packed, settled = 0
"""
_DELETE = """
    DELETE FROM {kind}_vectors v
    USING unnest($1::bigint[], $2::bigint[]) AS gone (part, number), embedders e
    WHERE v.part = gone.part AND v.embedder = e.number AND v.number = gone.number
"""
_SETTLE = """
    UPDATE {kind}_vectors v SET settled = {size}
    FROM (
        SELECT part, embedder, number FROM {kind}_vectors WHERE embedder = $1 AND settled = 0
        ORDER BY number LIMIT {together} FOR UPDATE SKIP LOCKED
    ) oldest
    WHERE v.part = oldest.part AND v.embedder = oldest.embedder AND v.number = oldest.number
        AND EXISTS (
            SELECT FROM {kind}_vectors WHERE embedder = $1 AND settled = 0 OFFSET {tail} LIMIT 1
        )
"""


class Owner(NamedTuple):
    """The object that a vector is of."""

    object: str
    part: int
    row_id: int
    project: int
    namespace: int
    """Its project's row id, and the hash of its namespace; see `retrieval.filter_tokens`."""


def size_of(dimensions: int) -> int | None:
    """Return the length of index that takes vectors; None when they are too long for any."""
    return next((size for size in SIZES if dimensions <= size), None)


def filled(vectors: Vectors) -> Floats:
    """Return vectors, one in a row, as long as they are stored, within half precision.

    What is no number becomes 0.
    """
    dimensions = vectors.shape[1]
    missing = (size_of(dimensions) or dimensions) - dimensions
    known = np.nan_to_num(vectors, posinf=0.0, neginf=0.0).clip(-_HALF_MAX, _HALF_MAX)
    return np.asarray(np.pad(known, ((0, 0), (0, missing))), np.float32)


def _halves(vectors: Vectors) -> list[bytes]:
    """Return vectors, one in a row, as pgvector sends and receives a `halfvec`."""
    stored = filled(vectors).astype(">f2")
    header = pack_header(">hh", stored.shape[1], 0)
    return [header + row.tobytes() for row in stored]


async def store(
    db: Connection, embedder: int, kind: str, owners: Sequence[Owner], made: Vectors
) -> None:
    """Store an embedder's vectors in place of those there are, one for each owner."""
    await db.execute(
        _STORE.format(kind=kind),
        embedder,
        [owner.part for owner in owners],
        [owner.row_id for owner in owners],
        [owner.project for owner in owners],
        [owner.namespace for owner in owners],
        _halves(made),
        [pack(vector) for vector in made],
    )


async def delete(db: Connection, kind: str, rows: Sequence[RowRef]) -> None:
    """Remove what is stored for objects, of every embedder."""
    await db.execute(_DELETE.format(kind=kind), *columns_of(rows))


async def settle(db: Connection, embedder: int, size: int) -> bool:
    """Put the oldest of many new vectors into their index; False when there are not many."""
    settled = 0
    for kind in KINDS:
        sql = _SETTLE.format(kind=kind, size=size, together=_SETTLED_TOGETHER, tail=TAIL)
        settled += await db.execute(sql, embedder)
    return settled > 0
