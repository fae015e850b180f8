"""Vectors as bytes: a float32 scale, then a signed byte for each component (scalar quantization).

Scaling by each vector's largest component keeps cosines within a few thousandths at a quarter of
the bytes.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dialoguedb.ports.search import Vectors
from dialoguedb.retrieval.snapshot import Floats, RowKeys

_SCALE_BYTES = 4
_STEPS = 127


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


def cosines(keys: RowKeys, vector: Floats, stored: Sequence[tuple[int, bytes]]) -> Floats:
    """Return the cosine of a vector with the stored one of each sorted key, NaN without one."""
    found = np.full(len(keys), np.nan, np.float32)
    unpacked = unpack([blob for _, blob in stored])
    if unpacked.shape[1:] == vector.shape:
        rows = np.searchsorted(keys, np.fromiter((key for key, _ in stored), np.int64))
        found[rows] = unpacked @ vector
    return found
