"""Dialogues and the tree of their threads."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from collections.abc import Sequence
from functools import partial

import apsw
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
from dialoguedb.store.sqlite.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.sqlite.connection.reader import Reader, Readers
from dialoguedb.store.sqlite.connection.writer import Writer
from dialoguedb.store.sqlite.rows import attachment_rows, dialogue_rows, message_rows, trees
from dialoguedb.store.sqlite.rows.compaction import compact
from dialoguedb.store.sqlite.rows.dialogue_rows import find
from dialoguedb.store.sqlite.rows.idempotency import at_most_once
from dialoguedb.store.sqlite.rows.message_rows import ListedDialogue
from dialoguedb.store.sqlite.rows.quoting_rows import Quoted
from dialoguedb.store.sqlite.search_index import catch_up
from dialoguedb.values.lists import Slice, Window

_LONG_DELETE_MESSAGES = 100
_NUMBERS = "SELECT number FROM messages WHERE dialogue = ?"


class SQLiteDialogues:
    """Implements `ports.DialogueStore`."""

    def __init__(self, writer: Writer, readers: Readers, row_ids: ProjectRowIds) -> None:
        self._writer = writer
        self._readers = readers
        self._row_ids = row_ids

    async def create(
        self, project: Project, namespace: str, new: NewDialogue, options: WriteOptions
    ) -> Versioned[Dialogue]:
        """Store a dialogue with its first messages; DuplicateId, DialogueNotFound (parent)."""
        project_row = self._row_ids.of(project)

        def operation(db: apsw.Connection) -> Versioned[Dialogue]:
            parent = new.thread_of and dialogue_rows.get(db, project_row, namespace, new.thread_of)
            is_taken = dialogue_rows.exists(db, project_row, namespace, new.id)
            plan = plan_creation(namespace, new, parent or None, options, is_taken=is_taken)
            row_id = dialogue_rows.insert(db, project_row, parent or None, plan)
            return self._append(db, (project, project_row), (row_id, plan, options), new.messages)

        long = message_rows.is_long(new.messages)
        return await self._writer.write(at_most_once(operation, project_row, options), long=long)

    def _append(
        self,
        db: apsw.Connection,
        of: tuple[Project, int],
        change: tuple[int, DialoguePlan, WriteOptions],
        sent: Sequence[NewMessage] | None,
    ) -> Versioned[Dialogue]:
        """Store what a change with messages uses and makes due; returns the dialogue."""
        row_id, plan, options = change
        usage = self._writer.usage
        usage.record(db, of, plan.usage, options)
        result = plan.answer(of[0], is_echoed=sent is not None)
        result.is_compacted = compact(db, of, row_id, plan.append, options, usage)
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
        project_row = self._row_ids.of(project)

        def query(reader: Reader) -> Versioned[Dialogue]:
            row = find(reader.db, project_row, namespace, dialogue_id)
            found: list[Message] | UnsetType = UNSET
            if last_messages:
                ref = DialogueRef(namespace, dialogue_id)
                of = ListedDialogue(project_row, ref, attachments)
                found = message_rows.last(reader, row.row_id, of, last_messages)
            return Versioned(row.to_dialogue(project, found), row.revision)

        return await self._readers.read(query)

    async def list(
        self, project: Project, filters: DialogueFilter, window: Window
    ) -> Slice[Dialogue]:
        """Return a window of dialogues, ties ordered by id."""
        of = (project, self._row_ids.of(project))
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
        project_row = self._row_ids.of(project)

        def operation(db: apsw.Connection) -> Versioned[Dialogue]:
            row = find(db, project_row, namespace, dialogue_id)
            sent = update.messages or ()
            stored = message_rows.find_stored(db, project_row, row.row_id, sent)
            plan = plan_update(row, update, stored, options)
            dialogue_rows.store(db, project_row, row, plan)
            if plan.is_indexed_again:
                catch_up.change(db, "dialogue", row.row_id, text=True)
            changed = (row.row_id, plan, options)
            return self._append(db, (project, project_row), changed, update.messages)

        quoted = partial(_quoted, project_row, namespace, dialogue_id)
        work = at_most_once(operation, project_row, options, quoted)
        return await self._writer.write(work, long=message_rows.is_long(update.messages))

    async def change_status(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        action: Action,
        options: WriteOptions,
    ) -> Versioned[Dialogue]:
        """End, archive or reopen; repeating changes nothing."""
        project_row = self._row_ids.of(project)

        def operation(db: apsw.Connection) -> Versioned[Dialogue]:
            row = find(db, project_row, namespace, dialogue_id)
            plan = plan_status(row, action, options)
            dialogue_rows.store(db, project_row, row, plan)
            self._writer.usage.record(db, (project, project_row), plan.usage, options)
            return plan.answer(project)

        quoted = partial(_quoted, project_row, namespace, dialogue_id)
        return await self._writer.write(at_most_once(operation, project_row, options, quoted))

    async def delete(
        self, project: Project, namespace: str, dialogue_id: str, options: WriteOptions
    ) -> DeletedDialogue:
        """Delete a dialogue, its messages and, recursively, its threads."""
        project_row = self._row_ids.of(project)

        def is_long(reader: Reader) -> bool:
            row = find(reader.db, project_row, namespace, dialogue_id)
            if row.thread_count or row.total_messages >= _LONG_DELETE_MESSAGES:
                return True
            return attachment_rows.has_any(reader.db, _NUMBERS, (row.row_id,))

        def operation(db: apsw.Connection) -> DeletedDialogue:
            row = find(db, project_row, namespace, dialogue_id)
            check_deletable(project)
            return trees.delete_tree(db, project_row, row)

        long = await self._readers.read(is_long)
        work = at_most_once(operation, project_row, options)
        deleted = await self._writer.write(work, long=long)
        self._writer.has_deleted = True
        return deleted


def _quoted(
    project: int, namespace: str, dialogue_id: str, db: apsw.Connection, _result: object
) -> Quoted:
    """Return what the response to a change repeats: the whole dialogue."""
    return Quoted("dialogue", find(db, project, namespace, dialogue_id).row_id)
