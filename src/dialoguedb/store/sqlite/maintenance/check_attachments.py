"""Looks for damage in attachments: bytes that are not those of their hash, missing or left over."""

import hashlib
from collections.abc import Iterator

import apsw
import msgspec

from dialoguedb.formats.attachments import cutting

_HELD = """
    SELECT m.number, m.id, m.attachments, d.project FROM messages m
    JOIN dialogues d ON d.number = m.dialogue WHERE m.attachments <> X''
"""
_OF_MESSAGE = """
    SELECT a.sha256, a.project, length(a.base64) FROM message_attachments h
    JOIN attachments a ON a.number = h.attachment WHERE h.message = ?
"""
_LEFT_OVER = """
    SELECT sha256 FROM attachments a
    WHERE NOT EXISTS (SELECT 1 FROM message_attachments h WHERE h.attachment = a.number)
"""
_OF_NO_MESSAGE = """
    SELECT DISTINCT h.message FROM message_attachments h
    WHERE NOT EXISTS (SELECT 1 FROM messages m WHERE m.number = h.message AND m.attachments <> X'')
"""


def attachment_findings(db: apsw.Connection) -> Iterator[Iterator[str]]:
    """Return what is wrong with attachments, a line each, kind by kind."""
    yield _hash_findings(db)
    yield _message_findings(db)
    yield (f"Attachment {sha256} belongs to no message" for (sha256,) in db.execute(_LEFT_OVER))
    yield (
        f"An attachment belongs to message number {row_id}, which has none"
        for (row_id,) in db.execute(_OF_NO_MESSAGE)
    )


def _hash_findings(db: apsw.Connection) -> Iterator[str]:
    for sha256, base64 in db.execute("SELECT sha256, base64 FROM attachments"):
        if hashlib.sha256(base64).hexdigest() != sha256:
            yield f"Attachment {sha256} has other bytes than its hash says"


def _message_findings(db: apsw.Connection) -> Iterator[str]:
    for row_id, name, attachments, project in db.execute(_HELD):
        try:
            cut = cutting.decode(attachments)
        except (msgspec.DecodeError, UnicodeDecodeError):
            yield f"The attachments of message {name!r} (row {row_id}) cannot be read"
            continue
        expected = {(one.sha256, project, one.text_bytes) for one in cut}
        if expected != set(db.execute(_OF_MESSAGE, (row_id,))):
            yield f"The attachments of message {name!r} (row {row_id}) are not those it refers to"
