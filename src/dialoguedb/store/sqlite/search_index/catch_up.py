"""Both indexes, words and vectors, catch up with what is written, some hundred objects at a time.

A write that creates an object does nothing for them: how far they have come is a watermark, a row
id, and all objects above it are still to be indexed. One that changes or deletes an object says so
here. So a crash loses nothing of an index, and a search, which has the backlog indexed before it
looks, misses nothing. FTS5 makes a segment of each commit and merges them again and again, so
indexing hundreds in a commit of their own costs a third of what it would with each write.

For embedders that do not work in this process at once a row in the outbox waits.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import apsw
import msgspec

from dialoguedb.errors import InternalError
from dialoguedb.ports.search import Embedder
from dialoguedb.retrieval.embedders import StoredEmbedder
from dialoguedb.store.sqlite.connection.reader import Row
from dialoguedb.store.sqlite.search_index import embedders, sources, vectors, words
from dialoguedb.store.sqlite.search_index.sources import KINDS, Source
from dialoguedb.store.sqlite.search_index.vectors import Owner

_PORTION = 512
"""Objects indexed in one transaction: other writes wait some ten milliseconds for it."""

_LITTLE = 384
"""From so many objects on the event loop indexes them itself, within some ten milliseconds."""

_LITTLE_BYTES = 384 * 1024
"""If their texts take no more. (On the worker, both threads would fight over the interpreter.)"""

_CHANGED_PORTION = 64
"""As many of those that have been changed; all their texts are in memory at once."""

_CHANGED = "changed"

Due = Literal["nothing", "little", "much"]


class Backlog(NamedTuple):
    """Row ids of a kind of object, or positions of changes, that are still to be indexed."""

    object: str
    done: int
    last: int


_BACKLOG = " UNION ALL ".join(
    [
        *(
            f"SELECT '{kind}', (SELECT upto FROM indexed WHERE object = '{kind}') AS done,"
            f" (SELECT ifnull(max(number), 0) FROM {table}) AS last"
            for kind, table in KINDS.items()
        ),
        f"SELECT '{_CHANGED}', ifnull(min(position), 1) - 1, ifnull(max(position), 0) FROM changed",
    ]
)


def backlog(db: apsw.Connection) -> list[Backlog]:
    """Return the backlog: what is still to be indexed."""
    return [Backlog(*row) for row in db.execute(f"SELECT * FROM ({_BACKLOG}) WHERE done < last")]


def _bytes(db: apsw.Connection, part: Backlog) -> int:
    """Return the bytes of the texts of a part; an upper bound for changed objects."""
    total = _TEXT_BYTES.get(part.object)
    if total is None:
        return _LITTLE_BYTES + 1
    counted: int = db.execute(total, (part.done, part.last)).get
    return counted


_TEXT_BYTES = {
    "message": "SELECT total(octet_length(content)) FROM messages WHERE number > ? AND number <= ?",
    "memory": "SELECT total(octet_length(value)) FROM memories WHERE number > ? AND number <= ?",
    "dialogue": "SELECT ?2 - ?1",
}


class Index:
    """Brings both indexes up to what is written."""

    def __init__(self, in_process: Mapping[str, Embedder]) -> None:
        self.in_process = in_process

    def due(self, db: apsw.Connection) -> Due:
        """Tell whether the backlog is due now, and how large it is."""
        found = backlog(db)
        behind = sum(part.last - part.done for part in found)
        if behind >= _PORTION:
            return "much"
        if behind >= _LITTLE and sum(_bytes(db, part) for part in found) <= _LITTLE_BYTES:
            return "little"
        return "nothing"

    def catch_up(self, db: apsw.Connection) -> None:
        """Index a part of the backlog."""
        for kind, done, last in backlog(db):
            if kind == _CHANGED:
                self._renew(db, done + _CHANGED_PORTION)
            else:
                portion = sources.read_range(db, kind, (done, last), _PORTION)
                self._add(db, kind, portion.found, portion.found)
                db.execute("UPDATE indexed SET upto = ? WHERE object = ?", (portion.last, kind))

    def _renew(self, db: apsw.Connection, watermark: int) -> None:
        """Index again what has been changed."""
        rows: list[Row] = db.execute(
            "DELETE FROM changed WHERE position <= ? RETURNING object, number, text", (watermark,)
        ).fetchall()
        for kind in KINDS:
            changed = {row_id: text for of_kind, row_id, text in rows if of_kind == kind}
            if changed:
                found = sources.read(db, kind, changed)
                listed = msgspec.json.encode(list(changed)).decode()
                words.delete(db, kind, "SELECT value FROM json_each(?)", (listed,))
                to_embed = [source for source in found if changed[source.row_id]]
                self._add(db, kind, found, to_embed)

    def _add(
        self,
        db: apsw.Connection,
        kind: str,
        found: Sequence[Source],
        to_embed: Sequence[Source],
    ) -> None:
        """Store the words of objects that have none, and vectors of what has a new text."""
        words.insert(db, kind, ((source.row_id, source.words) for source in found))
        for stored in embedders.active(db) if to_embed else ():
            embedder = self.in_process.get(stored.name)
            if embedder is None:
                _enqueue(db, stored.key, kind, to_embed)
            else:
                embed(db, stored, embedder, kind, to_embed)


def change(db: apsw.Connection, kind: str, row_id: int, *, text: bool) -> None:
    """Have an object indexed again; without `text`, only what it is filtered by has changed."""
    db.execute(
        "INSERT INTO changed (object, number, text)"
        " SELECT ?1, ?2, ?3 FROM indexed WHERE object = ?1 AND upto >= ?2"
        " ON CONFLICT (object, number) DO UPDATE SET text = max(text, excluded.text)",
        (kind, row_id, text),
    )


def remove(db: apsw.Connection, kind: str, row_ids: str, values: tuple[object, ...] = ()) -> None:
    """Remove objects, whose row ids a query gives, from both indexes.

    FTS5 marks their words as gone: no search finds them any more. From the file, where they stand
    without their order, they are removed in the background; see `purging`.
    """
    words.delete(db, kind, row_ids, values)
    vectors.delete(db, kind, row_ids, values)
    db.execute(f"DELETE FROM changed WHERE object = ? AND number IN ({row_ids})", (kind, *values))
    # The highest row ids are given again once they are free; then they are to be indexed again.
    kept = f"SELECT ifnull(max(number), 0) FROM {KINDS[kind]} WHERE number NOT IN ({row_ids})"
    db.execute(f"UPDATE indexed SET upto = min(upto, ({kept})) WHERE object = ?", (*values, kind))


def embed(
    db: apsw.Connection,
    stored: StoredEmbedder,
    embedder: Embedder,
    kind: str,
    found: Sequence[Source],
) -> None:
    """Store vectors of objects."""
    made = embedder.embed([source.text for source in found])
    if len(made) != len(found):
        raise InternalError(f"Embedder {stored.name!r} left out texts")
    embedders.fit(db, stored, made.shape[1])
    owners = [Owner(kind, one.row_id, one.project, one.namespace) for one in found]
    vectors.insert(db, stored.key, owners, made)


def _enqueue(db: apsw.Connection, embedder: int, kind: str, found: Sequence[Source]) -> None:
    """Have objects wait for their vectors of an embedder; they are due at once."""
    db.executemany(
        "INSERT OR REPLACE INTO outbox (embedder, object, number, written, due)"
        " VALUES (?, ?, ?, ?, '')",
        ((embedder, kind, source.row_id, source.written) for source in found),
    )
