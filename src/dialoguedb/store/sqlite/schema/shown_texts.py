"""The step that counts and indexes messages again, as what is shown of their parts has changed."""

from typing import Any

import apsw

from dialoguedb.errors import DataError
from dialoguedb.formats.tokens import measure_message
from dialoguedb.formats.turns import text_if_plain
from dialoguedb.ports.tokens import TokenCounter
from dialoguedb.store.sqlite.connection.reader import Row
from dialoguedb.store.sqlite.schema.window_schema import SUMS

SHOWN_TEXTS = """
DELETE FROM compaction_room; -- in tokens as they were; every dialogue is looked at again
"""

_PORTION = """
SELECT number, role, content, name, metadata, tokens FROM messages
WHERE number > ? ORDER BY number LIMIT 500
"""

_INDEX_AGAIN = """
INSERT INTO changed (object, number, text)
SELECT 'message', ?1, 1 FROM indexed WHERE object = 'message' AND upto >= ?1
ON CONFLICT (object, number) DO UPDATE SET text = 1
"""


def count_shown_texts(db: apsw.Connection, count: TokenCounter | None) -> None:
    """Count the messages that are more than a text, and have them indexed again."""
    rows: list[Any]  # what a column holds, SQLite does not say
    last = -1
    while rows := list(db.execute(_PORTION, (last,))):
        last = rows[-1][0]
        for row in rows:
            _renew(db, row, count)
    db.execute(SUMS)


def _renew(db: apsw.Connection, row: Row, count: TokenCounter | None) -> None:
    row_id, role, content, name, metadata, before = row
    if text_if_plain(role, content, metadata) is not None:
        return
    if count is None:
        raise DataError("Messages of an older version cannot be brought along without counting")
    tokens = measure_message(role, content, name, metadata, count).tokens
    if tokens != before:
        db.execute("UPDATE messages SET tokens = ? WHERE number = ?", (tokens, row_id))
    db.execute(_INDEX_AGAIN, (row_id,))
