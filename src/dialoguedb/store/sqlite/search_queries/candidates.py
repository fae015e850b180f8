"""Which objects a search compares in full, and how relevant they are.

Of a small scope that is everything. In a large one the nearest by meaning and the best by words are
looked at roughly, then the best of these again, with what is said around them. Filters are applied
before anything is left out: what few objects satisfy is found first, and only then compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import apsw
import numpy as np
from numpy.typing import NDArray

from dialoguedb.model.dialogues import Dialogue
from dialoguedb.model.memories import Memory
from dialoguedb.model.messages import Message
from dialoguedb.model.rarity import rarity
from dialoguedb.model.search import Search
from dialoguedb.ports.search import Hit, QueryVector, Rank, Ranking
from dialoguedb.store.sqlite.search_index.words import TABLES, Term
from dialoguedb.store.sqlite.search_queries import evidence
from dialoguedb.store.sqlite.search_queries.evidence import Asked
from dialoguedb.store.sqlite.search_queries.nearest import Groups, Renewed
from dialoguedb.store.sqlite.search_queries.occurrences import Counts, Occurrences
from dialoguedb.store.sqlite.search_queries.scopes import Numbers, Rows, Scope, array, column

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]

FEW = 5_000
"""Up to this many objects are all compared in full."""

_EVERY = 1 << 62
_NEAREST = 600
_WORDED = 300
_COMPARED = 1_000
"""Of those that hold the same words the shortest are taken, among so many."""

_MARKED_MAX = 20_000
_SEEDS = 60
_SEEDS_OF_DIALOGUE = 3
_ATTEMPTS = 4

_NUMBERS = "SELECT v.number FROM carray(?) c CROSS JOIN vectors v ON v.position = c.value"


@dataclass(frozen=True)
class Quest:
    """What is looked for, and how it is judged."""

    db: apsw.Connection
    search: Search
    vector: QueryVector | None
    rank: Rank
    nearest: Renewed

    @property
    def by_words(self) -> bool:
        """Whether only what holds a word is found."""
        return self.search.mode == "keyword"

    @property
    def enough(self) -> int:
        """How many are plenty to choose from."""
        return 2 * self.search.limit + 20


@dataclass(frozen=True)
class Judged:
    """Objects, and how relevant they are."""

    rows: Rows
    found: Flags
    """Which may be answered; the others are there for their neighbours' sake."""

    held: Floats
    """Which words each holds; shape (n, words)."""

    ranking: Ranking

    def best_first(self) -> NDArray[np.int64]:
        """Return where those found stand, the most relevant first, of equals the newest."""
        at = np.flatnonzero(self.found)
        best: NDArray[np.int64] = at[
            np.lexsort((-self.rows.numbers[at], -self.ranking.relevance[at]))
        ]
        return best

    def hit(self, at: int, item: Message | Dialogue | Memory, terms: Sequence[Term]) -> Hit:
        """Return one of them as it is answered."""
        ranking = self.ranking
        return Hit(
            item,
            float(ranking.relevance[at]),
            float(ranking.semantic[at]),
            float(ranking.keyword[at]),
            float(ranking.neighbours[at]),
            [term.word for term, held in zip(terms, self.held[at], strict=False) if held],
        )


class Judge:
    """Compares objects of a scope with what is looked for."""

    def __init__(self, quest: Quest, scope: Scope, *, spread: bool = False) -> None:
        """Look into a scope; `spread` is for many dialogues, not many messages of one."""
        self.quest = quest
        self.scope = scope
        self._spread = spread
        self.occurrences = Occurrences(scope, quest.search.query)
        self._all = scope.rows(FEW + 1)
        if self.small:
            self._held = self.occurrences.among(self._all.numbers)
            self._ask(Counts(len(self._all), self._held.sum(axis=0)))
        else:
            self._read_newest(strictly=False)

    def _read_newest(self, *, strictly: bool) -> None:
        self._newest = self.occurrences.newest(strictly=strictly)
        self._ask(self._newest.counts)

    def _ask(self, counts: Counts) -> None:
        meaning = evidence.aim(self.quest.db, self.quest.vector, self.terms, counts)
        self.asked = Asked(self.scope, self.terms, counts, meaning)

    @property
    def terms(self) -> Sequence[Term]:
        """The words that are looked for."""
        return self.occurrences.terms

    @property
    def small(self) -> bool:
        """Whether all there is can be compared."""
        return len(self._all) <= FEW

    def judge(self) -> Judged:
        """Return the objects that matter."""
        if self.small:
            return self._judged(self._all, self._held, self._satisfying(self._all.numbers))
        seeds = self._seeds(*self._rough())
        if self._newest.mixed and len(self.scope.found_of(seeds)) < len(seeds):
            self._read_newest(strictly=True)
            seeds = self._seeds(*self._rough())
        judged = self._judged_around(seeds)
        if self._spread and self._lacks_dialogues(judged):
            judged = self._judged_around(np.union1d(seeds, self._one_of_each()))
        return judged

    def _judged_around(self, seeds: Numbers) -> Judged:
        rows, complete = self.scope.around(seeds)
        found = complete & self._satisfying(rows.numbers)
        return self._judged(rows, self._newest.among(rows.numbers), found)

    def _lacks_dialogues(self, judged: Judged) -> bool:
        """Tell whether more dialogues may hold a word than those that were found."""
        if not self.quest.by_words or self._newest.complete:
            return False
        return len(np.unique(judged.rows.dialogues[judged.found])) < self.quest.search.limit

    def _one_of_each(self) -> Numbers:
        """Return a message of every dialogue that has some which may be found, older ones too."""
        numbers = self.scope.found_of(self.occurrences.all())
        _, first = np.unique(self.scope.dialogues_of(numbers), return_index=True)
        one_of_each: Numbers = numbers[first]
        return one_of_each

    def of_dialogue(self, dialogue: int) -> Judged:
        """Return messages of a dialogue of the scope that was found in another way."""
        rows = self.scope.of_dialogue(dialogue, FEW)
        held = self.occurrences.among(rows.numbers)
        return self._judged(rows, held, self._satisfying(rows.numbers))

    def _judged(self, rows: Rows, held: Floats, found: Flags) -> Judged:
        ranking = self.quest.rank(self.asked.of(rows, held))
        return Judged(rows, found & self._holding(held), held, ranking)

    def _satisfying(self, numbers: Numbers) -> Flags:
        """Return which of the scope's objects satisfy the filters."""
        if not self.scope.filtered:
            return np.ones(len(numbers), bool)
        return np.isin(numbers, self.scope.found_of(numbers))

    def _holding(self, held: Floats) -> Flags:
        """Return which objects may be found, given which words they hold."""
        return np.asarray(held.any(axis=1) | (not self.quest.by_words))

    # --- Large scopes -------------------------------------------------------------------------

    def _rough(self) -> tuple[Numbers, Floats]:
        """Return objects that satisfy the filters, and roughly which words they hold."""
        chosen = self._chosen_first()
        if chosen is None:
            numbers = self._best_of_all()
            if len(numbers) >= self.quest.enough or not self.scope.filtered:
                return self._filled(numbers)
            chosen = self.scope.found(_EVERY).numbers
        return self._best_of(np.sort(chosen))

    def _best_of_all(self) -> Numbers:
        """Return those of the best of the scope that satisfy the filters."""
        worded = self._best_by_words(*self._newest.scored())
        numbers = np.union1d(self._nearest(None), worded)
        return self.scope.found_of(numbers) if self.scope.filtered else numbers

    def _chosen_first(self) -> Numbers | None:
        """Return all that satisfies the filters if that is few, and quick to tell."""
        scope = self.scope
        if not scope.filtered:
            return None
        if scope.marks:
            match = " AND ".join((scope.match, *scope.marks))
            table = TABLES[scope.kind]
            sql = f"SELECT rowid AS number FROM {table} WHERE {table} MATCH ? LIMIT ?"
            marked = column(scope.db, sql, (match, _MARKED_MAX + 1))
            return scope.found_of(marked) if len(marked) <= _MARKED_MAX else None
        if not scope.is_quick:
            return None
        few = scope.found(FEW + 1).numbers
        return few if len(few) <= FEW else None

    def _best_of(self, chosen: Numbers) -> tuple[Numbers, Floats]:
        """Return the best of objects that are known to satisfy the filters."""
        held = self.occurrences.among(chosen, wanted=True)
        if self.quest.by_words:
            holding = held.any(axis=1)
            chosen, held = chosen[holding], held[holding]
        if len(chosen) <= FEW:
            return chosen, held
        counts = self.asked.counts
        scores = held @ rarity(counts.documents_with, counts.documents)
        best = self._best_by_words(chosen, scores)
        near = self._nearest(chosen)
        kept = np.isin(chosen, np.concatenate((best, near, chosen[-self.quest.enough :])))
        return chosen[kept], held[kept]

    def _best_by_words(self, numbers: Numbers, scores: Floats) -> Numbers:
        """Return those whose words tell the most; of equals the shortest, among the newest."""
        order = np.lexsort((-numbers, -scores))
        if self._spread:
            order = order[_not_too_often(self.scope.dialogues_of(numbers[order]))]
        order = order[:_COMPARED]
        if len(order) > _WORDED:
            lengths = evidence.lengths_of(self.scope, numbers[order])
            order = order[np.lexsort((lengths, -scores[order]))][:_WORDED]
        best: Numbers = numbers[order]
        return best

    def _filled(self, numbers: Numbers) -> tuple[Numbers, Floats]:
        """Add any others where too few are near or hold a word: all of them are relevant, by 0."""
        if len(numbers) < self.quest.enough and not self.quest.by_words:
            others = self.scope.found(len(numbers) + self.quest.enough).numbers
            numbers = np.union1d(numbers, others)
        return numbers, self._newest.roughly_among(numbers)

    def _nearest(self, among: Numbers | None) -> Numbers:
        """Return the nearest by meaning, those of `among` alone if there are such."""
        meaning, scope = self.asked.meaning, self.scope
        if meaning is None or self.quest.by_words:
            return np.empty(0, np.int64)
        groups = Groups(scope.kind, scope.project, scope.number)
        nearest = self.quest.nearest.of(scope.db, meaning.embedder)
        found = np.empty(0, np.int64)
        for _ in range(_ATTEMPTS):
            positions = nearest.find(meaning.vector, groups, _NEAREST, among)
            found = column(scope.db, _NUMBERS, (array(positions),))
            if len(found) == len(positions):
                break
            nearest.check(scope.db, positions)
        return found

    def _seeds(self, numbers: Numbers, held: Floats) -> Numbers:
        """Return the best as they are by themselves, of those that may be found."""
        rows = self.scope.apart(numbers)
        relevance = self.quest.rank(self.asked.of(rows, held)).relevance
        order = np.lexsort((-numbers, -relevance))
        order = order[self._holding(held)[order]]
        count = max(_SEEDS, _SEEDS_OF_DIALOGUE * self.quest.search.limit)
        if self._spread:
            order = order[_not_too_often(self.scope.dialogues_of(numbers[order]))]
        best: Numbers = numbers[order[:count]]
        return best


def _not_too_often(dialogues: Numbers) -> Flags:
    """Return which are among the first of their dialogue."""
    order = np.argsort(dialogues, kind="stable")
    ordered = dialogues[order]
    first = np.searchsorted(ordered, ordered)
    places = np.empty(len(dialogues), np.int64)
    places[order] = np.arange(len(dialogues)) - first
    return places < _SEEDS_OF_DIALOGUE
