"""Both indexes, written in the transaction of what they index: its words, and its vectors.

An act only notes what it stores or changes. When all acts of the transaction have run, their thread
works out words, and vectors by embedders that work in this process at once; the worker's thread
writes them, a statement for each, right before the COMMIT. For other embedders a row in the outbox
waits.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum

import apsw

from dialoguedb.errors import InternalError
from dialoguedb.ports.search import Embedder
from dialoguedb.store.sqlite import embedders, sources, vectors, words
from dialoguedb.store.sqlite.embedders import Stored
from dialoguedb.store.sqlite.reader import Row
from dialoguedb.store.sqlite.sources import Source
from dialoguedb.store.sqlite.words import Statement

_LIGHT_BYTES = 64 * 1024
_METADATA, _SAID = 5, 6
"""Where a row noted has what may be long."""

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
        self._noted: list[tuple[str, int, Change, Row | None]] = []
        self._ready: list[Statement] = []
        self._removed = False
        """Whether what is noted may be gone again."""

    def note(
        self, kind: str, number: int, change: Change = Change.NEW, row: Row | None = None
    ) -> None:
        """Note an object that an act stores or changes; `row` is what `sources` would read."""
        self._noted.append((kind, number, change, row))

    def remove(
        self, db: apsw.Connection, kind: str, numbers: str, values: tuple[object, ...] = ()
    ) -> None:
        """Remove objects, whose numbers a query gives, from both indexes.

        FTS5 marks their words as gone: no search finds them any more. From the file, where they
        stand without their order, they are removed in the background; see `purging`.
        """
        words.delete(db, kind, numbers, values)
        vectors.delete(db, kind, numbers, values)
        self._removed = True

    def __len__(self) -> int:
        """Return how many changes are noted."""
        return len(self._noted)

    def forget(self, kept: int = 0) -> None:
        """Take back what was noted since there were so many."""
        del self._noted[kept:]
        self._ready.clear()

    @property
    def is_light(self) -> bool:
        """Whether what is noted is at hand and short, so that preparing it holds nobody up."""
        room = _LIGHT_BYTES
        for *_, row in self._noted:
            if row is None:
                return False
            room -= len(row[_METADATA]) + len(row[_SAID])
        return room >= 0

    def prepare(self, db: apsw.Connection) -> None:
        """Work out what is to be written for what is noted and still there.

        It is Python's work, so while it `is_light` it belongs to the thread that ran the acts: on
        the one that commits it would fight the event loop for the interpreter.
        """
        if not self._noted:
            return
        changes: dict[str, dict[int, Change]] = {}
        rows: dict[tuple[str, int], Row] = {}
        for kind, number, change, row in self._noted:
            of_kind = changes.setdefault(kind, {})
            of_kind[number] = Change.TEXT if of_kind.get(number, change) is not change else change
            if row is not None and of_kind[number] is Change.NEW:
                rows[kind, number] = row
            else:
                rows.pop((kind, number), None)  # it is another by now
        active = embedders.active(db)
        for kind, numbers in changes.items():
            for portion in _portions(list(numbers)):
                found = self._found(db, kind, portion, rows)
                self._prepare_words(db, kind, found, numbers)
                said = [source for source in found if numbers[source.number] is not Change.MARKS]
                for embedder in active if said else ():
                    self._prepare_vectors(db, embedder, kind, said)
        self._noted.clear()

    def write(self, db: apsw.Connection) -> None:
        """Write what is prepared."""
        for statement in self._ready:
            db.execute(*statement)
        self.forget()
        self._removed = False

    def _found(
        self,
        db: apsw.Connection,
        kind: str,
        numbers: Sequence[int],
        rows: Mapping[tuple[str, int], Row],
    ) -> list[Source]:
        """Return what is there of objects: as it was noted, else as it is stored."""
        noted = [number for number in numbers if (kind, number) in rows]
        gone = sources.missing(db, kind, noted) if self._removed and noted else ()
        found = [sources.of_row(kind, rows[kind, number]) for number in noted if number not in gone]
        if len(noted) < len(numbers):
            unread = (number for number in numbers if (kind, number) not in rows)
            found += sources.read(db, kind, unread)
        return found

    def _prepare_words(
        self,
        db: apsw.Connection,
        kind: str,
        found: Sequence[Source],
        changes: Mapping[int, Change],
    ) -> None:
        for source in found:
            if changes[source.number] is not Change.NEW:
                words.delete(db, kind, "VALUES (?)", (source.number,))
        if found:
            rows = ((source.number, source.words) for source in found)
            self._ready.append(words.insertion(kind, rows))

    def _prepare_vectors(
        self, db: apsw.Connection, embedder: Stored, kind: str, found: Sequence[Source]
    ) -> None:
        immediate = self._immediate.get(embedder.name)
        if immediate is None:
            enqueue(db, embedder.number, kind, found)
        else:
            self._ready.append(embed(db, embedder, immediate, kind, found))


def _portions(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), _TOGETHER):
        yield numbers[start : start + _TOGETHER]


def embed(
    db: apsw.Connection, stored: Stored, embedder: Embedder, kind: str, found: Sequence[Source]
) -> Statement:
    """Return what stores vectors of objects."""
    made = embedder.embed([source.text for source in found])
    if len(made) != len(found):
        raise InternalError(f"Embedder {stored.name!r} left out texts")
    embedders.fit(db, stored, made.shape[1])
    owners = [(kind, one.number, one.project, one.scope) for one in found]
    return vectors.insertion(stored.number, owners, made)


def enqueue(db: apsw.Connection, embedder: int, kind: str, found: Sequence[Source]) -> None:
    """Have objects wait for their vectors of an embedder; they are due at once."""
    db.executemany(
        "INSERT OR REPLACE INTO outbox (embedder, object, number, written, due)"
        " VALUES (?, ?, ?, ?, '')",
        ((embedder, kind, source.number, source.written) for source in found),
    )
