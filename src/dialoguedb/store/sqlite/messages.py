"""Messages of a dialogue, in the order of `created`, then `seq`."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from collections.abc import Awaitable, Sequence

import apsw

from dialoguedb.formats.attachments.deferred import DeferredText
from dialoguedb.model.messages import AttachmentRead, Message, MessageFilter, NewMessage
from dialoguedb.model.projects import Project
from dialoguedb.model.refs import DialogueRef, MessageRef
from dialoguedb.model.rules.attachments import with_references, with_tokens
from dialoguedb.model.rules.messages import plan_append, plan_delete, plan_retag
from dialoguedb.model.rules.usage import usage_of
from dialoguedb.ports import Tags, Versioned, WriteOptions, large_reads
from dialoguedb.store.sqlite.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.sqlite.connection.reader import Reader, Readers
from dialoguedb.store.sqlite.connection.writer import Writer
from dialoguedb.store.sqlite.rows import attachment_rows, message_rows, quoting_rows
from dialoguedb.store.sqlite.rows.compaction import compact
from dialoguedb.store.sqlite.rows.idempotency import at_most_once
from dialoguedb.store.sqlite.rows.message_rows import (
    ListedDialogue,
    find_head,
    find_message,
    find_owner,
    find_stored,
    is_long,
)
from dialoguedb.store.sqlite.rows.quoting_rows import Quoted
from dialoguedb.store.sqlite.search_index import catch_up
from dialoguedb.values.lists import Slice, Window

_NUMBER = (
    "SELECT m.number FROM dialogues d JOIN messages m ON m.dialogue = d.number"
    " WHERE d.project = ? AND d.namespace = ? AND d.id = ? AND m.id = ?"
)


class SQLiteMessages:
    """Implements `ports.MessageStore`."""

    def __init__(self, writer: Writer, readers: Readers, row_ids: ProjectRowIds) -> None:
        self._writer = writer
        self._readers = readers
        self._row_ids = row_ids

    def create(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        new: Sequence[NewMessage],
        options: WriteOptions,
    ) -> Awaitable[Versioned[Sequence[Message]]]:
        """Append all or none; existing duplicates are answered in their place."""
        project_row = self._row_ids.of(project)

        def operation(db: apsw.Connection) -> Versioned[Sequence[Message]]:
            head = find_head(db, project_row, namespace, dialogue_id)
            stored = find_stored(db, project_row, head.row_id, new)
            plan = plan_append(head, new, stored, options)
            is_compacted = False
            if plan.new:
                of, usage = (project, project_row), self._writer.usage
                message_rows.append(db, project_row, head.row_id, plan)
                usage.record(db, of, plan.usage, options)
                if options.compaction is not None:
                    is_compacted = compact(db, of, head.row_id, plan, options, usage)
            return Versioned(plan.messages, plan.last_seq, is_compacted)

        return self._writer.write(at_most_once(operation, project_row, options), long=is_long(new))

    async def list(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        filters: MessageFilter,
        window: Window,
    ) -> Versioned[Slice[Message]]:
        """Return a window of a dialogue's messages. Version: last `seq`."""
        project_row = self._row_ids.of(project)

        def query(reader: Reader) -> Versioned[Slice[Message]]:
            owner = find_owner(reader.db, project_row, namespace, dialogue_id)
            ref = DialogueRef(namespace, dialogue_id)
            defers = window.in_pieces and filters.attachments == "inline"
            mode = "deferred" if defers else filters.attachments
            of = (owner.row_id, ListedDialogue(project_row, ref, mode))
            return Versioned(message_rows.page(reader, of, filters, window), owner.last_seq)

        return await self._readers.list(window, query)

    async def get(
        self,
        project: Project,
        namespace: str,
        ref: MessageRef,
        attachments: AttachmentRead = "inline",
    ) -> Message:
        """Return one message."""
        project_row = self._row_ids.of(project)

        def query(reader: Reader) -> Message:
            head, row = find_message(reader.db, project_row, namespace, ref)
            if attachments == "reference":
                return with_references(row, head.id, head.namespace)
            if attachments == "deferred":
                return with_tokens(row).to_message(head.id, head.namespace)
            whole = attachment_rows.read_whole(reader, project_row, row)
            return whole.to_message(head.id, head.namespace)

        return await self._readers.read(query)

    async def deferred_text(self, project: Project, text: DeferredText, start: int) -> bytes:
        """Return the next part of the base64 that a message holds a token for; MessageNotFound."""
        project_row = self._row_ids.of(project)
        return await self._readers.read_off_loop(
            lambda reader: attachment_rows.read_text(reader.db, project_row, text, start),
            large_reads.PIECE_READ_BYTES,
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
        project_row = self._row_ids.of(project)

        def operation(db: apsw.Connection) -> Message:
            head, row = find_message(db, project_row, namespace, ref)
            after = plan_retag(project, head, row, tags, options.now)
            if after is not row:
                message_rows.store_tags(db, head.row_id, row, after)
                catch_up.change(db, "message", row.row_id, text=False)
            self._writer.usage.record(db, (project, project_row), usage_of(options), options)
            (whole,) = attachment_rows.whole(db, project_row, [after])
            return whole.to_message(head.id, head.namespace)

        def quoted(db: apsw.Connection, _result: object) -> Quoted:
            head, row = find_message(db, project_row, namespace, ref)
            return Quoted("message", head.row_id, row.seq)

        return await self._writer.write(at_most_once(operation, project_row, options, quoted))

    async def delete(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        message_id: str,
        options: WriteOptions,
    ) -> bool:
        """Delete one message; tells whether summaries are to be made again without it."""
        project_row = self._row_ids.of(project)
        ref = MessageRef(dialogue_id, message_id)

        def has_attachments(reader: Reader) -> bool:
            values = (project_row, namespace, dialogue_id, message_id)
            return attachment_rows.has_any(reader.db, _NUMBER, values)

        def operation(db: apsw.Connection) -> bool:
            head, row = find_message(db, project_row, namespace, ref)
            latest = message_rows.latest_created(db, head.row_id, row.row_id)
            after = plan_delete(project, head, latest, options.now)
            message_rows.delete(db, row, head.row_id, after)
            catch_up.remove(db, "message", "VALUES (?)", (row.row_id,))
            return quoting_rows.message_deleted(db, project, head.row_id, row, options.now)

        long = await self._readers.read(has_attachments)
        is_due = await self._writer.write(at_most_once(operation, project_row, options), long=long)
        self._writer.has_deleted = True
        return is_due
