"""The stored vectors: written, deleted, and read in the order they were stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import apsw
import msgspec

from dialoguedb.ports.search import Serving, Vectors
from dialoguedb.retrieval import vectors
from dialoguedb.retrieval.codes import Positions, StoredVector
from dialoguedb.retrieval.snapshot import RowKeys
from dialoguedb.store.sqlite.search_index.row_keys import array, column


class Owner(NamedTuple):
    """The object that a vector is of."""

    object: str
    row_id: int
    project: int
    namespace: int
    """Its project's row id, and the hash of its namespace; see `retrieval.filter_tokens`."""


# One statement for all of them: between two, the thread would have to get the interpreter back.
_INSERT = """
    INSERT OR REPLACE INTO vectors (embedder, object, number, project, scope, vector)
    SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, substr(?2, 1 + key * ?3, ?3)
    FROM json_each(?4)
"""
_OF_ALL_EMBEDDERS = "embedder IN (SELECT number FROM embedders) AND object = ?"
_LATER = (
    "SELECT position, object, project, scope, number, vector FROM vectors"
    " WHERE position > ? AND +embedder = ? ORDER BY position LIMIT ?"
)
_AT = "FROM carray(?) c CROSS JOIN vectors v ON v.position = c.value"


def insert(db: apsw.Connection, embedder: int, owners: Sequence[Owner], made: Vectors) -> None:
    """Store an embedder's vectors in place of those there are, one for each owner."""
    packed = vectors.pack_all(made)
    listed = msgspec.json.encode(owners).decode()
    db.execute(_INSERT, (embedder, packed, len(packed) // len(owners), listed))


def delete(db: apsw.Connection, kind: str, row_ids: str, values: tuple[object, ...] = ()) -> None:
    """Remove what is stored or waits for objects whose row ids a query gives, of every embedder."""
    for table in ("vectors", "outbox"):
        db.execute(
            f"DELETE FROM {table} WHERE {_OF_ALL_EMBEDDERS} AND number IN ({row_ids})",
            (kind, *values),
        )


def serving(db: apsw.Connection) -> tuple[int, Serving] | None:
    """Return the embedder whose vectors are searched, with its row id."""
    row = db.execute(
        "SELECT number, name, dimensions FROM embedders WHERE state = 'serving'"
    ).fetchone()
    return (row[0], Serving(*row[1:])) if row else None


@dataclass(frozen=True)
class StoredVectors:
    """Implements `retrieval.codes.VectorSource`."""

    db: apsw.Connection
    embedder: int

    def last_position(self) -> int:
        """Return the position of the vector stored last, of any embedder; 0 without any."""
        return self.db.execute("SELECT max(position) FROM vectors").get or 0

    def later(self, position: int, limit: int) -> Sequence[StoredVector]:
        """Return the vectors stored after a position, in order, up to a limit."""
        rows: list[Any] = self.db.execute(_LATER, (position, self.embedder, limit)).fetchall()
        return rows

    def existing(self, positions: Positions) -> Positions:
        """Return those of these positions that are there."""
        return column(self.db, f"SELECT v.position AS number {_AT}", (array(positions),))

    def keys_at(self, positions: Positions) -> RowKeys:
        """Return the row ids of the objects whose vectors are there."""
        return column(self.db, f"SELECT v.number {_AT}", (array(positions),))
