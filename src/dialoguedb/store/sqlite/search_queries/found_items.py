"""What a search has found, read in full by number."""

from collections.abc import Sequence

import apsw
import numpy as np

from dialoguedb.model.dialogues import Dialogue
from dialoguedb.model.memories import Memory
from dialoguedb.model.messages import Message
from dialoguedb.model.projects import Project
from dialoguedb.store.sqlite import memories
from dialoguedb.store.sqlite.connection.reader import Row
from dialoguedb.store.sqlite.memories import MemoryRow
from dialoguedb.store.sqlite.rows import dialogue_rows
from dialoguedb.store.sqlite.rows.dialogue_rows import DialogueRow
from dialoguedb.store.sqlite.rows.message_rows import COLUMNS, to_message
from dialoguedb.store.sqlite.search_queries.scopes import array

_NUMBERED = "r.number IN (SELECT value FROM carray(?))"
_MESSAGES = (
    f"SELECT {COLUMNS}, d.id, d.namespace, r.number"
    " FROM messages r JOIN dialogues d ON d.number = r.dialogue"
)
_BESIDE = (
    f"SELECT {COLUMNS}, d.id, d.namespace FROM messages o"
    " CROSS JOIN dialogues d ON d.number = o.dialogue"
    " CROSS JOIN messages r ON r.dialogue = o.dialogue"
    " AND (r.created, r.seq) {} (o.created, o.seq)"
    " WHERE o.number = ? ORDER BY r.created {order}, r.seq {order} LIMIT ?"
)
_BEFORE = _BESIDE.format("<", order="DESC")
_AFTER = _BESIDE.format(">", order="ASC")


def read_messages(db: apsw.Connection, numbers: Sequence[int]) -> dict[int, Message]:
    """Return messages by number."""
    rows = db.execute(f"{_MESSAGES} WHERE {_NUMBERED}", (array(np.array(numbers, np.int64)),))
    return {row[-1]: _message(row) for row in rows}


def read_dialogues(
    db: apsw.Connection, project: Project, numbers: Sequence[int]
) -> dict[int, Dialogue]:
    """Return dialogues by number."""
    bound = (array(np.array(numbers, np.int64)),)
    found = (
        DialogueRow(*row) for row in db.execute(f"{dialogue_rows.SELECT} WHERE {_NUMBERED}", bound)
    )
    return {row.number: row.to_dialogue(project) for row in found}


def read_memories(db: apsw.Connection, numbers: Sequence[int]) -> dict[int, Memory]:
    """Return memories by number."""
    bound = (array(np.array(numbers, np.int64)),)
    found = (MemoryRow(*row) for row in db.execute(f"{memories.SELECT} WHERE {_NUMBERED}", bound))
    return {row.number: row.to_memory() for row in found}


def read_around(
    db: apsw.Connection, number: int, count: int
) -> tuple[list[Message], list[Message]]:
    """Return the messages before and after a message in its dialogue, each oldest first."""
    before = [_message(row) for row in db.execute(_BEFORE, (number, count))]
    return before[::-1], [_message(row) for row in db.execute(_AFTER, (number, count))]


def _message(row: Row) -> Message:
    dialogue_id, namespace = row[11:13]
    return to_message(dialogue_id, namespace, row)
