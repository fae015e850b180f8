"""How much a word tells: the fewer objects hold it, the more."""

import numpy as np
from numpy.typing import NDArray


def rarity(documents_with: NDArray[np.float32], documents: int) -> NDArray[np.float32]:
    """Weigh words by in how many of so many documents each occurs.

    The inverse document frequency of BM25, in the form that never falls below zero (Robertson and
    Zaragoza, 2009, section 3.4).
    """
    without = np.maximum(documents - documents_with, 0)
    return np.log1p((without + 0.5) / (documents_with + 0.5)).astype(np.float32)
