"""Rows of attachments: the base64 of each once in a partition, apart from the messages with it.

Whoever needs an attachment holds its row, and whoever deletes one locks it first and then looks
whether anybody needs it; so neither takes it from the other.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

from dialoguedb.errors import InternalError, MessageNotFound
from dialoguedb.formats.attachments import cutting
from dialoguedb.formats.attachments.cutting import texts
from dialoguedb.formats.attachments.deferred import DEFERRED_BYTES, DeferredText
from dialoguedb.model.messages import NewMessage
from dialoguedb.model.rules.attachments import make_whole
from dialoguedb.model.rules.messages import StoredMessage
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.search_index.index import RowRef

S = TypeVar("S", bound=StoredMessage)

_HOLD_ROW = """
    SELECT number FROM attachments WHERE part = $1 AND project = $2 AND sha256 = $3 FOR KEY SHARE
"""
_INSERT = """
    INSERT INTO attachments (part, project, sha256, base64) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING RETURNING number
"""
_HOLD = """
    INSERT INTO message_attachments (part, message, attachment)
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) ON CONFLICT DO NOTHING
"""
_READ = """
    SELECT DISTINCT ON (sha256) sha256, base64 FROM attachments
    WHERE project = $1 AND sha256 = ANY($2) ORDER BY sha256
"""
_READ_IN = """
    SELECT sha256, base64 FROM attachments WHERE part = $3 AND project = $1 AND sha256 = ANY($2)
"""
_READ_PART = """
    SELECT substring(base64 FROM $3 FOR $4) FROM attachments WHERE project = $1 AND sha256 = $2
    LIMIT 1
"""
_LET_GO = """
    DELETE FROM message_attachments h USING unnest($1::bigint[], $2::bigint[]) AS m (part, number)
    WHERE h.part = m.part AND h.message = m.number RETURNING h.part, h.attachment
"""
_LOCK = """
    SELECT a.part, a.number FROM attachments a
    JOIN unnest($1::bigint[], $2::bigint[]) AS held (part, number) USING (part, number)
    ORDER BY a.part, a.number FOR UPDATE OF a
"""
_DELETE_UNUSED = """
    DELETE FROM attachments a USING unnest($1::bigint[], $2::bigint[]) AS held (part, number)
    WHERE a.part = held.part AND a.number = held.number AND NOT EXISTS (
        SELECT FROM message_attachments m WHERE m.part = a.part AND m.attachment = a.number
    )
"""


class SentMessage(NamedTuple):
    """A message that was sent, and where it is stored."""

    project: int
    row: RowRef
    sent: NewMessage


async def insert(db: Connection, messages: Iterable[SentMessage]) -> None:
    """Store the attachments that were cut out of messages, those that are not there yet."""
    found: dict[tuple[int, int, str], int] = {}
    holds: list[tuple[int, int, int]] = []
    for project, message, sent in messages:
        for sha256, base64 in texts(sent.content, sent.cut.attachments if sent.cut else ()):
            key = (message.part, project, sha256)
            if key not in found:
                found[key] = await _find_or_insert(db, key, base64)
            holds.append((*message, found[key]))
    if holds:
        await db.execute(_HOLD, *map(list, zip(*holds, strict=True)))


async def _find_or_insert(db: Connection, key: tuple[int, int, str], base64: memoryview) -> int:
    """Return the row id of an attachment, which stays until the transaction ends."""
    while True:
        row_id: int | None = await db.value(_HOLD_ROW, *key)
        if row_id is None:  # another transaction may store it now; then it is looked up again
            row_id = await db.value(_INSERT, *key, base64)
        if row_id is not None:
            return row_id


async def delete(db: Connection, messages: Sequence[RowRef]) -> int:
    """Delete the attachments of messages that no other message has, and return their count."""
    held = sorted({(*row,) for row in await db.rows(_LET_GO, *_columns(messages))})
    if not held:
        return 0
    await db.rows(_LOCK, *_columns(held))
    return await db.execute(_DELETE_UNUSED, *_columns(held))


def _columns(rows: Sequence[tuple[int, int]]) -> tuple[list[int], list[int]]:
    return [part for part, _ in rows], [row_id for _, row_id in rows]


async def whole(
    db: Connection, project: int, rows: Sequence[S], part: int | None = None
) -> Sequence[S]:
    """Return messages as they were received, their attachments put back; `part` if it is one."""
    hashes = {
        one.sha256 for row in rows if row.attachments for one in cutting.decode(row.attachments)
    }
    if not hashes:
        return rows
    values = (project, sorted(hashes))
    query = db.rows(_READ, *values) if part is None else db.rows(_READ_IN, *values, part)
    found: dict[str, bytes] = {row[0]: row[1] for row in await query}

    def base64_of(sha256: str) -> bytes:
        if sha256 not in found:
            raise InternalError(f"The attachment {sha256} of a message is missing")
        return found[sha256]

    return [make_whole(row, base64_of) for row in rows]


async def read_text(db: Connection, project: int, text: DeferredText, start: int) -> bytes:
    """Return a part of an attachment's base64, without reading all of it; MessageNotFound."""
    length = min(DEFERRED_BYTES, text.length - start)
    found: bytes | None = await db.value(_READ_PART, project, text.sha256, start + 1, length)
    if found is None:
        raise MessageNotFound(f"The message with the attachment {text.sha256} was deleted")
    return found


async def read_whole(db: Connection, project: int, row: S, part: int) -> S:
    """Return a message as it was received."""
    if row.attachments:
        db.budget.check(row.content_length)
        (row,) = await whole(db, project, [row], part)
    return row
