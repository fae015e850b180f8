"""How relevant each candidate of a search is: by meaning, by words, and by its neighbours.

A turn of a conversation is understood from its neighbours ("Yes, last Tuesday" answers the question
before it), so a message gets shares of the scores of the two before and the two after it, and of
the best in its dialogue. A message of somebody whom the query names counts for more.

Both parts of a score are absolute: the cosine, and what a document has of the words asked for. So
they are added as they are, a convex combination, which is better than reciprocal rank fusion
(Bruch, Gai and Ingber, 2023).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from dialoguedb.ports.search import Weights
from dialoguedb.retrieval.snapshot import Floats, RowKeys
from dialoguedb.retrieval.weights import WEIGHTS

_SATURATION = 0.9
_LENGTH_SHARE = 0.4
"""k1 and b of BM25, for short texts (Trotman, Puurula and Burgess, 2014)."""

_SEVERAL = 4
"""So many words together say what somebody means."""

_EXPLAINS_ITSELF = 80
"""Up to so many words a message is understood from its neighbours; the longer, the less."""

_SLOPE = 2.0
"""How fast relevance rises with the score."""


class Counts(NamedTuple):
    """How many objects there are in a scope, and how many of them hold each term group."""

    documents: int
    documents_with: Floats

    def rarities(self) -> Floats:
        """Return how much each term group tells."""
        return rarity(self.documents_with, self.documents)


class Features(Struct):
    """What is known of a search's candidates; row i of every array is candidate i."""

    semantic: Floats
    """Cosine with the query, NaN without a vector; shape (n,)."""

    occurrences: Floats
    """Whether each term group of the query occurs, 1 or 0; shape (n, groups)."""

    lengths: Floats
    """Words of each candidate; shape (n,)."""

    documents: int
    """How many there are in the scope that is searched."""

    documents_with: Floats
    """In how many of them each term group occurs; shape (groups,)."""

    near: NDArray[np.int64]
    """Rows of the neighbours in the dialogue: two before, one before, one after, two after; -1 for
    none; shape (n, 4)."""

    dialogues: NDArray[np.int64]
    """The dialogue of each message, -1 for what is none; those of one stand together; shape (n,).
    """

    named: NDArray[np.bool_]
    """Whether the query names who speaks; shape (n,)."""


class Ranking(Struct):
    """The scores of candidates, each of shape (n,)."""

    relevance: Floats
    """0 to 1."""

    semantic: Floats
    keyword: Floats
    neighbours: Floats
    """The shares that relevance is the sum of."""


def rarity(documents_with: Floats, documents: int) -> Floats:
    """Weigh words by in how many of so many documents each occurs.

    The inverse document frequency of BM25, in the form that never falls below zero (Robertson and
    Zaragoza, 2009, section 3.4).
    """
    without = np.maximum(documents - documents_with, 0)
    return np.log1p((without + 0.5) / (documents_with + 0.5)).astype(np.float32)


def held(keys: RowKeys, holding: Sequence[RowKeys]) -> Floats:
    """Return which objects are among those that hold each term group; shape (n, groups)."""
    found = np.zeros((len(keys), len(holding)), np.float32)
    if not len(keys):
        return found
    order = np.argsort(keys)
    ordered = keys[order]
    for group, held_by in enumerate(holding):
        at = np.searchsorted(ordered, held_by)
        at[at == len(ordered)] = 0
        found[order[at[ordered[at] == held_by]], group] = 1
    return found


def rank(features: Features, weights: Weights = WEIGHTS["hybrid"]) -> Ranking:
    """Score candidates, each from 0 to 1."""
    semantic = weights.semantic * np.clip(np.nan_to_num(features.semantic), 0, 1)
    keyword = weights.keyword * _by_words(features)
    own = (semantic + keyword).astype(np.float32)
    beside, divisor = _around(own, features, weights)
    whole = _with_dialogue(_floats((own + beside) / divisor), features, weights)
    scores = whole * np.where(features.named, 1 + weights.speaker, 1)
    relevance = -np.expm1(-_SLOPE * scores)
    # Each part gets its share of the relevance: its own words and meaning, the rest from around.
    per_score = relevance / np.where(whole > 0, whole, 1)
    parts = [semantic / divisor * per_score, keyword / divisor * per_score]
    around = np.maximum(relevance - sum(parts), 0) + 0.0  # no negative zero
    return Ranking(*(_floats(part) for part in (relevance, *parts, around)))


def _by_words(features: Features) -> Floats:
    """Return BM25, each occurrence counted once, as a share of all that the query asks for."""
    rarities = rarity(features.documents_with, features.documents)
    if not (len(features.lengths) and rarities.sum() > 0):
        return np.zeros(len(features.lengths), np.float32)
    relative = features.lengths / max(float(features.lengths.mean()), 1.0)
    damping = 1 + _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * relative)
    found = features.occurrences @ rarities / rarities.sum()
    return _floats(found * (_SATURATION + 1) / damping)


def _around(scores: Floats, features: Features, weights: Weights) -> tuple[Floats, Floats]:
    """Return the shares of the neighbours' scores, and what the sum with them is divided by.

    At the edges of a dialogue, where few are, each counts more. A long message says by itself what
    it is about, so that its neighbours count less. What holds every word that is asked
    for needs no neighbours to be understood: it is not to lose by them.
    """
    shares = np.array([weights.near, weights.beside, weights.beside, weights.near], np.float32)
    needed = np.minimum(1, _EXPLAINS_ITSELF / np.maximum(features.lengths, 1))
    beside = np.append(scores, np.float32(0))[features.near] @ shares * needed
    divisor = np.sqrt(1 + (features.near >= 0) @ shares * needed)
    alone = _holds_all(features) & ((scores + beside) / divisor < scores)
    return _floats(np.where(alone, 0, beside)), _floats(np.where(alone, 1, divisor))


def _holds_all(features: Features) -> NDArray[np.bool_]:
    groups = features.occurrences.shape[1]
    return np.asarray((groups >= _SEVERAL) & features.occurrences.all(axis=1))


def _with_dialogue(scores: Floats, features: Features, weights: Weights) -> Floats:
    if not len(scores):
        return scores
    changes = features.dialogues[1:] != features.dialogues[:-1]
    first = np.flatnonzero(np.append(True, changes))
    best = np.maximum.reduceat(scores, first)
    lift = weights.dialogue * np.repeat(best, np.diff(np.append(first, len(scores))))
    return _floats(scores + np.where(features.dialogues >= 0, lift, 0))


def _floats(values: object) -> Floats:
    return np.asarray(values, np.float32)
