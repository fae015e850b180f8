"""How relevant each candidate of a search is: by meaning, by words, and by what is said around it.

A turn of a conversation is understood from its neighbours ("Yes, last Tuesday" answers the question
before it), so a message gets shares of the scores of the two before and the two after it, and of
the best in its dialogue. A message of somebody whom the query names counts for more.

Both parts of a score are absolute: the cosine, and what a document has of the words asked for. So
they are added as they are, which is better than by ranks (Bruch, Gai and Ingber, 2023).
"""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from dialoguedb.model.rarity import rarity
from dialoguedb.model.search import SearchMode
from dialoguedb.ports.search import Evidence, Ranking

Floats = NDArray[np.float32]

_SATURATION = 0.9
_LENGTH_SHARE = 0.4
"""k1 and b of BM25, for short texts (Trotman, Puurula and Burgess, 2014)."""

_SEVERAL = 4
"""So many words together say what somebody means."""

_SLOPE = 2.0
"""How fast relevance rises with the score."""


class Weights(Struct, frozen=True):
    """What counts how much."""

    semantic: float = 0.5
    keyword: float = 0.5
    beside: float = 0.4
    """The share of the scores of the message before and the one after."""

    near: float = 0.2
    """The share of the scores of those two away."""

    dialogue: float = 0.1
    """The share of the best score in the dialogue."""

    speaker: float = 0.5
    """What a message gains when the query names its speaker."""

    def alone(self) -> "Weights":
        """Return the same, with every message judged by itself."""
        return Weights(self.semantic, self.keyword, 0.0, 0.0, 0.0, 0.0)


WEIGHTS: dict[SearchMode, Weights] = {
    "hybrid": Weights(),
    "semantic": Weights(semantic=1.0, keyword=0.0),
    "keyword": Weights(semantic=0.0, keyword=1.0),
}


def rank(evidence: Evidence, weights: Weights = WEIGHTS["hybrid"]) -> Ranking:
    """Score candidates, each from 0 to 1."""
    semantic = weights.semantic * np.clip(np.nan_to_num(evidence.semantic), 0, 1)
    keyword = weights.keyword * _by_words(evidence)
    own = (semantic + keyword).astype(np.float32)
    beside, divisor = _around(own, evidence, weights)
    whole = _with_dialogue(_floats((own + beside) / divisor), evidence, weights)
    scores = whole * np.where(evidence.named, 1 + weights.speaker, 1)
    relevance = -np.expm1(-_SLOPE * scores)
    # Each part gets its share of the relevance: its own words and meaning, the rest from around.
    per_score = relevance / np.where(whole > 0, whole, 1)
    parts = [semantic / divisor * per_score, keyword / divisor * per_score]
    around = np.maximum(relevance - sum(parts), 0) + 0.0  # no negative zero
    return Ranking(*(_floats(part) for part in (relevance, *parts, around)))


def _by_words(evidence: Evidence) -> Floats:
    """Return BM25, each occurrence counted once, as a share of all that the query asks for."""
    rarities = rarity(evidence.documents_with, evidence.documents)
    if not (len(evidence.lengths) and rarities.sum() > 0):
        return np.zeros(len(evidence.lengths), np.float32)
    relative = evidence.lengths / max(float(evidence.lengths.mean()), 1.0)
    damping = 1 + _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * relative)
    found = evidence.occurrences @ rarities / rarities.sum()
    return _floats(found * (_SATURATION + 1) / damping)


def _around(scores: Floats, evidence: Evidence, weights: Weights) -> tuple[Floats, Floats]:
    """Return the shares of the neighbours' scores, and what the sum with them is divided by.

    At the edges of a dialogue, where few are, each counts more. What holds every word that is asked
    for needs no neighbours to be understood: it is not to lose by them.
    """
    shares = np.array([weights.near, weights.beside, weights.beside, weights.near], np.float32)
    beside = np.append(scores, np.float32(0))[evidence.near] @ shares
    divisor = np.sqrt(1 + (evidence.near >= 0) @ shares)
    alone = _holds_all(evidence) & ((scores + beside) / divisor < scores)
    return _floats(np.where(alone, 0, beside)), _floats(np.where(alone, 1, divisor))


def _holds_all(evidence: Evidence) -> NDArray[np.bool_]:
    asked = evidence.occurrences.shape[1]
    return np.asarray((asked >= _SEVERAL) & evidence.occurrences.all(axis=1))


def _with_dialogue(scores: Floats, evidence: Evidence, weights: Weights) -> Floats:
    if not len(scores):
        return scores
    changes = evidence.dialogues[1:] != evidence.dialogues[:-1]
    first = np.flatnonzero(np.append(True, changes))
    best = np.maximum.reduceat(scores, first)
    lift = weights.dialogue * np.repeat(best, np.diff(np.append(first, len(scores))))
    return _floats(scores + np.where(evidence.dialogues >= 0, lift, 0))


def _floats(values: object) -> Floats:
    return np.asarray(values, np.float32)
