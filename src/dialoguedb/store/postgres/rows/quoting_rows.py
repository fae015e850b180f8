"""What repeats an object that is deleted: summaries, and responses kept for idempotency keys.

A kept response of an append or a creation repeats its own request alone, without which nobody can
open it: it stays, and answers a retry. Others repeat what was stored before; whoever keeps one has
the dialogue or the memory locked that it repeats, as has whoever deletes that.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal, NamedTuple

from dialoguedb.model.projects import Project
from dialoguedb.model.rules.messages import StoredMessage
from dialoguedb.model.rules.quoting import quotes, without_deleted
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.rows import compaction, summary_rows
from dialoguedb.store.postgres.search_index.index import RowRef

Kind = Literal["message", "dialogue", "window", "summary", "memory"]


class Quoted(NamedTuple):
    """What a kept response repeats beside its request."""

    kind: Kind
    row_id: int
    """The row id of its dialogue, or of the memory."""

    seq: int | None = None
    """Of a message."""


FindQuoted = Callable[[Connection, Any], Awaitable[Quoted | None]]
"""Finds what the response with an operation's result repeats; None when nothing."""

_FORGET_MESSAGE = """
    DELETE FROM answers WHERE quoted_of = $1
    AND (quoted = 'window' OR quoted = 'message' AND quoted_seq = $2)
"""
_FORGET_DIALOGUES = """
    DELETE FROM answers WHERE quoted_of = ANY($1::bigint[]) AND quoted <> 'memory'
"""
_FORGET_SUMMARIES = """
    DELETE FROM answers WHERE quoted_of = $1 AND quoted IN ('window', 'summary')
"""
_FORGET_MEMORY = "DELETE FROM answers WHERE quoted_of = $1 AND quoted = 'memory'"
_FORGET_WINDOWS = """
    DELETE FROM answers WHERE project = $1 AND namespace = $2 AND quoted = 'window'
"""


async def message_deleted(
    db: Connection, project: Project, dialogue: RowRef, message: StoredMessage, now: str
) -> bool:
    """Let go of what repeats a deleted message; tells whether a summary is to be made again."""
    await db.execute(_FORGET_MESSAGE, dialogue.row_id, message.seq)
    is_due = False
    found = await summary_rows.covering(db, dialogue, message)
    for row in found:
        if not quotes(row, message):
            continue
        if project.settings.summaries_after_deletion == "delete" and row.status != "processing":
            await summary_rows.delete(db, row)
            await compaction.forget_room(db, dialogue)
        else:
            left = await summary_rows.left_of(db, row)
            after = without_deleted(row, left, now)
            await summary_rows.store(db, row.ref, after)
            is_due = is_due or after.status == "processing"
    if found:
        await summary_deleted(db, dialogue)
    return is_due


async def dialogues_deleted(db: Connection, dialogues: Sequence[RowRef]) -> None:
    """Let go of kept responses that repeat dialogues."""
    await db.execute(_FORGET_DIALOGUES, [one.row_id for one in dialogues])


async def summary_deleted(db: Connection, dialogue: RowRef) -> None:
    """Let go of kept responses that may repeat a summary of a dialogue."""
    await db.execute(_FORGET_SUMMARIES, dialogue.row_id)


async def memory_deleted(db: Connection, project: int, namespace: str, memory: RowRef) -> None:
    """Let go of kept responses that repeat a memory."""
    await db.execute(_FORGET_MEMORY, memory.row_id)
    await db.execute(_FORGET_WINDOWS, project, namespace)
