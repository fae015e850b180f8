"""Receipts of context windows: stored with the ids of what they show, read with what is left."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from itertools import starmap

import apsw
import msgspec
from msgspec import Struct

from dialoguedb.model.memories import Memory
from dialoguedb.model.projects import Project
from dialoguedb.model.receipts import NewReceipt, ReceiptContents, UsedParts
from dialoguedb.model.rules.memories import StoredMemory, version_at
from dialoguedb.model.rules.messages import StoredMessage, to_messages
from dialoguedb.model.rules.receipts import (
    check_receipt_found,
    context_not_found,
    parts_of,
    plan_receipt,
    still_there,
)
from dialoguedb.model.summaries import Summary
from dialoguedb.model.writes import WriteOptions
from dialoguedb.store.columns import columns_of
from dialoguedb.store.sqlite.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.sqlite.connection.reader import Reader, Readers
from dialoguedb.store.sqlite.connection.writer import Writer
from dialoguedb.store.sqlite.rows import (
    attachment_rows,
    memory_rows,
    memory_version_rows,
    message_rows,
    summary_rows,
)
from dialoguedb.store.sqlite.rows.idempotency import at_most_once, check_not_run
from dialoguedb.store.sqlite.rows.memory_rows import MemoryRow
from dialoguedb.store.sqlite.rows.message_rows import find_head
from dialoguedb.store.sqlite.rows.quoting_rows import Quoted


class ReceiptRow(Struct, gc=False):
    """A receipt as it is stored."""

    id: str
    settings: bytes
    parts: bytes
    plan: bytes
    sha256: str
    created: str
    dialogue: int
    """The row id of its dialogue."""

    dialogue_id: str
    namespace: str


_SELECT = (
    f"SELECT {columns_of(ReceiptRow, dialogue_id='d.id', namespace='d.namespace')}"
    " FROM receipts r JOIN dialogues d ON d.number = r.dialogue"
    " WHERE r.project = ? AND r.id = ?"
)
_INSERT = (
    "INSERT INTO receipts (project, dialogue, id, settings, parts, plan, sha256, created)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_MESSAGES = (
    f"{message_rows.SELECT} WHERE r.dialogue = ? AND r.id IN (SELECT value FROM json_each(?))"
)


class SQLiteReceipts:
    """Implements `ports.ReceiptStore`."""

    def __init__(self, writer: Writer, readers: Readers, row_ids: ProjectRowIds) -> None:
        self._writer = writer
        self._readers = readers
        self._row_ids = row_ids

    async def check_kept(self, project: Project, options: WriteOptions) -> None:
        """Raise IdempotencyHit when a receipt was stored with these options; else do nothing."""
        self._row_ids.of(project)
        record = options.idempotency
        if record is not None:
            await self._readers.read(lambda reader: check_not_run(reader.db, record, options.now))

    async def create(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        new: NewReceipt,
        options: WriteOptions,
    ) -> None:
        """Store a receipt of a dialogue's window."""
        project_row = self._row_ids.of(project)

        def operation(db: apsw.Connection) -> None:
            head = find_head(db, project_row, namespace, dialogue_id)
            used = plan_receipt(head, new, options)
            values = (new.id, new.settings, new.parts, new.plan, new.sha256, options.now)
            db.execute(_INSERT, (project_row, head.row_id, *values))
            self._writer.usage.record(db, (project, project_row), used, options)

        def quoted(db: apsw.Connection, _result: object) -> Quoted:
            return Quoted("window", find_head(db, project_row, namespace, dialogue_id).row_id)

        await self._writer.write(at_most_once(operation, project_row, options, quoted))

    async def get(
        self, project: Project, namespace: str | None, receipt_id: str
    ) -> ReceiptContents:
        """Return a receipt with all that is left of its window."""
        project_row = self._row_ids.of(project)

        def query(reader: Reader) -> ReceiptContents:
            row = reader.db.execute(_SELECT, (project_row, receipt_id)).fetchone()
            if row is None:
                raise context_not_found(receipt_id)
            stored = ReceiptRow(*row)
            check_receipt_found(stored.id, stored.namespace, namespace)
            return _contents(reader.db, (project, project_row), stored)

        return await self._readers.run(query)


def _contents(db: apsw.Connection, of: tuple[Project, int], stored: ReceiptRow) -> ReceiptContents:
    receipt = NewReceipt(
        id=stored.id,
        settings=stored.settings,
        parts=stored.parts,
        plan=stored.plan,
        sha256=stored.sha256,
    )
    parts = parts_of(receipt)
    ids = msgspec.json.encode([one.id for one in parts.messages]).decode()
    rows = starmap(StoredMessage, db.execute(_MESSAGES, (stored.dialogue, ids)))
    found = attachment_rows.whole(db, of[1], still_there(parts, rows))
    return ReceiptContents(
        receipt=receipt,
        dialogue_id=stored.dialogue_id,
        namespace=stored.namespace,
        created=stored.created,
        messages=to_messages(found, stored.dialogue_id, stored.namespace),
        summary=_summary(db, of, parts),
        memories=_memories(db, of[1], stored, parts),
    )


def _summary(db: apsw.Connection, of: tuple[Project, int], parts: UsedParts) -> Summary | None:
    if parts.summary is None:
        return None
    row = summary_rows.get(db, of[1], parts.summary)
    return row.to_summary(of[0]) if row else None


def _memories(
    db: apsw.Connection, project: int, stored: ReceiptRow, parts: UsedParts
) -> list[Memory]:
    """Return the memories, with what the window shows of them."""
    rows = (memory_rows.get(db, project, stored.namespace, one) for one in parts.memories)
    return [_as_shown(db, row, parts.version_of(row.id)).to_memory() for row in rows if row]


def _as_shown(db: apsw.Connection, row: MemoryRow, version: int) -> StoredMemory:
    is_now = row.version == version
    return row if is_now else version_at(row, memory_version_rows.get(db, row.row_id, version))
