"""What goes with a dialogue that is deleted."""

from collections.abc import Sequence

from dialoguedb.model.dialogues import DeletedDialogue
from dialoguedb.model.rules.status import dialogue_not_found
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.rows import attachment_rows, object_ids, quoting_rows, summary_rows
from dialoguedb.store.postgres.rows.dialogue_rows import DialogueRow
from dialoguedb.store.postgres.search_index.index import Index, RowRef

_LOCK_TREE = """
    WITH RECURSIVE tree (part, number, depth) AS (
        VALUES ($1::bigint, $2::bigint, 0)
        UNION ALL
        SELECT d.part, d.number, tree.depth + 1
        FROM dialogues d JOIN tree ON d.parent = tree.number AND d.parent_part = tree.part
    )
    SELECT d.part, d.number, d.total_messages FROM dialogues d JOIN tree USING (part, number)
    ORDER BY tree.depth, d.part, d.number FOR UPDATE OF d
"""
_LOCK_PARENT = "SELECT FROM dialogues WHERE part = $1 AND number = $2 FOR NO KEY UPDATE"
_OF = "unnest($1::bigint[], $2::bigint[]) AS gone (part, number)"
_MESSAGES = f"""
    SELECT m.part, m.number FROM messages m JOIN {_OF}
    ON m.part = gone.part AND m.dialogue = gone.number
"""
_DELETE_MESSAGES = f"""
    DELETE FROM messages m USING {_OF} WHERE m.part = gone.part AND m.dialogue = gone.number
"""
_DELETE_RECEIPTS = f"""
    DELETE FROM receipts r USING {_OF} WHERE r.part = gone.part AND r.dialogue = gone.number
    RETURNING r.id
"""
_DELETE_DIALOGUES = f"""
    DELETE FROM dialogues d USING {_OF} WHERE d.part = gone.part AND d.number = gone.number
"""
_REMOVE_THREAD = """
    UPDATE dialogues SET thread_count = thread_count - 1 WHERE part = $1 AND number = $2
"""


async def delete_tree(
    db: Connection, index: Index, project: int, root: DialogueRow
) -> DeletedDialogue:
    """Delete a dialogue and all below it; returns what went. DialogueNotFound."""
    if root.parent is not None:
        await db.execute(_LOCK_PARENT, root.parent_part, root.parent)
    dialogues, messages = await _lock_tree(db, root.ref)
    if not dialogues:  # another transaction has deleted it meanwhile
        raise dialogue_not_found(root.id)
    gone = _columns(dialogues)
    summaries = await summary_rows.delete_of(db, project, dialogues)
    await quoting_rows.dialogues_deleted(db, dialogues)
    receipts = await db.rows(_DELETE_RECEIPTS, *gone)
    await object_ids.remove(db, project, "receipt", [row[0] for row in receipts])
    rows = [RowRef(*row) for row in await db.rows(_MESSAGES, *gone)]
    if rows:
        await index.remove(db, "message", rows)
        await attachment_rows.delete(db, rows)
        await db.execute(_DELETE_MESSAGES, *gone)
    await index.remove(db, "dialogue", dialogues)
    await db.execute(_DELETE_DIALOGUES, *gone)
    if root.parent is not None:
        await db.execute(_REMOVE_THREAD, root.parent_part, root.parent)
    return DeletedDialogue(len(dialogues), messages, summaries)


async def _lock_tree(db: Connection, root: RowRef) -> tuple[list[RowRef], int]:
    """Lock a dialogue and all below it, from the root on; returns them and their messages' number.

    A thread may have been created until its parent was locked, so it is looked for again until
    nothing has come. None comes below a dialogue that is locked.
    """
    known = -1
    while True:
        rows = await db.rows(_LOCK_TREE, *root)
        if len(rows) == known:
            return [RowRef(part, row_id) for part, row_id, _ in rows], sum(row[2] for row in rows)
        known = len(rows)


def _columns(rows: Sequence[RowRef]) -> tuple[list[int], list[int]]:
    return [row.part for row in rows], [row.row_id for row in rows]
