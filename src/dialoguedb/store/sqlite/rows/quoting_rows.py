"""What repeats an object that is deleted: summaries, and responses kept for idempotency keys.

A kept response of an append or a creation repeats its own request alone, without which nobody can
open it: it stays, and answers a retry. Others repeat what was stored before.
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import apsw

from dialoguedb.model.projects import Project
from dialoguedb.model.rules.messages import StoredMessage
from dialoguedb.model.rules.quoting import quotes, without_deleted
from dialoguedb.store.sqlite.rows import compaction, summary_rows

Kind = Literal["message", "dialogue", "window", "summary", "memory"]


class Quoted(NamedTuple):
    """What a kept response repeats beside its request."""

    kind: Kind
    row_id: int
    """The row id of its dialogue, or of the memory."""

    seq: int | None = None
    """Of a message."""


FindQuoted = Callable[[apsw.Connection, Any], Quoted | None]
"""Finds what the response with an operation's result repeats; None when nothing."""

_FORGET_MESSAGE = """
    DELETE FROM answers WHERE quoted_of = ?1
    AND (quoted = 'window' OR quoted = 'message' AND quoted_seq = ?2)
"""
_FORGET_SUMMARIES = """
    DELETE FROM answers WHERE quoted_of = ? AND quoted IN ('window', 'summary')
"""
_FORGET_MEMORY = "DELETE FROM answers WHERE quoted_of = ? AND quoted = 'memory'"
_FORGET_WINDOWS = """
    DELETE FROM answers WHERE project = ? AND namespace = ? AND quoted = 'window'
"""


def message_deleted(
    db: apsw.Connection, project: Project, dialogue: int, message: StoredMessage, now: str
) -> bool:
    """Let go of what repeats a deleted message; tells whether a summary is to be made again."""
    db.execute(_FORGET_MESSAGE, (dialogue, message.seq))
    is_due = False
    found = summary_rows.covering(db, dialogue, message)
    for row in found:
        if not quotes(row, message):
            continue
        if project.settings.summaries_after_deletion == "delete" and row.status != "processing":
            db.execute("DELETE FROM summaries WHERE number = ?", (row.row_id,))
            compaction.forget_room(db, dialogue)
        else:
            after = without_deleted(row, summary_rows.left_of(db, row), now)
            summary_rows.store(db, row.row_id, after)
            is_due = is_due or after.status == "processing"
    if found:
        summary_deleted(db, dialogue)
    return is_due


def dialogues_deleted(db: apsw.Connection, row_ids: str) -> None:
    """Let go of kept responses that repeat dialogues; a query gives their row ids."""
    db.execute(f"DELETE FROM answers WHERE quoted_of IN ({row_ids}) AND quoted <> 'memory'")


def summary_deleted(db: apsw.Connection, dialogue: int) -> None:
    """Let go of kept responses that may repeat a summary of a dialogue."""
    db.execute(_FORGET_SUMMARIES, (dialogue,))


def memory_deleted(db: apsw.Connection, project: int, namespace: str, row_id: int) -> None:
    """Let go of kept responses that repeat a memory."""
    db.execute(_FORGET_MEMORY, (row_id,))
    db.execute(_FORGET_WINDOWS, (project, namespace))
