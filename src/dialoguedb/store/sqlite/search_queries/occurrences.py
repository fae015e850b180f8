"""Where the words of a query occur.

FTS5 keeps no count of a word within an object, so a word occurs or does not. How rare it is, is
counted where is searched; in a large scope it is reckoned from the newest objects that hold it.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dialoguedb.model.rarity import rarity
from dialoguedb.store.sqlite.search_index import words
from dialoguedb.store.sqlite.search_index.words import TABLES
from dialoguedb.store.sqlite.search_queries.scopes import Numbers, Scope, column

Floats = NDArray[np.float32]

_WORDS_MAX = 32
"""Words of a query that count each for itself; those beyond count together, as one."""

_NEWEST = 10_000
"""Objects read of a word that more hold."""

_GAP_MAX = 100
"""Numbers between objects that are looked through together."""

_SAMPLES = 8
_SAMPLE = 200
_MOST = 0.9
_SPARSE = 20
"""Numbers to an object of a scope, from which on its mark is worth being looked up as well."""


class Counts(NamedTuple):
    """How many objects there are in a scope, and how many of them hold each word."""

    documents: int
    documents_with: Floats


class Occurrences:
    """Where in a scope the words of a query occur."""

    def __init__(self, scope: Scope, query: str) -> None:
        self._scope = scope
        table = TABLES[scope.kind]
        holding = f"SELECT rowid AS number FROM {table} WHERE {table} MATCH ?"
        self._between = f"{holding} AND rowid BETWEEN ? AND ?"
        self._newest = f"{holding} ORDER BY rowid DESC LIMIT {_NEWEST}"
        sizes = f"{table}_docsize"  # asked for both at once, SQLite would read all of it
        self._bounds = f"SELECT (SELECT min(id) FROM {sizes}), (SELECT max(id) FROM {sizes})"
        terms = words.query_terms(scope.db, query)
        if len(terms) > _WORDS_MAX:  # the longer, the rarer
            terms.sort(key=lambda term: len(term.word), reverse=True)
        self.terms, rest = terms[:_WORDS_MAX], terms[_WORDS_MAX:]
        self._matches = [words.quote(term.word) for term in self.terms]
        if rest:
            self._matches.append(f"({' OR '.join(words.quote(term.word) for term in rest)})")

    def __len__(self) -> int:
        """Return how many words count."""
        return len(self._matches)

    def among(self, numbers: Numbers, *, wanted: bool = False) -> Floats:
        """Return which words objects of the scope hold, `wanted` ones alone; shape (n, words)."""
        return _held(
            numbers, [self._holding(at, numbers, wanted=wanted) for at in range(len(self))]
        )

    def _holding(self, at: int, numbers: Numbers, *, wanted: bool = False) -> Numbers:
        """Return what holds a word, with numbers no lower and no higher than these."""
        if not len(numbers):
            return numbers
        match, first, last = self._matches[at], int(numbers.min()), int(numbers.max())
        if last - first > _SPARSE * len(numbers):
            marks = self._scope.marks if wanted else ()
            match = " AND ".join((self._scope.match, *marks, match))
        return column(self._scope.db, self._between, (match, first, last))

    def all(self) -> Numbers:
        """Return whatever of the scope holds a word."""
        table, holding = TABLES[self._scope.kind], " OR ".join(self._matches)
        if not holding:
            return np.empty(0, np.int64)
        sql = f"SELECT rowid AS number FROM {table} WHERE {table} MATCH ?"
        return column(self._scope.db, sql, (f"{self._scope.match} AND ({holding})",))

    def newest(self, *, strictly: bool) -> "Newest":
        """Return the newest objects that hold each word, `strictly` of the scope alone.

        Where nearly all there is belongs to the scope, to look up its mark costs more than what
        others have among it, which is left out later.
        """
        db, mark = self._scope.db, self._scope.match
        first, last = db.execute(self._bounds).get
        mixed = not strictly and self._is_most(first or 0, last or 0)
        within = "" if mixed else f"{mark} AND "
        every, *holding = (
            np.sort(column(db, self._newest, (match,)))
            for match in (mark, *(within + match for match in self._matches))
        )
        return Newest(self, (first or 0, last or 0), every, holding, mixed=mixed)

    def _is_most(self, first: int, last: int) -> bool:
        """Tell whether nearly all objects are of the scope, going by samples."""
        for start in np.linspace(first, max(first, last - _SAMPLE), _SAMPLES).astype(int).tolist():
            bounds = (start, min(start + _SAMPLE - 1, last))
            found = column(self._scope.db, self._between, (self._scope.match, *bounds))
            if len(found) < _MOST * (bounds[1] - bounds[0] + 1):
                return False
        return True

    def add_older(self, held: Floats, at: int, numbers: Numbers) -> None:
        """Note which of these objects hold a word."""
        for part in _close_together(numbers):
            held[np.isin(numbers, self._holding(at, part)), at] = 1


class Newest:
    """The newest objects of a large scope that hold each word of a query, sorted by number."""

    def __init__(
        self,
        asked: Occurrences,
        bounds: tuple[int, int],
        every: Numbers,
        holding: list[Numbers],
        *,
        mixed: bool,
    ) -> None:
        self.mixed = mixed
        """Whether some may not be of the scope."""

        self._asked = asked
        self._holding = holding
        counts = [_reckoned(numbers, bounds) for numbers in holding]
        documents = max(_reckoned(every, bounds), *counts, 1)
        self.counts = Counts(documents, np.array(counts, np.float32))

    @property
    def complete(self) -> bool:
        """Whether no other object of the scope holds a word."""
        return all(len(numbers) < _NEWEST for numbers in self._holding)

    def scored(self) -> tuple[Numbers, Floats]:
        """Return the numbers of those that hold a word, and how much their words tell."""
        if not self._holding:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        numbers, places = np.unique(np.concatenate(self._holding), return_inverse=True)
        rarities = rarity(self.counts.documents_with, self.counts.documents)
        weights = np.repeat(rarities, [len(each) for each in self._holding])
        return numbers, np.bincount(places, weights, len(numbers)).astype(np.float32)

    def roughly_among(self, numbers: Numbers) -> Floats:
        """Return which words objects hold, as far as that is known; shape (n, words)."""
        return _held(numbers, self._holding)

    def among(self, numbers: Numbers) -> Floats:
        """Return which words objects hold; shape (n, words)."""
        held = self.roughly_among(numbers)
        for at, holding in enumerate(self._holding):
            if len(holding) == _NEWEST:
                older = np.flatnonzero(numbers < holding[0])
                part = held[older]
                self._asked.add_older(part, at, numbers[older])
                held[older] = part
        return held


def _held(numbers: Numbers, holding: Sequence[Numbers]) -> Floats:
    """Return which objects are among those that hold each word; shape (n, words)."""
    held = np.zeros((len(numbers), len(holding)), np.float32)
    if not len(numbers):
        return held
    order = np.argsort(numbers)
    ordered = numbers[order]
    for at, found in enumerate(holding):
        places = np.searchsorted(ordered, found)
        places[places == len(ordered)] = 0
        held[order[places[ordered[places] == found]], at] = 1
    return held


def _reckoned(newest: Numbers, bounds: tuple[int, int]) -> int:
    """Reckon how many there are as if they were spread evenly."""
    if len(newest) < _NEWEST:
        return len(newest)
    first, last = bounds
    return round(len(newest) * (last - first + 1) / (last - int(newest[0]) + 1))


def _close_together(numbers: Numbers) -> Iterator[Numbers]:
    """Split numbers so that little else lies between those of each part."""
    ordered = np.sort(numbers)
    if len(ordered):
        yield from np.split(ordered, np.flatnonzero(np.diff(ordered) > _GAP_MAX) + 1)
