"""Erasing a namespace: all that it holds, a portion in each transaction.

Those who could add to it go first: keys that are bound to it. The dialogues follow, from the leaves
of their trees to the roots, each after what is in it: what repeats its messages, then these. Then
come the memories. The last portion is the one that finds nothing of what was stored before it. Each
portion reads as much as it deletes, whatever else there is.
"""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from dialoguedb.model.erasures import DeletedObjects, ErasureProgress
from dialoguedb.model.projects import Project
from dialoguedb.store.postgres.connection.connection import Connection, Row
from dialoguedb.store.postgres.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.postgres.connection.readers import Readers
from dialoguedb.store.postgres.connection.writer import Transaction, Writer
from dialoguedb.store.postgres.rows import attachment_rows, object_ids
from dialoguedb.store.postgres.rows.object_ids import Kind
from dialoguedb.store.postgres.search_index.index import Index, RowRef

_PORTION = 256
"""Objects deleted in one transaction: other writes to their dialogues wait for it."""

_PORTION_BYTES = 8 * 1024 * 1024

Counts = dict[str, int]


class _Owner(NamedTuple):
    """The row id of a project, and a namespace of it."""

    project: int
    namespace: str


class PostgresErasures:
    """Implements `ports.ErasureStore`."""

    def __init__(
        self, writer: Writer, _readers: Readers, row_ids: ProjectRowIds, index: Index
    ) -> None:
        self._writer = writer
        self._row_ids = row_ids
        self._index = index

    async def advance(
        self, project: Project, namespace: str, digest: bytes, now: str
    ) -> ErasureProgress:
        """Delete a portion of what a namespace holds; complete when nothing was left."""
        owner = _Owner(await self._row_ids.of(project), namespace)

        async def operation(db: Transaction) -> ErasureProgress:
            former = await _begun(db, owner.project, digest, now)
            await db.execute(_PLANNING)
            portion = await self._delete_portion(db, owner)
            deleted = former.deleted
            for kind, count in (portion or {}).items():
                deleted = deleted.plus(kind, count)
            noted = (msgspec.json.encode(deleted), digest)
            await db.execute("UPDATE erasures SET deleted = $1 WHERE namespace = $2", *noted)
            return ErasureProgress(former.started, deleted, is_complete=portion is None)

        return await self._writer.write(operation)

    async def finish(self, project: Project, digest: bytes) -> None:
        """Forget the counts of an erasure."""
        values = (digest, await self._row_ids.of(project))

        async def operation(db: Transaction) -> None:
            sql = "DELETE FROM erasures WHERE namespace = $1 AND project = $2"
            await db.execute(sql, *values)

        await self._writer.write(operation)

    async def clean(self) -> bool:
        """Return False: the files are PostgreSQL's, and nothing here can overwrite them.

        Autovacuum gives the room of deleted rows to others, without overwriting it; the log and
        the planner's statistics keep values as well. So no receipt says that the files are clean.
        """
        return False

    async def _delete_portion(self, db: Connection, owner: _Owner) -> Counts | None:
        """Delete some of what is left, and count it; None when nothing is left."""
        at_once = {kind: await db.execute(sql, *owner) for kind, sql in _AT_ONCE.items()}
        deleted = {kind: count for kind, count in at_once.items() if count}
        leaves = await _leaves(db, owner)
        for delete in _OF_DIALOGUES if leaves else ():
            portion = await delete(db, owner, leaves, self._index)
            if portion is not None:
                return deleted | portion
        portion = None if leaves else await _delete_memories(db, owner, self._index)
        return deleted | portion if portion else deleted or None


_WHOLE_TABLES = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")
_PLANNING = "SELECT " + ", ".join(f"set_config('{one}', 'off', true)" for one in _WHOLE_TABLES)
"""A portion is looked up row by row, as is what foreign keys ask for, whatever statistics say."""

_BEGIN = """
    INSERT INTO erasures (namespace, project, started, deleted) VALUES ($1, $2, $3, $4)
"""
_BEGUN = "SELECT started, deleted FROM erasures WHERE namespace = $1 FOR UPDATE"


async def _begun(db: Connection, project: int, digest: bytes, now: str) -> ErasureProgress:
    """Return how far an erasure is, which begins when it is not under way.

    It is locked: of two that erase the same, one waits for the portion of the other.
    """
    row = await db.row(_BEGUN, digest)
    if row is None:
        nothing = DeletedObjects()
        await db.execute(_BEGIN, digest, project, now, msgspec.json.encode(nothing))
        return ErasureProgress(now, nothing, is_complete=False)
    deleted = msgspec.json.decode(row[1], type=DeletedObjects)
    return ErasureProgress(row[0], deleted, is_complete=False)


_AT_ONCE = {
    "keys": "DELETE FROM keys WHERE project = $1 AND namespace = $2",
    "kept_responses": (
        "DELETE FROM answers WHERE project = $1 AND (namespace = $2 OR namespace IS NULL)"
    ),
}

_DELETE = """
    DELETE FROM {table} r USING unnest($1::bigint[], $2::bigint[]) gone (part, number)
    WHERE r.part = gone.part AND r.number = gone.number RETURNING {returned}
"""
_LOCK = """
    SELECT count(*) FROM (
        SELECT 1 FROM dialogues d JOIN unnest($1::bigint[], $2::bigint[]) known (part, number)
        ON d.part = known.part AND d.number = known.number
        ORDER BY d.part, d.number FOR UPDATE OF d
    ) AS locked
"""


async def _lock(db: Connection, dialogues: Iterable[RowRef]) -> None:
    await db.value(_LOCK, *_columns(set(dialogues)))


def _columns(refs: Iterable[RowRef]) -> tuple[list[int], list[int]]:
    """Return row refs as the two arrays that a statement takes."""
    pairs = list(refs)
    return [part for part, _ in pairs], [row_id for _, row_id in pairs]


_NO_THREADS = """
    NOT EXISTS (SELECT 1 FROM dialogues c WHERE c.parent = d.number AND c.parent_part = d.part)
"""
# A subquery without a limit may be made a hash of all threads that there are.
_WITH_THREADS = """
    LEFT JOIN LATERAL (
        SELECT true AS found FROM dialogues c
        WHERE c.parent = d.number AND c.parent_part = d.part LIMIT 1
    ) AS threads ON true
"""
_NEWEST = f"""
    SELECT d.part, d.number, threads.found FROM (
        SELECT part, number FROM dialogues WHERE project = $1 AND namespace = $2
        ORDER BY created DESC, id DESC LIMIT {_PORTION}
    ) AS d {_WITH_THREADS}
"""
_GIVEN = "unnest($1::bigint[], $2::bigint[]) AS k (part, number)"
_THREADS = f"""
    SELECT d.part, d.number, threads.found FROM {_GIVEN} CROSS JOIN LATERAL (
        SELECT part, number FROM dialogues
        WHERE parent = k.number AND parent_part = k.part LIMIT {_PORTION}
    ) AS d {_WITH_THREADS} LIMIT {_PORTION}
"""


async def _leaves(db: Connection, owner: _Owner) -> list[RowRef]:
    """Return the next dialogues to be deleted with all that is in them: those without threads.

    The newest come first, which are seldom the parents of others. However many dialogues there are,
    a portion of them is read, and one of each level below.
    """
    leaves: dict[RowRef, None] = {}  # one may be among the newest and below another of them
    rows = await db.rows(_NEWEST, *owner)
    while rows and len(leaves) < _PORTION:
        leaves |= {RowRef(*row[:2]): None for row in rows if not row[-1]}
        parents = [RowRef(*row[:2]) for row in rows if row[-1]]
        rows = await db.rows(_THREADS, *_columns(parents)) if parents else []
    return [*leaves][:_PORTION]


DeletePortion = Callable[[Connection, _Owner, Sequence[RowRef], Index], Awaitable[Counts | None]]
"""Deletes some of one kind in dialogues; None when none of it was there."""


def _found_in(table: str, columns: str) -> str:
    """Return the SELECT of some rows that belong to dialogues."""
    return f"""
        SELECT r.* FROM {_GIVEN} CROSS JOIN LATERAL (
            SELECT {columns} FROM {table}
            WHERE part = k.part AND dialogue = k.number LIMIT {_PORTION}
        ) AS r LIMIT {_PORTION}
    """


def _delete_of_dialogues(table: str, kind: Kind, counted: str) -> DeletePortion:
    """Return what deletes rows of a table that belong to dialogues, and are found by no search."""
    found = _found_in(table, "part, number, dialogue")
    delete_these = _DELETE.format(table=table, returned="r.id")

    async def delete(
        db: Connection, owner: _Owner, of: Sequence[RowRef], _index: Index
    ) -> Counts | None:
        rows = await db.rows(found, *_columns(of))
        if not rows:
            return None
        await _lock(db, (RowRef(part, dialogue) for part, _, dialogue in rows))
        refs = (RowRef(part, row_id) for part, row_id, _ in rows)
        gone = await db.rows(delete_these, *_columns(refs))
        await object_ids.remove(db, owner.project, kind, [row[0] for row in gone])
        return {counted: len(gone)}

    return delete


_MESSAGES = _found_in("messages", "part, number, dialogue, content_length")
_DELETE_MESSAGES = _DELETE.format(table="messages", returned="r.part, r.dialogue")
_LESS_MESSAGES = """
    UPDATE dialogues d SET total_messages = d.total_messages - less.count,
        last_message_created = coalesce((
            SELECT max(m.created) FROM messages m WHERE m.part = d.part AND m.dialogue = d.number
        ), '')
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) less (part, number, count)
    WHERE d.part = less.part AND d.number = less.number
"""


async def _delete_messages(
    db: Connection, _owner: _Owner, of: Sequence[RowRef], index: Index
) -> Counts | None:
    rows = _within_bytes(await db.rows(_MESSAGES, *_columns(of)))
    if not rows:
        return None
    await _lock(db, (RowRef(part, dialogue) for part, _, dialogue, _ in rows))
    refs = [RowRef(part, row_id) for part, row_id, _, _ in rows]
    await index.remove(db, "message", refs)
    attachments = await attachment_rows.delete(db, refs)
    gone = await db.rows(_DELETE_MESSAGES, *_columns(refs))
    dialogues = Counter(RowRef(*row) for row in gone)
    await db.execute(_LESS_MESSAGES, *_columns(dialogues), [*dialogues.values()])
    return {"messages": len(gone), "attachments": attachments}


def _within_bytes(rows: Sequence[Row]) -> list[Row]:
    """Return the first rows that together stay within the bytes of a portion; the last has them."""
    taken: list[Row] = []
    room = _PORTION_BYTES
    for row in rows:
        taken.append(row)
        room -= row[-1]
        if room < 0:
            break
    return taken


_STILL_EMPTY = f"""
    SELECT d.part, d.number, d.parent_part, d.parent FROM dialogues d
    JOIN unnest($1::bigint[], $2::bigint[]) known (part, number)
    ON d.part = known.part AND d.number = known.number
    WHERE {_NO_THREADS}
    AND NOT EXISTS (SELECT 1 FROM messages o WHERE o.part = d.part AND o.dialogue = d.number)
    AND NOT EXISTS (SELECT 1 FROM summaries o WHERE o.part = d.part AND o.dialogue = d.number)
    AND NOT EXISTS (SELECT 1 FROM receipts o WHERE o.part = d.part AND o.dialogue = d.number)
"""
_DELETE_DIALOGUES = _DELETE.format(table="dialogues", returned="r.parent_part, r.parent")
_LESS_THREADS = """
    UPDATE dialogues d SET thread_count = d.thread_count - less.count
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) less (part, number, count)
    WHERE d.part = less.part AND d.number = less.number
"""


_PARENTS = f"""
    SELECT d.part, d.number, d.parent_part, d.parent
    FROM {_GIVEN} JOIN dialogues d ON d.part = k.part AND d.number = k.number
"""


async def _delete_dialogues(
    db: Connection, _owner: _Owner, found: Sequence[RowRef], index: Index
) -> Counts | None:
    leaves = await db.rows(_PARENTS, *_columns(found))
    await _lock(db, [*found, *_parents(leaves)])
    rows = await db.rows(_STILL_EMPTY, *_columns(found))  # others may have added to them
    refs = [RowRef(part, row_id) for part, row_id, _, _ in rows]
    await index.remove(db, "dialogue", refs)
    gone = await db.rows(_DELETE_DIALOGUES, *_columns(refs))
    threads = Counter(_parents(rows))
    await db.execute(_LESS_THREADS, *_columns(threads), [*threads.values()])
    return {"dialogues": len(gone)}


def _parents(rows: Sequence[Row]) -> list[RowRef]:
    return [RowRef(part, parent) for _, _, part, parent in rows if parent is not None]


_MEMORIES = f"""
    SELECT part, number, octet_length(value) FROM memories
    WHERE project = $1 AND namespace = $2 LIMIT {_PORTION} FOR UPDATE
"""


async def _delete_memories(db: Connection, owner: _Owner, index: Index) -> Counts | None:
    rows = _within_bytes(await db.rows(_MEMORIES, *owner))
    if not rows:
        return None
    refs = [RowRef(part, row_id) for part, row_id, _ in rows]
    await index.remove(db, "memory", refs)
    gone = await db.rows(_DELETE.format(table="memories", returned="r.number"), *_columns(refs))
    return {"memories": len(gone)}


_OF_DIALOGUES: tuple[DeletePortion, ...] = (
    _delete_of_dialogues("summaries", "summary", "summaries"),
    _delete_of_dialogues("receipts", "receipt", "recorded_windows"),
    _delete_messages,
    _delete_dialogues,
)
"""In this order: what repeats messages goes before them, and a dialogue when it is empty."""
