"""Receipts of context windows: stored with the ids of what they show, read with what is left."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from itertools import starmap

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
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.postgres.connection.readers import Readers
from dialoguedb.store.postgres.connection.writer import Transaction, Writer
from dialoguedb.store.postgres.rows import (
    attachment_rows,
    memory_rows,
    memory_version_rows,
    message_rows,
    object_ids,
    summary_rows,
)
from dialoguedb.store.postgres.rows.idempotency import at_most_once, check_not_run
from dialoguedb.store.postgres.rows.memory_rows import MemoryRow
from dialoguedb.store.postgres.rows.message_rows import find_head
from dialoguedb.store.postgres.rows.quoting_rows import Quoted
from dialoguedb.store.postgres.search_index.index import RowRef


class ReceiptRow(Struct, gc=False):
    """A receipt as it is stored."""

    id: str
    settings: bytes
    parts: bytes
    plan: bytes
    sha256: str
    created: str
    part: int
    dialogue: int
    """The row id of its dialogue."""

    dialogue_id: str
    namespace: str


_SELECT = (
    f"SELECT {columns_of(ReceiptRow, dialogue_id='d.id', namespace='d.namespace')}"
    " FROM receipts r JOIN dialogues d ON d.part = r.part AND d.number = r.dialogue"
    " WHERE r.part = $1 AND r.number = $2"
)
_INSERT = (
    "INSERT INTO receipts (part, dialogue, project, id, settings, parts, plan, sha256, created)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING number"
)
_MESSAGES = (
    f"{message_rows.SELECT} WHERE r.part = $1 AND r.dialogue = $2 AND r.id = ANY($3::text[])"
)


class PostgresReceipts:
    """Implements `ports.ReceiptStore`."""

    def __init__(self, writer: Writer, readers: Readers, row_ids: ProjectRowIds) -> None:
        self._writer = writer
        self._readers = readers
        self._row_ids = row_ids

    async def check_kept(self, project: Project, options: WriteOptions) -> None:
        """Raise IdempotencyHit when a receipt was stored with these options; else do nothing."""
        await self._row_ids.of(project)
        record = options.idempotency
        if record is not None:
            await self._readers.read_once(lambda db: check_not_run(db, record, options.now))

    async def create(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        new: NewReceipt,
        options: WriteOptions,
    ) -> None:
        """Store a receipt of a dialogue's window."""
        project_row = await self._row_ids.of(project)

        async def operation(db: Transaction) -> None:
            head = await find_head(db, project_row, namespace, dialogue_id, lock=True)
            used = plan_receipt(head, new, options)
            await _insert(db, project_row, head.ref, new, options.now)
            await db.usage.record(db, (project, project_row), used, options)

        async def quoted(db: Connection, _result: object) -> Quoted:
            head = await find_head(db, project_row, namespace, dialogue_id)
            return Quoted("window", head.row_id)

        work = at_most_once(operation, project_row, options, quoted)
        await self._writer.write(work, repeatable=options.idempotency is not None)

    async def get(
        self, project: Project, namespace: str | None, receipt_id: str
    ) -> ReceiptContents:
        """Return a receipt with all that is left of its window."""
        project_row = await self._row_ids.of(project)

        async def query(db: Connection) -> ReceiptContents:
            ref = await object_ids.find(db, project_row, "receipt", receipt_id)
            row = await db.row(_SELECT, *ref) if ref else None
            if row is None:
                raise context_not_found(receipt_id)
            stored = ReceiptRow(*row)
            check_receipt_found(stored.id, stored.namespace, namespace)
            return await _contents(db, (project, project_row), stored)

        return await self._readers.read(query)


async def _insert(
    db: Connection, project: int, dialogue: RowRef, new: NewReceipt, now: str
) -> None:
    values = (new.id, new.settings, new.parts, new.plan, new.sha256, now)
    row_id = await db.value(_INSERT, *dialogue, project, *values)
    await object_ids.add(db, project, "receipt", new.id, RowRef(dialogue.part, row_id))


async def _contents(db: Connection, of: tuple[Project, int], stored: ReceiptRow) -> ReceiptContents:
    receipt = NewReceipt(
        id=stored.id,
        settings=stored.settings,
        parts=stored.parts,
        plan=stored.plan,
        sha256=stored.sha256,
    )
    parts = parts_of(receipt)
    ids = [one.id for one in parts.messages]
    rows = starmap(StoredMessage, await db.rows(_MESSAGES, stored.part, stored.dialogue, ids))
    found = await attachment_rows.whole(db, of[1], still_there(parts, rows), stored.part)
    return ReceiptContents(
        receipt=receipt,
        dialogue_id=stored.dialogue_id,
        namespace=stored.namespace,
        created=stored.created,
        messages=to_messages(found, stored.dialogue_id, stored.namespace),
        summary=await _summary(db, of, parts),
        memories=await _memories(db, of[1], stored, parts),
    )


async def _memories(
    db: Connection, project: int, stored: ReceiptRow, parts: UsedParts
) -> list[Memory]:
    """Return the memories, with what the window shows of them."""
    rows = await memory_rows.get_all(db, project, stored.namespace, parts.memories)
    return [(await _as_shown(db, row, parts.version_of(row.id))).to_memory() for row in rows]


async def _as_shown(db: Connection, row: MemoryRow, version: int) -> StoredMemory:
    is_now = row.version == version
    return row if is_now else version_at(row, await memory_version_rows.get(db, row.ref, version))


async def _summary(db: Connection, of: tuple[Project, int], parts: UsedParts) -> Summary | None:
    if parts.summary is None:
        return None
    row = await summary_rows.get(db, of[1], parts.summary)
    return row.to_summary(of[0]) if row else None
