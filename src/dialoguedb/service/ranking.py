"""How relevant each candidate of a search is: by meaning, by words, and by what is said beside it.

A turn of a conversation is understood from its neighbours ("Yes, last Tuesday" answers the question
before it), so every message gets a share of the scores of the two before and the two after it.
"""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from dialoguedb.model.search import SearchMode
from dialoguedb.ports.search import Evidence, Ranking

_SATURATION = 1.2
_LENGTH_SHARE = 0.75
"""The usual k1 and b of BM25 (Robertson and Zaragoza, 2009)."""


class Weights(Struct, frozen=True):
    """What counts how much."""

    semantic: float
    keyword: float
    beside: float = 0.3
    """The share of the scores of the message before and the one after."""

    near: float = 0.15
    """The share of the scores of those two away."""

    def alone(self) -> "Weights":
        """Return the same without neighbours."""
        return Weights(self.semantic, self.keyword, 0.0, 0.0)


WEIGHTS: dict[SearchMode, Weights] = {
    "hybrid": Weights(0.5, 0.5),
    "semantic": Weights(1.0, 0.0),
    "keyword": Weights(0.0, 1.0),
}


def rank(evidence: Evidence, weights: Weights = WEIGHTS["hybrid"]) -> Ranking:
    """Score candidates, each from 0 to 1."""
    semantic = weights.semantic * np.clip(np.nan_to_num(evidence.semantic), 0, 1)
    keyword = weights.keyword * _by_words(evidence)
    whole = 1 + 2 * weights.beside + 2 * weights.near
    shares = np.array([weights.near, weights.beside, weights.beside, weights.near], np.float32)
    own = np.append(semantic + keyword, np.float32(0))  # the last for neighbours there are not
    neighbours = own[evidence.near] @ shares / whole
    semantic, keyword = semantic / whole, keyword / whole
    return Ranking(semantic + keyword + neighbours, semantic, keyword, neighbours)


def _by_words(evidence: Evidence) -> NDArray[np.float32]:
    """Return BM25 as a share of the most that the query could get."""
    rarity = np.log1p(
        (evidence.documents - evidence.documents_with + 0.5) / (evidence.documents_with + 0.5)
    )
    most = rarity.sum() * (_SATURATION + 1)
    if not most > 0:
        return np.zeros(len(evidence.lengths), np.float32)
    relative = evidence.lengths / max(float(evidence.lengths.mean()), 1.0)
    damped = _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * relative)
    found = evidence.occurrences
    scores = found * (_SATURATION + 1) / (found + damped[:, None]) @ rarity / most
    return np.asarray(scores, np.float32)
