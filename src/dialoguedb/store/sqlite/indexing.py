"""Both indexes, written in the transaction of what they index: its words, and its vectors.

An act only notes the numbers of what it stores or changes, which costs the event loop next to
nothing. Right before the COMMIT, on the worker's thread, all that is noted is read and indexed: its
words, and its vectors by embedders that work in this process at once. For the others a row in the
outbox waits.
"""

from collections.abc import Mapping, Sequence
from enum import Enum

import apsw

from dialoguedb.errors import InternalError
from dialoguedb.ports.search import Embedder
from dialoguedb.store.sqlite import embedders, sources, vectors, words
from dialoguedb.store.sqlite.embedders import Stored
from dialoguedb.store.sqlite.sources import Source

_TOGETHER = 512
"""Objects whose texts are in memory at once."""


class Change(Enum):
    """What an act did to an object, as far as indexes go."""

    NEW = "new"
    MARKS = "marks"
    """What it is filtered by is another: tags."""

    TEXT = "text"
    """What it says is another, too; and whatever happened to one number in one transaction."""


class Index:
    """What the acts of a transaction change, indexed right before its commit."""

    def __init__(self, immediate: Mapping[str, Embedder]) -> None:
        self._immediate = immediate
        self._noted: list[tuple[str, int, Change]] = []

    def note(self, kind: str, number: int, change: Change = Change.NEW) -> None:
        """Note an object that an act stores or changes."""
        self._noted.append((kind, number, change))

    def __len__(self) -> int:
        """Return how many changes are noted."""
        return len(self._noted)

    def forget(self, kept: int = 0) -> None:
        """Take back what was noted since there were so many."""
        del self._noted[kept:]

    def write(self, db: apsw.Connection) -> None:
        """Index what is noted and still there."""
        if not self._noted:
            return
        changes: dict[str, dict[int, Change]] = {}
        for kind, number, change in self._noted:
            of_kind = changes.setdefault(kind, {})
            of_kind[number] = Change.TEXT if of_kind.get(number, change) is not change else change
        self.forget()
        active = embedders.active(db)
        for kind, numbers in changes.items():
            ordered = list(numbers)
            for start in range(0, len(ordered), _TOGETHER):
                found = sources.read(db, kind, ordered[start : start + _TOGETHER])
                _write_words(db, kind, found, numbers)
                said = [source for source in found if numbers[source.number] is not Change.MARKS]
                for embedder in active:
                    self._write_vectors(db, embedder, kind, said)

    def _write_vectors(
        self, db: apsw.Connection, embedder: Stored, kind: str, found: Sequence[Source]
    ) -> None:
        immediate = self._immediate.get(embedder.name)
        if immediate is None:
            enqueue(db, embedder.number, kind, found)
        else:
            embed(db, embedder, immediate, kind, found)


def embed(
    db: apsw.Connection, stored: Stored, embedder: Embedder, kind: str, found: Sequence[Source]
) -> None:
    """Store vectors of objects."""
    if not found:
        return
    made = embedder.embed([source.text for source in found])
    if len(made) != len(found):
        raise InternalError(f"Embedder {stored.name!r} left out texts")
    embedders.fit(db, stored, made.shape[1])
    owners = [(kind, one.number, one.project, one.scope) for one in found]
    vectors.insert(db, stored.number, owners, made)


def _write_words(
    db: apsw.Connection, kind: str, found: Sequence[Source], changes: Mapping[int, Change]
) -> None:
    for source in found:
        if changes[source.number] is not Change.NEW:
            words.delete(db, kind, "VALUES (?)", (source.number,))
    words.insert(db, kind, ((source.number, source.words) for source in found))


def enqueue(db: apsw.Connection, embedder: int, kind: str, found: Sequence[Source]) -> None:
    """Have objects wait for their vectors of an embedder, from when they were written."""
    db.executemany(
        "INSERT OR REPLACE INTO outbox (embedder, object, number, written, due)"
        " VALUES (?, ?, ?, ?, ?)",
        ((embedder, kind, source.number, source.written, source.written) for source in found),
    )


def remove(db: apsw.Connection, kind: str, numbers: str, values: tuple[object, ...] = ()) -> None:
    """Remove objects, whose numbers a query gives, from both indexes.

    FTS5 marks their words as gone: no search finds them any more. The words of an object, without
    their order, leave the file when FTS5 next merges the segment they are in.
    """
    words.delete(db, kind, numbers, values)
    vectors.delete(db, kind, numbers, values)
