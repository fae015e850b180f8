"""Dialogues and the tree of their threads."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from collections.abc import Sequence
from functools import partial
from typing import TypeVar

from msgspec import UNSET, UnsetType

from dialoguedb.model.dialogues import (
    Action,
    DeletedDialogue,
    Dialogue,
    DialogueFilter,
    DialogueUpdate,
    NewDialogue,
)
from dialoguedb.model.messages import AttachmentRead, Message, NewMessage
from dialoguedb.model.projects import Project
from dialoguedb.model.refs import DialogueRef
from dialoguedb.model.rules.dialogues import (
    DialoguePlan,
    check_deletable,
    plan_creation,
    plan_status,
    plan_update,
)
from dialoguedb.ports import Versioned, WriteOptions
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.postgres.connection.readers import Readers
from dialoguedb.store.postgres.connection.writer import Operation, Transaction, Writer
from dialoguedb.store.postgres.rows import dialogue_rows, message_rows, trees
from dialoguedb.store.postgres.rows.compaction import compact
from dialoguedb.store.postgres.rows.dialogue_rows import find
from dialoguedb.store.postgres.rows.idempotency import at_most_once
from dialoguedb.store.postgres.rows.message_rows import ListedDialogue
from dialoguedb.store.postgres.rows.quoting_rows import Quoted
from dialoguedb.store.postgres.search_index.index import Index, RowRef
from dialoguedb.values.lists import Slice, Window

T = TypeVar("T")


class PostgresDialogues:
    """Implements `ports.DialogueStore`."""

    def __init__(
        self, writer: Writer, readers: Readers, row_ids: ProjectRowIds, index: Index
    ) -> None:
        self._writer = writer
        self._readers = readers
        self._row_ids = row_ids
        self._index = index

    async def create(
        self, project: Project, namespace: str, new: NewDialogue, options: WriteOptions
    ) -> Versioned[Dialogue]:
        """Store a dialogue with its first messages; DuplicateId, DialogueNotFound (parent)."""
        project_row = await self._row_ids.of(project)

        async def operation(db: Transaction) -> Versioned[Dialogue]:
            parent = None
            if new.thread_of:
                parent = await dialogue_rows.get(
                    db, project_row, namespace, new.thread_of, lock=True
                )
            is_taken = await dialogue_rows.exists(db, project_row, namespace, new.id)
            plan = plan_creation(namespace, new, parent, options, is_taken=is_taken)
            row, messages = await dialogue_rows.insert(db, project_row, parent, plan)
            await self._index.add(db, "dialogue", [row])
            await self._index.add_new(db, "message", messages)
            return await self._append(
                db, (project, project_row), (row, plan, options), new.messages
            )

        return await self._write(at_most_once(operation, project_row, options), options)

    async def _append(
        self,
        db: Transaction,
        of: tuple[Project, int],
        change: tuple[RowRef, DialoguePlan, WriteOptions],
        sent: Sequence[NewMessage] | None,
    ) -> Versioned[Dialogue]:
        """Store what a change with messages uses and makes due; returns the dialogue."""
        row, plan, options = change
        await db.usage.record(db, of, plan.usage, options)
        result = plan.answer(of[0], is_echoed=sent is not None)
        result.is_compacted = await compact(db, of, row, plan.append, options)
        return result

    async def get(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        last_messages: int,
        attachments: AttachmentRead = "inline",
    ) -> Versioned[Dialogue]:
        """Return a dialogue with its last messages, oldest first; 0 leaves them out."""
        project_row = await self._row_ids.of(project)

        async def query(db: Connection) -> Versioned[Dialogue]:
            row = await find(db, project_row, namespace, dialogue_id)
            found: list[Message] | UnsetType = UNSET
            if last_messages:
                ref = DialogueRef(namespace, dialogue_id)
                of = ListedDialogue(project_row, ref, attachments)
                found = await message_rows.last(db, row.ref, of, last_messages)
            return Versioned(row.to_dialogue(project, found), row.revision)

        read = self._readers.read if last_messages else self._readers.read_once
        return await read(query)

    async def list(
        self, project: Project, filters: DialogueFilter, window: Window
    ) -> Slice[Dialogue]:
        """Return a window of dialogues, ties ordered by id."""
        of = (project, await self._row_ids.of(project))
        query = partial(dialogue_rows.page, of, filters, window)
        return await self._readers.list(window, query)

    async def update(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        update: DialogueUpdate,
        options: WriteOptions,
    ) -> Versioned[Dialogue]:
        """Change label, state and tags and append messages, all or nothing."""
        project_row = await self._row_ids.of(project)

        async def operation(db: Transaction) -> Versioned[Dialogue]:
            row = await find(db, project_row, namespace, dialogue_id, lock=True)
            sent = update.messages or ()
            stored = await message_rows.find_stored(db, project_row, row.ref, sent)
            plan = plan_update(row, update, stored, options)
            messages = await dialogue_rows.store(db, project_row, row, plan)
            await self._index.add_new(db, "message", messages)
            if plan.is_indexed_again:
                await self._index.change(db, "dialogue", [row.ref], text=True)
            changed = (row.ref, plan, options)
            return await self._append(db, (project, project_row), changed, update.messages)

        quoted = partial(_quoted, project_row, namespace, dialogue_id)
        return await self._write(at_most_once(operation, project_row, options, quoted), options)

    async def change_status(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        action: Action,
        options: WriteOptions,
    ) -> Versioned[Dialogue]:
        """End, archive or reopen; repeating changes nothing."""
        project_row = await self._row_ids.of(project)

        async def operation(db: Transaction) -> Versioned[Dialogue]:
            row = await find(db, project_row, namespace, dialogue_id, lock=True)
            plan = plan_status(row, action, options)
            await dialogue_rows.store(db, project_row, row, plan)
            await db.usage.record(db, (project, project_row), plan.usage, options)
            return plan.answer(project)

        quoted = partial(_quoted, project_row, namespace, dialogue_id)
        return await self._write(at_most_once(operation, project_row, options, quoted), options)

    async def delete(
        self, project: Project, namespace: str, dialogue_id: str, options: WriteOptions
    ) -> DeletedDialogue:
        """Delete a dialogue, its messages and, recursively, its threads."""
        project_row = await self._row_ids.of(project)

        async def operation(db: Transaction) -> DeletedDialogue:
            row = await find(db, project_row, namespace, dialogue_id)
            check_deletable(project)
            return await trees.delete_tree(db, self._index, project_row, row)

        return await self._write(at_most_once(operation, project_row, options), options)

    async def _write(self, work: Operation[T], options: WriteOptions) -> T:
        return await self._writer.write(work, repeatable=options.idempotency is not None)


async def _quoted(
    project: int, namespace: str, dialogue_id: str, db: Connection, _result: object
) -> Quoted:
    """Return what the response to a change repeats: the whole dialogue."""
    owner = await message_rows.find_owner(db, project, namespace, dialogue_id)
    return Quoted("dialogue", owner.row_id)
