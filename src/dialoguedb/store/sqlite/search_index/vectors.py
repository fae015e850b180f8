"""The stored vectors: written and deleted."""

from collections.abc import Sequence
from typing import NamedTuple

import apsw
import msgspec

from dialoguedb.ports.search import Vectors


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


def insert(db: apsw.Connection, embedder: int, owners: Sequence[Owner], made: Vectors) -> None:
    """Store an embedder's vectors in place of those there are, one for each owner."""
    from dialoguedb.retrieval.vectors import pack_all  # noqa: PLC0415 - it loads numpy

    packed = pack_all(made)
    listed = msgspec.json.encode(owners).decode()
    db.execute(_INSERT, (embedder, packed, len(packed) // len(owners), listed))


def delete(db: apsw.Connection, kind: str, row_ids: str, values: tuple[object, ...] = ()) -> None:
    """Remove what is stored or waits for objects whose row ids a query gives, of every embedder."""
    for table in ("vectors", "outbox"):
        db.execute(
            f"DELETE FROM {table} WHERE {_OF_ALL_EMBEDDERS} AND number IN ({row_ids})",
            (kind, *values),
        )
