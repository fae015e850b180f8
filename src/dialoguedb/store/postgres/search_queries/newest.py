"""The newest rows that hold each word: the newest rows are read, and of rare words all others.

An index of words gives its rows in no order, so a word that many hold would be read as a whole. Of
those that are common, rows that hold nothing rarer are candidates only while they are new, but for
those that hold two of them, where these are not many.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dialoguedb.retrieval.snapshot import Held, Postings, RowKeys
from dialoguedb.retrieval.terms import TermGroup
from dialoguedb.store.postgres.search_index import words
from dialoguedb.store.postgres.search_queries import statements
from dialoguedb.store.postgres.search_queries.indexed_rows import IndexedRows, integers

_READ = 5_000
"""Of so many rows, the newest, it is read what they hold."""

_LOOKED_UP = 10_000
"""About so many rows that hold a rare word are looked up, of all rare words together."""

_LOOKED_UP_MAX = 50_000
"""What is rare among the newest rows may be common among older ones."""

_ENOUGH = 220
"""Rows that hold a word, of which as many as are ever asked for can be chosen."""


@dataclass(frozen=True)
class NewestRows:
    """What the newest rows of a project or namespace hold, and those that hold something rare."""

    index: IndexedRows
    groups: Sequence[TermGroup]
    read: int = _READ
    looked_up: int = _LOOKED_UP
    enough: int = _ENOUGH

    def postings(self, *, to_count: bool = False) -> Postings:
        """Return the newest rows that hold each term group, and the newest of all.

        To count them none is looked up.
        """
        every, *newest = map(np.sort, self._read())
        if len(every) < self.read:
            first, last = (int(every[0]), int(every[-1])) if len(every) else (0, 0)
            whole = [Held(each, None) for each in newest]
            return Postings(first, last, Held(every, None), whole, mixed=False)
        first, last = self.index.bounds()
        since = int(every[0])
        factor = (last - first + 1) / (last - since + 1)
        if to_count:
            counted = [Held(each, since) for each in newest]
            return Postings(first, last, Held(every, since), counted, mixed=False, looked_up=True)
        rare = self._rare(newest, factor)
        found, is_cut = self._looked_up(rare, newest, factor)
        holding = [
            Held(np.union1d(each, more), None if group in rare and not is_cut else since)
            for group, (each, more) in enumerate(zip(newest, found, strict=True))
        ]
        return Postings(first, last, Held(every, since), holding, mixed=False, looked_up=True)

    def _read(self) -> list[RowKeys]:
        """Return the newest rows, then those of them that hold each term group."""
        bound = self.index.bound("w")
        rows = (
            f"(SELECT w.number, w.words FROM {self.index.table} WHERE {bound.sql}"
            " ORDER BY w.number DESC LIMIT ?) AS w"
        )
        columns = ", ".join([statements.NUMBERS, *[statements.HELD] * len(self.groups)])
        matches = map(words.match, self.groups)
        sent = self.index.row(f"SELECT {columns} FROM {rows}", *matches, *bound.values, self.read)
        return [integers(one) for one in sent]

    def _rare(self, newest: Sequence[RowKeys], factor: float) -> set[int]:
        """Return the groups that are looked up, the rarest first, as far as these are not many."""
        rare: set[int] = set()
        room = self.looked_up / factor
        for group in sorted(range(len(newest)), key=lambda one: len(newest[one])):
            count = len(newest[group])
            room -= count
            if room < 0 and (rare or count >= self.enough):
                break
            rare.add(group)
        return rare

    def _looked_up(
        self, rare: set[int], newest: Sequence[RowKeys], factor: float
    ) -> tuple[list[RowKeys], bool]:
        """Return what holds something rare, by each group it holds, and whether there is more."""
        matches = [words.match(self.groups[group]) for group in sorted(rare)]
        matches += self._common_pair(rare, newest, factor)
        if not matches:
            return [np.empty(0, np.int64) for _ in newest], False
        bound = self.index.bound("held")
        held = ", ".join(f"w.words @@ ?::tsquery AS h{at}" for at in range(len(newest)))
        gathered = ", ".join(
            f"coalesce(string_agg(int8send(number), '') FILTER (WHERE h{at}), '')"
            for at in range(len(newest))
        )
        sql = (
            f"WITH held AS MATERIALIZED (SELECT part, project, scope, number, {held}"
            f" FROM {self.index.table} WHERE words @@ ?::tsquery LIMIT ?)"
            f" SELECT {gathered}, (SELECT count(*) FROM held) FROM held WHERE {bound.sql}"
        )
        each = [words.match(group) for group in self.groups]
        query = f"{self.index.match} & ({' | '.join(matches)})"
        *found, count = self.index.row(sql, *each, query, _LOOKED_UP_MAX, *bound.values)
        return [integers(one) for one in found], count == _LOOKED_UP_MAX

    def _common_pair(self, rare: set[int], newest: Sequence[RowKeys], factor: float) -> list[str]:
        """Return what both of the rarest common words hold, unless that is much."""
        common = [group for group in range(len(newest)) if group not in rare]
        one, *others = sorted(common, key=lambda group: len(newest[group])) or [0]
        if not others:
            return []
        pair = (one, others[0])
        both = np.intersect1d(newest[one], newest[others[0]], assume_unique=True)
        if len(both) * factor > self.looked_up:
            return []
        return [f"({' & '.join(words.match(self.groups[group]) for group in pair)})"]
