"""What is known of candidates: the words they hold, how near their meaning is, who is beside them.

Everything else of a search decides which candidates there are; this is read of them all alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import apsw
import numpy as np
from numpy.typing import NDArray

from dialoguedb.model.rarity import rarity
from dialoguedb.ports.search import Evidence, QueryVector, WordVectors
from dialoguedb.store.sqlite.search_index import vectors, words
from dialoguedb.store.sqlite.search_index.words import TABLES, Term
from dialoguedb.store.sqlite.search_queries.occurrences import Counts
from dialoguedb.store.sqlite.search_queries.scopes import Numbers, Rows, Scope, array, integers

Floats = NDArray[np.float32]

_OFFSETS = (-2, -1, 1, 2)
_SIZES_KEPT = 4_096

_VECTORS = (
    "SELECT v.number, v.vector FROM carray(?) c CROSS JOIN vectors v"
    " ON v.embedder = ? AND v.object = ? AND v.number = c.value"
)
_NAMES = (
    "SELECT m.number, m.name FROM carray(?) c CROSS JOIN messages m ON m.number = c.value"
    " WHERE m.name IS NOT NULL"
)


@dataclass(frozen=True)
class Meaning:
    """A query's vector, and whose vectors it can be compared with."""

    embedder: int
    vector: Floats


def aim(
    db: apsw.Connection, vector: QueryVector | None, terms: Sequence[Term], counts: Counts
) -> Meaning | None:
    """Return what a query means where words are as rare as that; None when nothing is compared."""
    embedder = vectors.serving(db)
    if embedder is None or vector is None:
        return None
    if isinstance(vector, WordVectors):
        vector = _weighed(db, vector, terms, counts)
    return Meaning(embedder[0], vector)


def _weighed(
    db: apsw.Connection, vector: WordVectors, terms: Sequence[Term], counts: Counts
) -> Floats:
    """Let each word count by its rarity; a stop word, which is no term, counts once.

    Weighing words by how rare they are makes good vectors of texts out of those of their words
    (Arora, Liang and Ma, 2017).
    """
    rarities = rarity(counts.documents_with, counts.documents)
    of_stems = {term.stem: float(rarities[at]) for at, term in enumerate(terms)}
    weights = [
        min((of_stems[stem] for stem in words.stems(db, word) if stem in of_stems), default=1.0)
        for word in vector.words
    ]
    joined = np.array(weights, np.float32) @ vector.vectors
    length = float(np.linalg.norm(joined))
    return np.asarray(joined / length if length > 0 else joined, np.float32)


@dataclass(frozen=True)
class Asked:
    """What is asked for in a scope, ready to be compared with what is there."""

    scope: Scope
    terms: Sequence[Term]
    counts: Counts
    meaning: Meaning | None

    def of(self, rows: Rows, held: Floats) -> Evidence:
        """Return what is known of objects, given which words they hold."""
        return Evidence(
            semantic=_likeness(self.scope, rows.numbers, self.meaning),
            occurrences=held,
            lengths=lengths_of(self.scope, rows.numbers),
            documents=self.counts.documents,
            documents_with=self.counts.documents_with,
            near=_near(rows.dialogues),
            dialogues=rows.dialogues,
            named=_speakers_named(self.scope, rows.numbers, self.terms, held),
        )


def _likeness(scope: Scope, numbers: Numbers, meaning: Meaning | None) -> Floats:
    """Return the cosine of each with the query, NaN where there is no vector to compare."""
    cosines = np.full(len(numbers), np.nan, np.float32)
    if meaning is None or not len(numbers):
        return cosines
    order = np.argsort(numbers)
    bound = (array(numbers[order]), meaning.embedder, scope.kind)
    found = list(scope.db.execute(_VECTORS, bound))
    stored = vectors.unpack([blob for _, blob in found])
    if stored.shape[1:] == meaning.vector.shape:
        places = np.searchsorted(numbers[order], integers(number for number, _ in found))
        cosines[order[places]] = stored @ meaning.vector
    return cosines


def lengths_of(scope: Scope, numbers: Numbers) -> Floats:
    """Return how many words each has, marks among them; FTS5 keeps that as a variable integer."""
    order = np.argsort(numbers)
    lengths = np.zeros(len(numbers), np.float32)
    rows = list(
        scope.db.execute(
            f"SELECT s.id, s.sz FROM carray(?) c CROSS JOIN {TABLES[scope.kind]}_docsize s"
            " ON s.id = c.value",
            (array(numbers[order]),),
        )
    )
    places = np.searchsorted(numbers[order], integers(number for number, _ in rows))
    lengths[order[places]] = [_decoded(size) for _, size in rows]
    return lengths


@lru_cache(_SIZES_KEPT)
def _decoded(size: bytes) -> int:
    number = 0
    for byte in size:
        number = number << 7 | byte & 0x7F
    return number


def _near(dialogues: Numbers) -> Numbers:
    """Return the rows two and one before, one and two after in the same dialogue; else -1."""
    count = len(dialogues)
    rows = np.arange(count)[:, None] + np.array(_OFFSETS)
    inside = (rows >= 0) & (rows < count) & (dialogues >= 0)[:, None]
    rows = np.where(inside, rows, -1)
    same = inside & (dialogues[rows] == dialogues[:, None])
    return np.where(same, rows, -1)


def _speakers_named(
    scope: Scope, numbers: Numbers, terms: Sequence[Term], held: Floats
) -> NDArray[np.bool_]:
    """Return of which messages the query names the speaker, who is among their words."""
    if scope.kind != "message":
        return np.zeros(len(numbers), bool)
    named = list(scope.db.execute(_NAMES, (array(numbers[held.any(axis=1)]),)))
    asked = {term.stem for term in terms}
    speakers = {
        name
        for name in {name for _, name in named}
        if not asked.isdisjoint(words.stems(scope.db, name))
    }
    return np.isin(numbers, integers(number for number, name in named if name in speakers))
