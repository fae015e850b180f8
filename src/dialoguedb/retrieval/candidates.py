"""Which objects a search compares in full, and how relevant they are.

In a small scope that is every object. In a large one the nearest by meaning and the best by words
are compared roughly, then the best of these again, with the messages around them: two stages, as in
any cascade of rankers (Wang, Lin and Metzler, 2011). `large_scopes` holds the first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dialoguedb.model.search import Search
from dialoguedb.ports.search import Item, QueryVector, SearchHit, Weights, WordVectors
from dialoguedb.retrieval import text
from dialoguedb.retrieval.normal_form import readable
from dialoguedb.retrieval.scoring import Counts, Features, Ranking, held, rank
from dialoguedb.retrieval.snapshot import NO_KEYS, Floats, RowKeys, Rows, SearchScope
from dialoguedb.retrieval.terms import Term, Tokenizer
from dialoguedb.retrieval.text import QueryTerms
from dialoguedb.retrieval.vectors import weighted

Flags = NDArray[np.bool_]

FEW = 5_000
"""Up to this many objects are all compared in full."""

_OFFSETS = (-2, -1, 1, 2)


@dataclass(frozen=True)
class ScoringContext:
    """What is looked for, and how candidates are scored."""

    search: Search
    vector: "QueryVector | None"
    weights: Weights
    tokenizer: Tokenizer
    query: QueryTerms

    @property
    def by_words(self) -> bool:
        """Whether only what holds a word is found."""
        return self.search.mode == "keyword"

    @property
    def enough(self) -> int:
        """How many are plenty to choose from."""
        return 2 * self.search.limit + 20

    def may_be_found(self, occurrences: Floats) -> Flags:
        """Return which objects may be found, given which words they hold."""
        return np.asarray(occurrences.any(axis=1) | (not self.by_words))

    def vector_where(self, counts: Counts) -> Floats | None:
        """Return the query's vector where words are as rare as that."""
        if not isinstance(self.vector, WordVectors):
            return self.vector
        return weighted(self.vector, self.query.stems, self.query.terms, counts.rarities())


def context_of(
    tokenizer: Tokenizer, search: Search, vector: "QueryVector | None", weights: Weights
) -> ScoringContext:
    """Read a query."""
    words: Sequence[str] = ()
    if isinstance(vector, WordVectors):
        words = vector.words
        if search.mode == "hybrid":
            weights = weights.trusting(vector.familiarity)
    query = text.query_terms(tokenizer, search.query, words)
    return ScoringContext(search, vector, weights, tokenizer, query)


@dataclass(frozen=True)
class ScoredCandidates:
    """Objects, and how relevant they are."""

    rows: Rows
    found: Flags
    """Which may be returned; the others are there for their neighbours' sake."""

    occurrences: Floats
    """Which words each holds; shape (n, groups)."""

    ranking: Ranking

    def best_first(self) -> NDArray[np.int64]:
        """Return where those found stand, the most relevant first, of equals the newest."""
        at = np.flatnonzero(self.found)
        best: NDArray[np.int64] = at[np.lexsort((-self.rows.keys[at], -self.ranking.relevance[at]))]
        return best

    def hit(self, at: int, item: Item, terms: Sequence[Term]) -> SearchHit:
        """Return one of them as a search returns it."""
        ranking = self.ranking
        occurring = zip(terms, self.occurrences[at], strict=False)
        return SearchHit(
            item,
            float(ranking.relevance[at]),
            float(ranking.semantic[at]),
            float(ranking.keyword[at]),
            float(ranking.neighbours[at]),
            [readable(term.word) for term, occurs in occurring if occurs],
        )


@dataclass(frozen=True)
class Scorer:
    """Compares rows of a scope with a query."""

    context: ScoringContext
    scope: SearchScope
    counts: Counts
    vector: Floats | None

    def candidates(self, rows: Rows, occurrences: Floats, found: Flags) -> ScoredCandidates:
        """Return rows with their scores, given which words they hold and which match filters."""
        may_be_found = found & self.context.may_be_found(occurrences)
        return ScoredCandidates(rows, may_be_found, occurrences, self.score(rows, occurrences))

    def score(self, rows: Rows, occurrences: Floats) -> Ranking:
        """Return the scores of rows, given which words they hold."""
        return rank(self._features(rows, occurrences), self.context.weights)

    def matching(self, keys: RowKeys) -> Flags:
        """Return which rows of the scope match the filters."""
        if not self.scope.filtered:
            return np.ones(len(keys), bool)
        return np.isin(keys, self.scope.matching(keys))

    def _features(self, rows: Rows, occurrences: Floats) -> Features:
        """Read what is known of rows."""
        is_message = self.scope.object == "message"
        named = rows.keys[occurrences.any(axis=1)] if is_message else NO_KEYS
        known = self.scope.features(rows.keys, self.vector, named)
        return Features(
            semantic=known.cosines,
            occurrences=occurrences,
            lengths=known.lengths,
            documents=self.counts.documents,
            documents_with=self.counts.documents_with,
            near=_near(rows.dialogues),
            dialogues=rows.dialogues,
            named=self._speakers_named(rows.keys, known.names),
        )

    def _speakers_named(self, keys: RowKeys, names: Sequence[tuple[int, str]]) -> Flags:
        """Return of which messages the query names the speaker, who is among their words."""
        of_query = {term.stem for term in self.context.query.terms}
        distinct = list({name for _, name in names})
        stems = text.stems(self.context.tokenizer, distinct) if distinct else []
        speakers = {
            name
            for name, of_name in zip(distinct, stems, strict=True)
            if not of_query.isdisjoint(of_name)
        }
        return np.isin(
            keys, np.fromiter((key for key, name in names if name in speakers), np.int64)
        )


def _near(dialogues: RowKeys) -> NDArray[np.int64]:
    """Return the rows two and one before, one and two after in the same dialogue; else -1."""
    count = len(dialogues)
    rows = np.arange(count)[:, None] + np.array(_OFFSETS)
    inside = (rows >= 0) & (rows < count) & (dialogues >= 0)[:, None]
    rows = np.where(inside, rows, -1)
    same = inside & (dialogues[rows] == dialogues[:, None])
    return np.where(same, rows, -1)


def compare_all(context: ScoringContext, scope: SearchScope, rows: Rows) -> ScoredCandidates:
    """Compare all rows of a small scope."""
    groups = context.query.groups
    occurrences = held(rows.keys, scope.holding(groups, rows.keys, "scope"))
    counts = Counts(len(rows.keys), occurrences.sum(axis=0))
    scorer = Scorer(context, scope, counts, context.vector_where(counts))
    return scorer.candidates(rows, occurrences, scorer.matching(rows.keys))
