"""The vectors that embedders return."""

import numpy as np
from numpy.typing import NDArray

from dialoguedb.ports.search import Vectors


def unit(rows: NDArray[np.float32]) -> Vectors:
    """Bring each row to length 1, in place; zeros stay zeros."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    np.divide(rows, lengths, out=rows, where=lengths > 0)
    return rows


def spread(rows: NDArray[np.float32], indexes: list[int], count: int) -> Vectors:
    """Put rows at their indexes among `count` rows; the others are zeros."""
    if len(indexes) == count:
        return rows
    vectors: Vectors = np.zeros((count, rows.shape[1]), np.float32)
    vectors[indexes] = rows
    return vectors
