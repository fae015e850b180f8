"""Vectors as they are stored: a float32 scale, then a byte for each component."""

from collections.abc import Sequence

import apsw
import msgspec
import numpy as np
from numpy.typing import NDArray

from dialoguedb.ports.search import Serving, Vectors

_SCALE_BYTES = 4
_STEPS = 127

Owner = tuple[str, int, int, int]
"""An object's kind and number, its project's number and that of its scope."""

# One statement for all of them: between two, the thread would have to get the interpreter back.
_INSERT = """
    INSERT OR REPLACE INTO vectors (embedder, object, number, project, scope, vector)
    SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, substr(?2, 1 + key * ?3, ?3)
    FROM json_each(?4)
"""
_OF_ALL_EMBEDDERS = "embedder IN (SELECT number FROM embedders) AND object = ?"


def pack(vector: NDArray[np.float32]) -> bytes:
    """Return one vector as it is stored."""
    return pack_all(vector.reshape(1, -1))


def pack_all(vectors: Vectors) -> bytes:
    """Return vectors, one in a row, as they are stored, in one; what is no number becomes 0."""
    count, dimensions = vectors.shape
    peaks = np.abs(vectors).max(axis=1, initial=0.0)
    if not np.isfinite(peaks).all():
        return pack_all(np.nan_to_num(vectors, posinf=0.0, neginf=0.0))
    peaks[peaks == 0] = 1
    packed = np.empty((count, _SCALE_BYTES + dimensions), np.int8)
    packed[:, :_SCALE_BYTES] = (peaks / _STEPS).astype("<f4").view(np.int8).reshape(count, -1)
    scaled = vectors * (_STEPS / peaks)[:, None]
    packed[:, _SCALE_BYTES:] = np.rint(scaled, out=scaled)
    return packed.tobytes()


def unpack(blobs: Sequence[bytes]) -> Vectors:
    """Return stored vectors of one embedder, one in a row."""
    if not blobs:
        return np.empty((0, 0), np.float32)
    packed = np.frombuffer(b"".join(blobs), np.uint8).reshape(len(blobs), -1)
    scales = np.ascontiguousarray(packed[:, :_SCALE_BYTES]).view("<f4")
    unpacked: Vectors = packed[:, _SCALE_BYTES:].view(np.int8) * scales
    return unpacked


def insert(db: apsw.Connection, embedder: int, owners: Sequence[Owner], vectors: Vectors) -> None:
    """Store an embedder's vectors in place of those there are, one for each owner."""
    packed = pack_all(vectors)
    listed = msgspec.json.encode(owners).decode()
    db.execute(_INSERT, (embedder, packed, len(packed) // len(owners), listed))


def delete(db: apsw.Connection, kind: str, numbers: str, values: tuple[object, ...] = ()) -> None:
    """Remove what is stored or waits for objects whose numbers a query gives, of every embedder."""
    for table in ("vectors", "outbox"):
        db.execute(
            f"DELETE FROM {table} WHERE {_OF_ALL_EMBEDDERS} AND number IN ({numbers})",
            (kind, *values),
        )


def serving(db: apsw.Connection) -> tuple[int, Serving] | None:
    """Return the embedder whose vectors are searched, with its number."""
    row = db.execute(
        "SELECT number, name, dimensions FROM embedders WHERE state = 'serving'"
    ).fetchone()
    return (row[0], Serving(*row[1:])) if row else None
