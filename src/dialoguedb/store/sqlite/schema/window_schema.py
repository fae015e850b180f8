"""The step of the schema that lets windows begin where the one before began."""

from typing import Any

import apsw

from dialoguedb.formats.turns import is_by_user, parse_parts
from dialoguedb.ports.tokens import TokenCounter

SUMS = """
UPDATE messages SET token_offset = m.before FROM (
    SELECT number, sum(tokens) OVER (PARTITION BY dialogue ORDER BY seq) - tokens AS before
    FROM messages
) m WHERE m.number = messages.number;
UPDATE dialogues SET appended_tokens = m.tokens FROM (
    SELECT dialogue, sum(tokens) AS tokens FROM messages GROUP BY dialogue
) m WHERE m.dialogue = dialogues.number;
"""
"""Fills the sums of tokens from the messages that are there."""

WINDOWS = f"""
-- The tokens of all messages that were appended to a dialogue before one, whatever is deleted.
ALTER TABLE messages ADD COLUMN token_offset INTEGER NOT NULL DEFAULT 0;
ALTER TABLE dialogues ADD COLUMN appended_tokens INTEGER NOT NULL DEFAULT 0;
{SUMS}
-- What a user says, to find the task before a long run of tool calls.
ALTER TABLE messages ADD COLUMN by_user INTEGER NOT NULL DEFAULT 0;
CREATE INDEX messages_by_user ON messages (dialogue, created, seq) WHERE by_user;

-- The last seq of its dialogue when a summary was completed.
ALTER TABLE summaries ADD COLUMN completed_seq INTEGER;
UPDATE summaries SET completed_seq = last_seq WHERE status = 'completed';
"""

_PORTION = """
SELECT number, role, content, metadata FROM messages WHERE number > ? ORDER BY number LIMIT 500
"""


def find_users_messages(db: apsw.Connection, _count: TokenCounter | None) -> None:
    """Find what users said among the messages that are stored, in portions."""
    rows: list[Any]  # what a column holds, SQLite does not say
    last = -1
    while rows := list(db.execute(_PORTION, (last,))):
        for last, role, content, metadata in rows:
            if is_by_user(*parse_parts(role, content, metadata)):
                db.execute("UPDATE messages SET by_user = 1 WHERE number = ?", (last,))
