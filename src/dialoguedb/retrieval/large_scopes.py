"""Candidates of a scope that is too large to be compared as a whole.

Filters are applied before anything is left out: what few objects match is found first, and only
then compared. How rare a word is, is estimated from the newest objects that hold it.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dialoguedb.retrieval.candidates import (
    FEW,
    Flags,
    ScoredCandidates,
    Scorer,
    ScoringContext,
)
from dialoguedb.retrieval.scoring import Counts, held
from dialoguedb.retrieval.snapshot import (
    NO_KEYS,
    Floats,
    Held,
    Neighborhood,
    Position,
    Postings,
    RowKeys,
    Rows,
    SearchScope,
)
from dialoguedb.retrieval.terms import TermGroup

_NEWEST = 10_000
"""Objects read of a word that more hold."""

_NEAREST = 600
_WORDED = 300
_COMPARED = 1_000
"""Of those that hold the same words the shortest are taken, among so many."""

_UNSEEN = 0.5
"""As how often a term counts that none of the newest objects hold, but older ones may."""

_SEEDS = 60
_SEEDS_OF_DIALOGUE = 3
_AROUND = 4
"""Messages looked at before and after one: two of its neighbours', whose neighbours count too."""


def find(
    context: ScoringContext, scope: SearchScope, *, spread: bool = False
) -> tuple[ScoredCandidates, "LargeScope"]:
    """Return the candidates of a scope that matter, and the scope.

    `spread` is for many dialogues, not many messages of one.
    """
    few = scope.few_matching(FEW) if scope.filtered else None
    large = _look(context, scope, few, spread=spread, strictly=False)
    seeds = large.seeds()
    if large.newest.mixed and len(scope.matching(seeds)) < len(seeds):
        large = _look(context, scope, few, spread=spread, strictly=True)
        seeds = large.seeds()
    candidates = large.around(seeds)
    if spread and large.lacks_dialogues(candidates):
        candidates = large.around(np.union1d(seeds, large.one_of_each()))
    return candidates, large


def _look(
    context: ScoringContext,
    scope: SearchScope,
    few: RowKeys | None,
    *,
    spread: bool,
    strictly: bool,
) -> "LargeScope":
    groups = context.query.groups
    to_count = few is not None
    newest = Newest(groups, scope.newest(groups, _NEWEST, strictly=strictly, to_count=to_count))
    vector = context.vector_where(newest.counts)
    return LargeScope(Scorer(context, scope, newest.counts, vector), newest, few, spread=spread)


class LargeScope:
    """Chooses the rows of a large scope that are compared in full."""

    def __init__(
        self, scorer: Scorer, newest: "Newest", few: RowKeys | None, *, spread: bool
    ) -> None:
        self.newest = newest
        self._few = few
        """All that match the filters, where these are few."""

        self._scorer = scorer
        self._context = scorer.context
        self._scope = scorer.scope
        self._spread = spread

    def of_dialogue(self, dialogue: int) -> ScoredCandidates:
        """Return messages of a dialogue of the scope that was found in another way."""
        rows = self._scope.rows(FEW, dialogue)
        holding = self._scope.holding(self._context.query.groups, rows.keys, "scope")
        found = self._scorer.matching(rows.keys)
        return self._scorer.candidates(rows, held(rows.keys, holding), found)

    def around(self, seeds: RowKeys) -> ScoredCandidates:
        """Return rows and those around them."""
        rows, complete = self._with_neighbours(seeds)
        found = complete & self._scorer.matching(rows.keys)
        return self._scorer.candidates(rows, self.newest.held(self._scope, rows.keys), found)

    def lacks_dialogues(self, candidates: ScoredCandidates) -> bool:
        """Tell whether more dialogues may hold a word than those that were found."""
        if not self._context.by_words or self.newest.complete:
            return False
        if self._few is not None and len(self._few) <= FEW:
            return False
        found = np.unique(candidates.rows.dialogues[candidates.found])
        return len(found) < self._context.search.limit

    def one_of_each(self) -> RowKeys:
        """Return a message of every dialogue that has some which may be found, older ones too."""
        keys = self._scope.matching(self._scope.holding_any(self._context.query.groups))
        _, first = np.unique(self._scope.dialogues_of(keys), return_index=True)
        one_of_each: RowKeys = keys[first]
        return one_of_each

    def seeds(self) -> RowKeys:
        """Return the best as they are by themselves, of those that may be found."""
        keys, occurrences = self._rough()
        relevance = self._scorer.score(Rows.apart(keys), occurrences).relevance
        order = np.lexsort((-keys, -relevance))
        order = order[self._context.may_be_found(occurrences)[order]]
        count = max(_SEEDS, _SEEDS_OF_DIALOGUE * self._context.search.limit)
        if self._spread:
            order = order[_not_too_often(self._scope.dialogues_of(keys[order]))]
        best: RowKeys = keys[order[:count]]
        return best

    def _rough(self) -> tuple[RowKeys, Floats]:
        """Return rows that match the filters, and roughly which words they hold."""
        few = self._few
        if few is None:
            keys = self._best_of_all()
            if len(keys) >= self._context.enough or not self._scope.filtered:
                return self._filled(keys)
            few = self._scope.some_matching(None)
        return self._best_of(np.sort(few))

    def _best_of_all(self) -> RowKeys:
        """Return those of the best of the scope that match the filters."""
        worded = self._best_by_words(*self.newest.scored())
        keys = np.union1d(self._nearest(None), worded)
        return self._scope.matching(keys) if self._scope.filtered else keys

    def _best_of(self, matching: RowKeys) -> tuple[RowKeys, Floats]:
        """Return the best of rows that are known to match the filters."""
        holding = self._scope.holding(self._context.query.groups, matching, "matching")
        occurrences = held(matching, holding)
        if self._context.by_words:
            worded = occurrences.any(axis=1)
            matching, occurrences = matching[worded], occurrences[worded]
        if len(matching) <= FEW:
            return matching, occurrences
        best = self._best_by_words(matching, occurrences @ self._scorer.counts.rarities())
        near = self._nearest(matching)
        newest = matching[-self._context.enough :]
        kept = np.isin(matching, np.concatenate((best, near, newest)))
        return matching[kept], occurrences[kept]

    def _best_by_words(self, keys: RowKeys, scores: Floats) -> RowKeys:
        """Return those whose words tell the most; of equals the shortest, among the newest."""
        order = np.lexsort((-keys, -scores))
        if self._spread:
            order = order[_not_too_often(self._scope.dialogues_of(keys[order]))]
        order = order[:_COMPARED]
        if len(order) > _WORDED:
            lengths = self._scope.features(keys[order]).lengths
            order = order[np.lexsort((lengths, -scores[order]))][:_WORDED]
        best: RowKeys = keys[order]
        return best

    def _filled(self, keys: RowKeys) -> tuple[RowKeys, Floats]:
        """Add any others where too few are near or hold a word: all of them are relevant, by 0."""
        enough = self._context.enough
        if len(keys) < enough and not self._context.by_words:
            keys = np.union1d(keys, self._scope.some_matching(len(keys) + enough))
        if self.newest.looked_up:
            return keys, self.newest.held(self._scope, keys)
        return keys, self.newest.roughly_held(keys)

    def _nearest(self, among: RowKeys | None) -> RowKeys:
        """Return the nearest by meaning, those of `among` alone if there are such."""
        vector = self._scorer.vector
        if vector is None or self._context.by_words:
            return NO_KEYS
        return self._scope.nearest(vector, _NEAREST, among)

    def _with_neighbours(self, keys: RowKeys) -> tuple[Rows, Flags]:
        """Return rows with their surroundings, and which of these have all theirs there too."""
        if self._scope.object != "message":
            return Rows.apart(keys), np.ones(len(keys), bool)
        complete: dict[tuple[int, Position], bool] = {}
        for neighborhood in self._scope.neighborhoods(keys, _AROUND):
            _note(complete, neighborhood)
        ordered = sorted(complete)
        rows = Rows(
            np.fromiter((position.key for _, position in ordered), np.int64),
            np.fromiter((dialogue for dialogue, _ in ordered), np.int64),
        )
        return rows, np.fromiter((complete[position] for position in ordered), bool, len(ordered))


def _note(complete: dict[tuple[int, Position], bool], neighborhood: Neighborhood) -> None:
    """Note the messages of a neighborhood: those up to two away have all their neighbours in it."""
    for positions, near in ((neighborhood.earlier, 3), (neighborhood.later, 2)):
        for distance, position in enumerate(positions):
            within = (neighborhood.dialogue, position)
            complete[within] = complete.get(within, False) or distance < near


def _not_too_often(dialogues: RowKeys) -> NDArray[np.bool_]:
    """Return which are among the first of their dialogue."""
    order = np.argsort(dialogues, kind="stable")
    ordered = dialogues[order]
    first = np.searchsorted(ordered, ordered)
    ranks = np.empty(len(dialogues), np.int64)
    ranks[order] = np.arange(len(dialogues)) - first
    return ranks < _SEEDS_OF_DIALOGUE


# --- Words -------------------------------------------------------------------------------------


class Newest:
    """The newest objects of a large scope that hold each term group."""

    def __init__(self, groups: Sequence[TermGroup], postings: Postings) -> None:
        self.mixed = postings.mixed
        self.looked_up = postings.looked_up
        self._groups = groups
        self._holding = [held.keys for held in postings.holding]
        self._since = [held.since for held in postings.holding]
        bounds = postings.first, postings.last
        counts = [_estimated(held, bounds) for held in postings.holding]
        documents = max(_estimated(postings.every, bounds), *counts, 1)
        self.counts = Counts(documents, np.array(counts, np.float32))

    @property
    def complete(self) -> bool:
        """Whether no other object of the scope holds a term."""
        return all(since is None for since in self._since)

    def scored(self) -> tuple[RowKeys, Floats]:
        """Return the objects that hold a term, sorted, and how much their terms tell."""
        if not self._holding:
            return NO_KEYS, np.empty(0, np.float32)
        keys, indexes = np.unique(np.concatenate(self._holding), return_inverse=True)
        weights = np.repeat(self.counts.rarities(), [len(each) for each in self._holding])
        return keys, np.bincount(indexes, weights, len(keys)).astype(np.float32)

    def roughly_held(self, keys: RowKeys) -> Floats:
        """Return which terms objects hold, as far as that is known; shape (n, groups)."""
        return held(keys, self._holding)

    def held(self, scope: SearchScope, keys: RowKeys) -> Floats:
        """Return which terms objects hold, reading of older ones; shape (n, groups)."""
        found = self.roughly_held(keys)
        cut = {group: since for group, since in enumerate(self._since) if since is not None}
        oldest_read = max(cut.values(), default=0)
        older = np.flatnonzero(keys < oldest_read)
        if not len(older):
            return found
        groups = [self._groups[group] for group in cut]
        of_older = held(keys[older], scope.holding(groups, keys[older], "neighborhoods"))
        cells = np.ix_(older, np.array([*cut]))
        found[cells] = np.maximum(found[cells], of_older)
        return found


def _estimated(newest: Held, bounds: tuple[int, int]) -> int:
    """Estimate how many there are as if they were spread evenly."""
    if newest.since is None:
        return len(newest.keys)
    first, last = bounds
    known = len(newest.keys) - int(np.searchsorted(newest.keys, newest.since))
    estimated = round((known or _UNSEEN) * (last - first + 1) / (last - newest.since + 1))
    return max(estimated, len(newest.keys))
