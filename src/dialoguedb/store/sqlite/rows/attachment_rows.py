"""Rows of attachments: the base64 of each once in a project, apart from the messages with it."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

import apsw

from dialoguedb.errors import InternalError, MessageNotFound
from dialoguedb.formats.attachments.cutting import texts
from dialoguedb.formats.attachments.deferred import DEFERRED_BYTES, DeferredText
from dialoguedb.model.messages import NewMessage
from dialoguedb.model.rules.attachments import make_whole
from dialoguedb.model.rules.messages import StoredMessage
from dialoguedb.store.sqlite.connection.reader import Reader
from dialoguedb.values.long_values import LONG_BYTES, PIECE_BYTES, joined

S = TypeVar("S", bound=StoredMessage)

_FIND = "SELECT number FROM attachments WHERE project = ? AND sha256 = ?"
_INSERT = "INSERT INTO attachments (project, sha256, base64) VALUES (?, ?, ?)"
_HOLD = "INSERT OR IGNORE INTO message_attachments (message, attachment) VALUES (?, ?)"
_HELD = "SELECT DISTINCT attachment FROM message_attachments WHERE message IN ({})"
_HAS = "SELECT EXISTS (SELECT 1 FROM message_attachments WHERE message IN ({}))"
_LET_GO = "DELETE FROM message_attachments WHERE message IN ({})"
_DELETE_UNUSED = """
    DELETE FROM attachments WHERE number = ?1
    AND NOT EXISTS (SELECT 1 FROM message_attachments WHERE attachment = ?1)
    RETURNING number
"""


def insert(db: apsw.Connection, project: int, message: int, sent: NewMessage) -> None:
    """Store the attachments that were cut out of a message, those that are not there yet."""
    if sent.cut is None:
        return
    for sha256, base64 in texts(sent.content, sent.cut.attachments):
        attachment = db.execute(_FIND, (project, sha256)).get
        if attachment is None:
            attachment = _insert(db, (project, sha256), base64)
        db.execute(_HOLD, (message, attachment))


def _insert(db: apsw.Connection, key: tuple[int, str], base64: memoryview) -> int:
    """Store an attachment and return its row id; a long one is written in pieces."""
    if len(base64) <= LONG_BYTES:
        db.execute(_INSERT, (*key, base64))
        return db.last_insert_rowid()
    db.execute(_INSERT, (*key, apsw.zeroblob(len(base64))))
    row_id = db.last_insert_rowid()
    blob = db.blob_open("main", "attachments", "base64", row_id, writeable=True)
    try:
        for start in range(0, len(base64), PIECE_BYTES):
            blob.write(base64[start : start + PIECE_BYTES])
    finally:
        blob.close()
    return row_id


def delete(db: apsw.Connection, messages: str, values: tuple[int | str, ...]) -> int:
    """Delete the attachments of messages that no other message has, and return their count.

    A SELECT tells the row ids of the messages, while they are still there.
    """
    held = db.execute(_HELD.format(messages), values).fetchall()
    if not held:
        return 0
    db.execute(_LET_GO.format(messages), values)
    return len(db.executemany(_DELETE_UNUSED, held).fetchall())


def has_any(db: apsw.Connection, messages: str, values: tuple[int | str, ...]) -> bool:
    """Tell whether messages have attachments; a SELECT tells their numbers."""
    return bool(db.execute(_HAS.format(messages), values).get)


def whole(db: apsw.Connection, project: int, rows: Sequence[S]) -> Sequence[S]:
    """Return messages as they were received, their attachments put back."""
    if not any(row.attachments for row in rows):
        return rows
    found: dict[str, bytes] = {}

    def base64_of(sha256: str) -> bytes:
        if sha256 not in found:
            row_id = db.execute(_FIND, (project, sha256)).get
            if row_id is None:
                raise InternalError(f"The attachment {sha256} of a message is missing")
            found[sha256] = joined(_read(db, row_id, 0))
        return found[sha256]

    return [make_whole(row, base64_of) for row in rows]


def read_text(db: apsw.Connection, project: int, text: DeferredText, start: int) -> bytes:
    """Return a part of an attachment's base64, without reading all of it; MessageNotFound."""
    row_id = db.execute(_FIND, (project, text.sha256)).get
    if row_id is None:
        raise MessageNotFound(f"The message with the attachment {text.sha256} was deleted")
    pieces = _read(db, row_id, start, min(DEFERRED_BYTES, text.length - start))
    return joined(pieces)


def _read(
    db: apsw.Connection, row_id: int, start: int, length: int | None = None
) -> Iterator[bytes]:
    """Yield an attachment's base64, or so much of it, in pieces."""
    blob = db.blob_open("main", "attachments", "base64", row_id, writeable=False)
    try:
        left = blob.length() - start if length is None else length
        blob.seek(start)
        while left > 0 and (piece := blob.read(min(PIECE_BYTES, left))):
            yield piece
            left -= len(piece)
    finally:
        blob.close()


def read_whole(reader: Reader, project: int, row: S) -> S:
    """Return a message as it was received."""
    if row.attachments:
        reader.check_bytes(row.content_length)
        return whole(reader.db, project, [row])[0]
    return row
