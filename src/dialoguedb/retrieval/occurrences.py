"""Where the words of a query occur, and how many objects hold each.

An index of words tells whether a word occurs in an object, not how often, so it occurs or does not.
How rare it is, is counted where is searched; in a large scope it is estimated from the newest
objects that hold it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dialoguedb.retrieval.scoring import rarity
from dialoguedb.retrieval.snapshot import NO_KEYS, Floats, Postings, RowKeys, SearchScope, TermGroup

NEWEST = 10_000
"""Objects read of a word that more hold."""


class Counts(NamedTuple):
    """How many objects there are in a scope, and how many of them hold each term group."""

    documents: int
    documents_with: Floats

    def rarities(self) -> Floats:
        """Return how much each term group tells."""
        return rarity(self.documents_with, self.documents)


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


class Newest:
    """The newest objects of a large scope that hold each term group."""

    def __init__(self, groups: Sequence[TermGroup], postings: Postings) -> None:
        self.mixed = postings.mixed
        self._groups = groups
        self._holding = postings.holding
        bounds = postings.first, postings.last
        counts = [_estimated(keys, bounds) for keys in postings.holding]
        documents = max(_estimated(postings.every, bounds), *counts, 1)
        self.counts = Counts(documents, np.array(counts, np.float32))

    @property
    def complete(self) -> bool:
        """Whether no other object of the scope holds a term."""
        return not any(map(_is_cut, self._holding))

    def scored(self) -> tuple[RowKeys, Floats]:
        """Return the objects that hold a term, sorted, and how much their terms tell."""
        if not self._holding:
            return NO_KEYS, np.empty(0, np.float32)
        keys, places = np.unique(np.concatenate(self._holding), return_inverse=True)
        weights = np.repeat(self.counts.rarities(), [len(each) for each in self._holding])
        return keys, np.bincount(places, weights, len(keys)).astype(np.float32)

    def roughly_held(self, keys: RowKeys) -> Floats:
        """Return which terms objects hold, as far as that is known; shape (n, groups)."""
        return held(keys, self._holding)

    def held(self, scope: SearchScope, keys: RowKeys) -> Floats:
        """Return which terms objects hold, reading of older ones; shape (n, groups)."""
        found = self.roughly_held(keys)
        cut = [group for group, holding in enumerate(self._holding) if _is_cut(holding)]
        oldest_read = max((int(self._holding[group][0]) for group in cut), default=0)
        older = np.flatnonzero(keys < oldest_read)
        if not len(older):
            return found
        groups = [self._groups[group] for group in cut]
        of_older = held(keys[older], scope.holding(groups, keys[older], "windows"))
        cells = np.ix_(older, np.array(cut))
        found[cells] = np.maximum(found[cells], of_older)
        return found


def _is_cut(holding: RowKeys) -> bool:
    return len(holding) == NEWEST


def _estimated(newest: RowKeys, bounds: tuple[int, int]) -> int:
    """Estimate how many there are as if they were spread evenly."""
    if not _is_cut(newest):
        return len(newest)
    first, last = bounds
    return round(len(newest) * (last - first + 1) / (last - int(newest[0]) + 1))
