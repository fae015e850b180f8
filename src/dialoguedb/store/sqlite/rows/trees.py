"""What goes with a dialogue that is deleted."""

import apsw

from dialoguedb.model.dialogues import DeletedDialogue
from dialoguedb.store.sqlite.connection.reader import Row
from dialoguedb.store.sqlite.rows import attachment_rows, quoting_rows
from dialoguedb.store.sqlite.rows.dialogue_rows import DialogueRow
from dialoguedb.store.sqlite.rows.tags import DIALOGUE_TAGS
from dialoguedb.store.sqlite.search_index import catch_up

_GATHER = """
    INSERT INTO temp.to_delete
    WITH RECURSIVE tree (number) AS (
        VALUES (?)
        UNION ALL
        SELECT d.number FROM dialogues d JOIN tree ON d.parent = tree.number
    )
    SELECT number FROM tree
"""
_TO_DELETE = "(SELECT number FROM temp.to_delete)"
_TAGGED = f"SELECT dialogue, tags FROM dialogue_bodies WHERE dialogue IN {_TO_DELETE}"


def delete_tree(db: apsw.Connection, project: int, root: DialogueRow) -> DeletedDialogue:
    """Delete a dialogue and all below it; returns what went."""
    db.execute("CREATE TEMP TABLE IF NOT EXISTS to_delete (number INTEGER PRIMARY KEY)")
    db.execute(_GATHER, (root.row_id,))
    counts = f"SELECT count(*), sum(total_messages) FROM dialogues WHERE number IN {_TO_DELETE}"
    dialogues, messages = db.execute(counts).get
    db.execute(f"DELETE FROM summaries WHERE dialogue IN {_TO_DELETE}")
    summaries = db.changes()
    quoting_rows.dialogues_deleted(db, "SELECT number FROM temp.to_delete")
    db.execute(f"DELETE FROM receipts WHERE dialogue IN {_TO_DELETE}")
    db.execute(f"DELETE FROM message_tags WHERE dialogue IN {_TO_DELETE}")
    catch_up.remove(db, "message", f"SELECT number FROM messages WHERE dialogue IN {_TO_DELETE}")
    attachment_rows.delete(db, f"SELECT number FROM messages WHERE dialogue IN {_TO_DELETE}", ())
    db.execute(f"DELETE FROM messages WHERE dialogue IN {_TO_DELETE}")
    # Tag by tag, for the side table cannot be searched by dialogue alone.
    tagged: list[Row] = db.execute(_TAGGED).fetchall()
    for row_id, tags in tagged:
        DIALOGUE_TAGS.delete(db, project, row_id, tags)
    catch_up.remove(db, "dialogue", "SELECT number FROM temp.to_delete")
    db.execute(f"DELETE FROM dialogues WHERE number IN {_TO_DELETE}")
    db.execute("DELETE FROM temp.to_delete")
    if root.parent is not None:
        less = "UPDATE dialogues SET thread_count = thread_count - 1 WHERE number = ?"
        db.execute(less, (root.parent,))
    return DeletedDialogue(dialogues, messages, summaries)
