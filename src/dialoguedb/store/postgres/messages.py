"""Messages of a dialogue, in the order of `created`, then `seq`."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from collections.abc import Sequence

from dialoguedb.formats.attachments.deferred import DeferredText
from dialoguedb.model.messages import AttachmentRead, Message, MessageFilter, NewMessage
from dialoguedb.model.projects import Project
from dialoguedb.model.refs import DialogueRef, MessageRef
from dialoguedb.model.rules.attachments import with_references, with_tokens
from dialoguedb.model.rules.messages import plan_append, plan_delete, plan_retag
from dialoguedb.model.rules.usage import usage_of
from dialoguedb.ports import Tags, Versioned, WriteOptions, large_reads
from dialoguedb.store.postgres.appends import Append, AppendBatcher
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.postgres.connection.readers import Readers
from dialoguedb.store.postgres.connection.writer import Transaction, Writer
from dialoguedb.store.postgres.rows import attachment_rows, message_rows, quoting_rows
from dialoguedb.store.postgres.rows.compaction import compact
from dialoguedb.store.postgres.rows.idempotency import at_most_once
from dialoguedb.store.postgres.rows.message_rows import (
    Appended,
    ListedDialogue,
    find_head,
    find_message,
    find_owner,
    find_stored,
    page_of_dialogue,
)
from dialoguedb.store.postgres.rows.quoting_rows import Quoted
from dialoguedb.store.postgres.search_index.index import Index
from dialoguedb.values.lists import Slice, TimeRange, Window

_EVER = TimeRange()


class PostgresMessages:
    """Implements `ports.MessageStore`."""

    def __init__(
        self, writer: Writer, readers: Readers, row_ids: ProjectRowIds, index: Index
    ) -> None:
        self._writer = writer
        self._readers = readers
        self._row_ids = row_ids
        self._index = index
        self._batcher = AppendBatcher(writer, index, self._append)

    async def create(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        new: Sequence[NewMessage],
        options: WriteOptions,
    ) -> Versioned[Sequence[Message]]:
        """Append all or none; existing duplicates are answered in their place."""
        project_row = await self._row_ids.of(project)
        append = Append(project, project_row, namespace, dialogue_id, new, options)
        return await self._batcher.append(append)

    async def _append(self, append: Append) -> Versioned[Sequence[Message]]:
        """Append all or none in a transaction of its own."""
        project_row, new, options = append.project_row, append.new, append.options

        async def operation(db: Transaction) -> Versioned[Sequence[Message]]:
            head = await find_head(db, *append.dialogue, lock=True)
            stored = await find_stored(db, project_row, head.ref, new)
            plan = plan_append(head, new, stored, options)
            is_compacted = False
            if plan.new:
                of = (append.project, project_row)
                made = Appended(project_row, head.namespace, head.ref, plan)
                await self._index.add_new(db, "message", await message_rows.append(db, [made]))
                await db.usage.record(db, of, plan.usage, options)
                if options.compaction is not None:
                    is_compacted = await compact(db, of, head.ref, plan, options)
            return Versioned(plan.messages, plan.last_seq, is_compacted)

        work = at_most_once(operation, project_row, options)
        return await self._writer.write(work, repeatable=options.idempotency is not None)

    async def list(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        filters: MessageFilter,
        window: Window,
    ) -> Versioned[Slice[Message]]:
        """Return a window of a dialogue's messages. Version: last `seq`."""
        project_row = await self._row_ids.of(project)

        defers = window.in_pieces and filters.attachments == "inline"
        mode = "deferred" if defers else filters.attachments
        listed = ListedDialogue(project_row, DialogueRef(namespace, dialogue_id), mode)
        is_single = not filters.tags and filters.created == _EVER

        async def query(db: Connection) -> Versioned[Slice[Message]]:
            if is_single:
                last_seq, found = await page_of_dialogue(db, listed, filters.role, window)
                return Versioned(found, last_seq)
            owner = await find_owner(db, project_row, namespace, dialogue_id)
            found = await message_rows.page(db, (owner.ref, listed), filters, window)
            return Versioned(found, owner.last_seq)

        return await self._readers.list(window, query, is_single=is_single)

    async def get(
        self,
        project: Project,
        namespace: str,
        ref: MessageRef,
        attachments: AttachmentRead = "inline",
    ) -> Message:
        """Return one message."""
        project_row = await self._row_ids.of(project)

        async def query(db: Connection) -> Message:
            head, row = await find_message(db, project_row, namespace, ref)
            if attachments == "reference":
                return with_references(row, head.id, head.namespace)
            if attachments == "deferred":
                return with_tokens(row).to_message(head.id, head.namespace)
            whole = await attachment_rows.read_whole(db, project_row, row, row.part)
            return whole.to_message(head.id, head.namespace)

        return await self._readers.read(query)

    async def deferred_text(self, project: Project, text: DeferredText, start: int) -> bytes:
        """Return the next part of the base64 that a message holds a token for; MessageNotFound."""
        project_row = await self._row_ids.of(project)
        await large_reads.admit(large_reads.PIECE_READ_BYTES)
        return await self._readers.read_once(
            lambda db: attachment_rows.read_text(db, project_row, text, start)
        )

    async def update(
        self,
        project: Project,
        namespace: str,
        ref: MessageRef,
        tags: Tags,
        options: WriteOptions,
    ) -> Message:
        """Replace the tags of a message; None changes nothing."""
        project_row = await self._row_ids.of(project)

        async def operation(db: Transaction) -> Message:
            head, row = await find_message(db, project_row, namespace, ref, lock=True)
            after = plan_retag(project, head, row, tags, options.now)
            if after is not row:
                await message_rows.store_tags(db, head.ref, row, after)
                await self._index.change(db, "message", [row.ref], text=False)
            await db.usage.record(db, (project, project_row), usage_of(options), options)
            (whole,) = await attachment_rows.whole(db, project_row, [after], row.part)
            return whole.to_message(head.id, head.namespace)

        async def quoted(db: Connection, _result: object) -> Quoted:
            head, row = await find_message(db, project_row, namespace, ref)
            return Quoted("message", head.row_id, row.seq)

        work = at_most_once(operation, project_row, options, quoted)
        return await self._writer.write(work, repeatable=options.idempotency is not None)

    async def delete(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        message_id: str,
        options: WriteOptions,
    ) -> bool:
        """Delete one message; tells whether summaries are to be made again without it."""
        project_row = await self._row_ids.of(project)
        ref = MessageRef(dialogue_id, message_id)

        async def operation(db: Transaction) -> bool:
            head, row = await find_message(db, project_row, namespace, ref, lock=True)
            latest = await message_rows.latest_created(db, head.ref, row.row_id)
            after = plan_delete(project, head, latest, options.now)
            await self._index.remove(db, "message", [row.ref])
            await message_rows.delete(db, row, head, after)
            return await quoting_rows.message_deleted(db, project, head.ref, row, options.now)

        work = at_most_once(operation, project_row, options)
        return await self._writer.write(work, repeatable=options.idempotency is not None)
