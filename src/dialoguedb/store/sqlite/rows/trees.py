"""The tree of dialogues: parents, and what goes with a dialogue that is deleted."""

import apsw

from dialoguedb.errors import DialogueNotFound
from dialoguedb.model.dialogues import DeletedDialogue, NewDialogue
from dialoguedb.model.lifecycle import check_changeable
from dialoguedb.store.sqlite.connection.reader import Row
from dialoguedb.store.sqlite.rows.dialogue_rows import DialogueRow, find
from dialoguedb.store.sqlite.rows.tags import DIALOGUE_TAGS
from dialoguedb.store.sqlite.search_index import catch_up

_GATHER = """
    INSERT INTO temp.doomed
    WITH RECURSIVE tree (number) AS (
        VALUES (?)
        UNION ALL
        SELECT d.number FROM dialogues d JOIN tree ON d.parent = tree.number
    )
    SELECT number FROM tree
"""
_DOOMED = "(SELECT number FROM temp.doomed)"
_TAGGED = f"SELECT dialogue, tags FROM dialogue_bodies WHERE dialogue IN {_DOOMED}"


def find_parent(
    db: apsw.Connection, project: int, namespace: str, new: NewDialogue
) -> DialogueRow | None:
    """Return the dialogue that a new one is a thread of; DialogueNotFound, DialogueImmutable."""
    if new.thread_of is None:
        return None
    if new.thread_of == new.id:
        raise DialogueNotFound(f"Dialogue '{new.thread_of}' not found; it cannot be its own parent")
    parent = find(db, project, namespace, new.thread_of)
    check_changeable(parent.id, parent.status)
    return parent


def delete_tree(db: apsw.Connection, project: int, root: DialogueRow) -> DeletedDialogue:
    """Delete a dialogue and all below it; returns what went."""
    db.execute("CREATE TEMP TABLE IF NOT EXISTS doomed (number INTEGER PRIMARY KEY)")
    db.execute(_GATHER, (root.number,))
    counts = f"SELECT count(*), sum(total_messages) FROM dialogues WHERE number IN {_DOOMED}"
    dialogues, messages = db.execute(counts).get
    db.execute(f"DELETE FROM summaries WHERE dialogue IN {_DOOMED}")
    summaries = db.changes()
    db.execute(f"DELETE FROM message_tags WHERE dialogue IN {_DOOMED}")
    catch_up.remove(db, "message", f"SELECT number FROM messages WHERE dialogue IN {_DOOMED}")
    db.execute(f"DELETE FROM messages WHERE dialogue IN {_DOOMED}")
    # Tag by tag, for the side table cannot be searched by dialogue alone.
    tagged: list[Row] = db.execute(_TAGGED).fetchall()
    for number, tags in tagged:
        DIALOGUE_TAGS.delete(db, project, number, tags)
    catch_up.remove(db, "dialogue", "SELECT number FROM temp.doomed")
    db.execute(f"DELETE FROM dialogues WHERE number IN {_DOOMED}")
    db.execute("DELETE FROM temp.doomed")
    if root.parent is not None:
        less = "UPDATE dialogues SET thread_count = thread_count - 1 WHERE number = ?"
        db.execute(less, (root.parent,))
    return DeletedDialogue(dialogues, messages, summaries)
