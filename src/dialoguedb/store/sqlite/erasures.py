"""Erasing a namespace: all that it holds, a portion in each transaction, and what the files keep.

Those who could add to it go first: keys that are bound to it. The dialogues follow, from the leaves
of their trees to the roots, each after what is in it: what repeats its messages, then these. Then
come the memories. The last portion is the one that finds nothing: at its commit, nothing of the
namespace is stored. Each portion reads as much as it deletes, whatever else there is.
"""

from __future__ import annotations  # those of inner functions would be evaluated at each call

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

import apsw
import msgspec

from dialoguedb.model.erasures import DeletedObjects, ErasureProgress
from dialoguedb.model.projects import Project
from dialoguedb.store.sqlite.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.sqlite.connection.reader import Readers, Row
from dialoguedb.store.sqlite.connection.writer import Writer
from dialoguedb.store.sqlite.maintenance import cleaning
from dialoguedb.store.sqlite.rows import attachment_rows, message_rows
from dialoguedb.store.sqlite.rows.tags import DIALOGUE_TAGS, MEMORY_TAGS, MESSAGE_TAGS
from dialoguedb.store.sqlite.search_index import catch_up

_PORTION = 256
"""Objects deleted in one transaction: other writes wait some ten milliseconds for it."""

_PORTION_BYTES = 8 * 1024 * 1024
_LISTED = "SELECT value FROM json_each(?)"

Counts = dict[str, int]


class _Owner(NamedTuple):
    """The row id of a project, and a namespace of it."""

    project: int
    namespace: str


class SQLiteErasures:
    """Implements `ports.ErasureStore`."""

    def __init__(self, writer: Writer, readers: Readers, row_ids: ProjectRowIds) -> None:
        self._writer = writer
        self._readers = readers
        self._row_ids = row_ids

    async def advance(
        self, project: Project, namespace: str, digest: bytes, now: str
    ) -> ErasureProgress:
        """Delete a portion of what a namespace holds; complete when nothing was left."""
        owner = _Owner(self._row_ids.of(project), namespace)

        def operation(db: apsw.Connection) -> ErasureProgress:
            former = _begun(db, owner.project, digest, now)
            portion = _delete_portion(db, owner)
            deleted = former.deleted
            for kind, count in portion.items():
                deleted = deleted.plus(kind, count)
            progress = ErasureProgress(former.started, deleted, is_complete=not portion)
            noted = (msgspec.json.encode(progress.deleted), digest)
            db.execute("UPDATE erasures SET deleted = ? WHERE namespace = ?", noted)
            return progress

        return await self._writer.write(operation, long=True)

    async def finish(self, project: Project, digest: bytes) -> None:
        """Forget the counts of an erasure."""
        values = (digest, self._row_ids.of(project))

        def operation(db: apsw.Connection) -> None:
            db.execute("DELETE FROM erasures WHERE namespace = ? AND project = ?", values)

        await self._writer.write(operation)

    async def clean(self) -> bool:
        """Overwrite what is left in the files; False when a long read keeps some of it for now."""
        path, key = self._readers.path, self._readers.key
        is_clean = await asyncio.to_thread(cleaning.clean, path, key=key)
        self._writer.has_deleted = self._writer.has_deleted or not is_clean
        return is_clean


def _begun(db: apsw.Connection, project: int, digest: bytes, now: str) -> ErasureProgress:
    """Return how far an erasure is, which begins when it is not under way."""
    found = "SELECT started, deleted FROM erasures WHERE namespace = ?"
    row = db.execute(found, (digest,)).fetchone()
    if row is None:
        nothing = DeletedObjects()
        values = (digest, project, now, msgspec.json.encode(nothing))
        db.execute("INSERT INTO erasures VALUES (?, ?, ?, ?)", values)
        return ErasureProgress(now, nothing, is_complete=False)
    deleted = msgspec.json.decode(row[1], type=DeletedObjects)
    return ErasureProgress(row[0], deleted, is_complete=False)


def _delete_portion(db: apsw.Connection, owner: _Owner) -> Counts:
    """Delete some of what is left, and count it; nothing when nothing is left."""
    deleted: Counts = {}
    for kind, sql in _AT_ONCE.items():
        db.execute(sql, owner)
        deleted[kind] = db.changes()
    if leaves := _leaves(db, owner):
        deleted |= _delete_of_leaves(db, owner, _as_json(leaves))
    else:
        deleted |= _delete_memories(db, owner)
    return {kind: count for kind, count in deleted.items() if count}


def _delete_of_leaves(db: apsw.Connection, owner: _Owner, dialogues: str) -> Counts:
    """Delete a portion of what dialogues hold, or these when nothing is in them any more."""
    for delete in _CONTENTS:
        if portion := delete(db, dialogues):
            return portion
    return _delete_dialogues(db, owner, dialogues)


_AT_ONCE = {
    "keys": "DELETE FROM keys WHERE project = ? AND namespace = ?",
    "kept_responses": (
        "DELETE FROM answers WHERE project = ? AND (namespace = ? OR namespace IS NULL)"
    ),
}


_HAS_THREADS = "EXISTS (SELECT 1 FROM dialogues c WHERE c.parent = d.number)"
_NEWEST = f"""
    SELECT d.number, {_HAS_THREADS} FROM dialogues d WHERE d.project = ? AND d.namespace = ?
    ORDER BY d.created DESC, d.id DESC LIMIT {_PORTION}
"""
_THREADS = f"""
    SELECT d.number, {_HAS_THREADS} FROM dialogues d
    WHERE d.parent IN ({_LISTED}) LIMIT {_PORTION}
"""


def _leaves(db: apsw.Connection, owner: _Owner) -> list[int]:
    """Return the next dialogues to be deleted with all that is in them: those without threads.

    The newest come first, which are seldom the parents of others. However many dialogues there are,
    a portion of them is read, and one of each level below.
    """
    leaves: dict[int, None] = {}  # one may be among the newest and below another of them
    rows: list[Row] = db.execute(_NEWEST, owner).fetchall()
    while rows and len(leaves) < _PORTION:
        leaves |= dict.fromkeys(row_id for row_id, has_threads in rows if not has_threads)
        parents = [row_id for row_id, has_threads in rows if has_threads]
        rows = db.execute(_THREADS, (_as_json(parents),)).fetchall() if parents else []
    return [*leaves][:_PORTION]


def _delete_of_dialogues(table: str, kind: str) -> Callable[[apsw.Connection, str], Counts]:
    """Return what deletes rows of a table that belong to dialogues, and are found by no search."""
    sql = (
        f"DELETE FROM {table} WHERE number IN ("
        f" SELECT number FROM {table} WHERE dialogue IN ({_LISTED}) LIMIT {_PORTION})"
    )

    def delete(db: apsw.Connection, dialogues: str) -> Counts:
        db.execute(sql, (dialogues,))
        count = db.changes()
        return {kind: count} if count else {}

    return delete


_MESSAGES = f"""
    SELECT number, dialogue, tags, content_length FROM messages
    WHERE dialogue IN ({_LISTED}) LIMIT {_PORTION}
"""
_LESS_MESSAGES = """
    UPDATE dialogues SET total_messages = total_messages - ?, last_message_created = ?
    WHERE number = ?
"""


def _delete_messages(db: apsw.Connection, of: str) -> Counts:
    row_ids: list[int] = []
    dialogues: Counter[int] = Counter()
    room = _PORTION_BYTES
    rows: list[Row] = db.execute(_MESSAGES, (of,)).fetchall()
    for row_id, dialogue, tags, length in rows:
        MESSAGE_TAGS.delete(db, dialogue, row_id, tags)
        row_ids.append(row_id)
        dialogues[dialogue] += 1
        room -= length
        if room < 0:
            break
    if not row_ids:
        return {}
    listed = (_as_json(row_ids),)
    catch_up.remove(db, "message", _LISTED, listed)
    attachments = attachment_rows.delete(db, _LISTED, listed)
    db.execute(f"DELETE FROM messages WHERE number IN ({_LISTED})", listed)
    for dialogue, count in dialogues.items():
        latest = message_rows.latest_created(db, dialogue)
        db.execute(_LESS_MESSAGES, (count, latest, dialogue))
    return {"messages": len(row_ids), "attachments": attachments}


_EMPTIED = f"""
    SELECT d.number, d.parent, ifnull(b.tags, X'5B5D')
    FROM dialogues d LEFT JOIN dialogue_bodies b ON b.dialogue = d.number
    WHERE d.number IN ({_LISTED})
"""


def _delete_dialogues(db: apsw.Connection, owner: _Owner, of: str) -> Counts:
    listed = (of,)
    leaves: list[Row] = db.execute(_EMPTIED, listed).fetchall()
    for row_id, _, tags in leaves:
        DIALOGUE_TAGS.delete(db, owner.project, row_id, tags)
    catch_up.remove(db, "dialogue", _LISTED, listed)
    db.execute(f"DELETE FROM dialogues WHERE number IN ({_LISTED})", listed)
    parents = Counter(parent for _, parent, _ in leaves if parent is not None)
    less = "UPDATE dialogues SET thread_count = thread_count - ? WHERE number = ?"
    db.executemany(less, [(count, parent) for parent, count in parents.items()])
    return {"dialogues": len(leaves)}


_MEMORIES = f"""
    SELECT number, tags, octet_length(value) FROM memories
    WHERE project = ? AND namespace = ? LIMIT {_PORTION}
"""


def _delete_memories(db: apsw.Connection, owner: _Owner) -> Counts:
    row_ids: list[int] = []
    room = _PORTION_BYTES
    rows: list[Row] = db.execute(_MEMORIES, owner).fetchall()
    for row_id, tags, length in rows:
        MEMORY_TAGS.delete(db, owner.project, row_id, tags)
        row_ids.append(row_id)
        room -= length
        if room < 0:
            break
    if not row_ids:
        return {}
    listed = (_as_json(row_ids),)
    catch_up.remove(db, "memory", _LISTED, listed)
    db.execute(f"DELETE FROM memories WHERE number IN ({_LISTED})", listed)
    return {"memories": len(row_ids)}


def _as_json(row_ids: Iterable[int]) -> str:
    return msgspec.json.encode(list(row_ids)).decode()


_CONTENTS = (
    _delete_of_dialogues("summaries", "summaries"),
    _delete_of_dialogues("receipts", "recorded_windows"),
    _delete_messages,
)
"""In this order: what repeats messages goes before them."""
