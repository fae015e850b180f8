"""Looks for damage in attachments: bytes that are not those of their hash, missing or left over."""

import hashlib
from collections.abc import AsyncIterator

import msgspec

from dialoguedb.formats.attachments import cutting
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.maintenance.findings import Findings

_FEW = 4
"""Attachments held at a time; each may have some megabytes."""

_PORTION = 500

_HELD = """
    SELECT m.number, m.id, m.attachments, d.project, ARRAY(
        SELECT concat_ws(' ', a.sha256, a.project, octet_length(a.base64))
        FROM message_attachments h JOIN attachments a
        ON a.part = h.part AND a.number = h.attachment
        WHERE h.part = m.part AND h.message = m.number
    )
    FROM messages m JOIN dialogues d ON d.part = m.part AND d.number = m.dialogue
    WHERE m.attachments <> ''
"""
_LEFT_OVER = """
    SELECT sha256 FROM attachments a WHERE NOT EXISTS (
        SELECT 1 FROM message_attachments h WHERE h.part = a.part AND h.attachment = a.number
    )
"""
_OF_NO_MESSAGE = """
    SELECT DISTINCT h.message FROM message_attachments h WHERE NOT EXISTS (
        SELECT 1 FROM messages m
        WHERE m.part = h.part AND m.number = h.message AND m.attachments <> ''
    )
"""


async def _hash_findings(db: Connection) -> AsyncIterator[str]:
    stored = "SELECT sha256, base64 FROM attachments"
    async for sha256, base64 in db.stream(stored, portion=_FEW):
        if hashlib.sha256(base64).hexdigest() != sha256:
            yield f"Attachment {sha256} has other bytes than its hash says"


async def _message_findings(db: Connection) -> AsyncIterator[str]:
    async for row_id, name, attachments, project, held in db.stream(_HELD, portion=_PORTION):
        try:
            cut = cutting.decode(attachments)
        except (msgspec.DecodeError, UnicodeDecodeError):
            yield f"The attachments of message {name!r} (row {row_id}) cannot be read"
            continue
        if {f"{one.sha256} {project} {one.text_bytes}" for one in cut} != set(held):
            yield f"The attachments of message {name!r} (row {row_id}) are not those it refers to"


async def _left_over_findings(db: Connection) -> AsyncIterator[str]:
    async for row in db.stream(_LEFT_OVER, portion=_PORTION):
        yield f"Attachment {row[0]} belongs to no message"


async def _stray_findings(db: Connection) -> AsyncIterator[str]:
    async for row in db.stream(_OF_NO_MESSAGE, portion=_PORTION):
        yield f"An attachment belongs to message number {row[0]}, which has none"


ATTACHMENT_FINDINGS: tuple[Findings, ...] = (
    _hash_findings,
    _message_findings,
    _left_over_findings,
    _stray_findings,
)
