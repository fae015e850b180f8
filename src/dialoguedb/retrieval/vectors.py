"""Vectors: of a query, made of those of its words, and of objects, packed into bytes.

A packed vector is a float32 scale, then a signed byte for each component (scalar quantization).
Scaling by each vector's largest component keeps cosines within a few thousandths at a quarter of
the bytes.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dialoguedb.ports.search import Embedder, QueryVector, Vectors, WordEmbedder, WordVectors
from dialoguedb.retrieval.snapshot import Floats, RowKeys
from dialoguedb.retrieval.terms import Term

_SCALE_BYTES = 4
_STEPS = 127
_WORD = re.compile(r"[^\W_]+")


# --- Of queries ---------------------------------------------------------------------------------


def query_vector(embedder: Embedder, query: str) -> QueryVector:
    """Return a query's vector, or what it is made of; blocks."""
    words = _WORD.findall(query)
    if words and isinstance(embedder, WordEmbedder):
        return WordVectors(words, embedder.embed_words(words), embedder.familiarity(words))
    return np.asarray(embedder.embed([query], query=True)[0])


def weighted(
    vector: WordVectors, stems: Sequence[Sequence[str]], terms: Sequence[Term], rarities: Floats
) -> Floats:
    """Let each word count by its rarity; a stop word, which is no term, counts once.

    Weighing words by how rare they are makes good vectors of texts out of those of their words
    (Arora, Liang and Ma, 2017). `stems` are those of each word, `rarities` those of the terms.
    """
    of_stems = {term.stem: float(rarities[at]) for at, term in enumerate(terms)}
    weights = [
        min((of_stems[stem] for stem in of_word if stem in of_stems), default=1.0)
        for of_word in stems
    ]
    joined = np.array(weights, np.float32) @ vector.vectors
    length = float(np.linalg.norm(joined))
    return np.asarray(joined / length if length > 0 else joined, np.float32)


# --- Of objects ---------------------------------------------------------------------------------


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


def pack_unknown(dimensions: int) -> bytes:
    """Return what stands for a vector that is missing: no cosine with it is a number."""
    return np.float32(np.nan).tobytes() + bytes(dimensions)


def unpack(blobs: Sequence[bytes]) -> Vectors:
    """Return stored vectors of one embedder, one in a row."""
    return unpack_all(b"".join(blobs), len(blobs))


def unpack_all(blob: bytes, count: int) -> Vectors:
    """Return so many stored vectors of one embedder, which stand in one."""
    if not count:
        return np.empty((0, 0), np.float32)
    packed = np.frombuffer(blob, np.uint8).reshape(count, -1)
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
