"""Dialogues and the tree of their threads."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

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
from dialoguedb.model.lifecycle import AFTER, check_changeable, check_mutable, check_version
from dialoguedb.model.messages import Message
from dialoguedb.model.projects import Project, Usage
from dialoguedb.ports import Versioned, WriteOptions
from dialoguedb.store.sqlite.connection.project_row_ids import Numbers
from dialoguedb.store.sqlite.connection.reader import Reader, Readers
from dialoguedb.store.sqlite.connection.writer import Writer
from dialoguedb.store.sqlite.rows import message_rows, trees
from dialoguedb.store.sqlite.rows.dialogue_rows import DialogueRow, find, insert, page, touch
from dialoguedb.store.sqlite.rows.idempotency import at_most_once
from dialoguedb.store.sqlite.rows.tags import DIALOGUE_TAGS, encode
from dialoguedb.store.sqlite.search_index import catch_up
from dialoguedb.values.lists import Slice, Window
from dialoguedb.values.timestamps import month_of

_LONG_DELETE_MESSAGES = 100


class SQLiteDialogues:
    """Implements `ports.DialogueStore`."""

    def __init__(self, writer: Writer, readers: Readers, numbers: Numbers) -> None:
        self._writer = writer
        self._readers = readers
        self._numbers = numbers

    async def create(
        self, project: Project, namespace: str, new: NewDialogue, options: WriteOptions
    ) -> Versioned[Dialogue]:
        """Store a dialogue with its first messages; DuplicateId, DialogueNotFound (parent)."""
        number = self._numbers.of(project)

        def act(db: apsw.Connection) -> Versioned[Dialogue]:
            parent = trees.find_parent(db, number, namespace, new)
            place = insert(db, (number, namespace, parent), new, options.now)
            sent = new.messages or []
            echoed, fresh = message_rows.append(db, place, sent, WriteOptions(options.now))
            used = message_rows.cost(fresh, options.now)
            used.dialogues, used.stored_bytes = 1, new.stored_bytes
            self._writer.tally.charge(db, project, number, used, options)
            row = find(db, number, namespace, new.id)
            return _versioned(project, row, UNSET if new.messages is None else echoed)

        long = message_rows.is_long(new.messages)
        return await self._writer.write(at_most_once(act, number, options), long=long)

    async def get(
        self, project: Project, namespace: str, dialogue_id: str, last_messages: int
    ) -> Versioned[Dialogue]:
        """Return a dialogue with its last messages, oldest first; 0 leaves them out."""
        number = self._numbers.of(project)

        def query(reader: Reader) -> Versioned[Dialogue]:
            row = find(reader.db, number, namespace, dialogue_id)
            found = message_rows.last(reader, row.place, last_messages) if last_messages else UNSET
            return _versioned(project, row, found)

        return await self._readers.read(query)

    async def list(
        self, project: Project, wanted: DialogueFilter, window: Window
    ) -> Slice[Dialogue]:
        """Return a window of dialogues, ties ordered by id."""
        number = self._numbers.of(project)
        return await self._readers.read(partial(page, project, number, wanted, window))

    async def update(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        update: DialogueUpdate,
        options: WriteOptions,
    ) -> Versioned[Dialogue]:
        """Change label, state and tags and append messages, all or nothing."""
        number = self._numbers.of(project)

        def act(db: apsw.Connection) -> Versioned[Dialogue]:
            row = find(db, number, namespace, dialogue_id)
            sent = update.messages or []
            echoed, fresh = message_rows.append(db, row.place, sent, WriteOptions(options.now))
            used = message_rows.cost(fresh, options.now)
            if fresh or not echoed or _differs(row, update):
                _change(db, row, update, options)
                if _is_told_anew(row, update):
                    catch_up.change(db, "dialogue", row.number, text=True)
                if update.state is not UNSET and update.state != row.state:
                    used.stored_bytes += len(update.state)
            self._writer.tally.charge(db, project, number, used, options)
            row = find(db, number, namespace, dialogue_id)
            return _versioned(project, row, UNSET if update.messages is None else echoed)

        long = message_rows.is_long(update.messages)
        return await self._writer.write(at_most_once(act, number, options), long=long)

    async def act(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        action: Action,
        options: WriteOptions,
    ) -> Versioned[Dialogue]:
        """End, archive or reopen; repeating changes nothing."""
        number = self._numbers.of(project)

        def act(db: apsw.Connection) -> Versioned[Dialogue]:
            row = find(db, number, namespace, dialogue_id)
            if row.status != AFTER[action]:
                if action == "end":
                    check_changeable(row.id, row.status)
                check_version(options.expected, row.revision)
                _turn(db, row, action, options.now)
            else:
                check_version(options.expected, row.revision)
            self._writer.tally.charge(db, project, number, Usage(month_of(options.now)), options)
            return _versioned(project, find(db, number, namespace, dialogue_id))

        return await self._writer.write(at_most_once(act, number, options))

    async def delete(
        self, project: Project, namespace: str, dialogue_id: str, options: WriteOptions
    ) -> DeletedDialogue:
        """Delete a dialogue, its messages and, recursively, its trees."""
        number = self._numbers.of(project)

        def size(reader: Reader) -> int:
            row = find(reader.db, number, namespace, dialogue_id)
            return row.total_messages + row.thread_count * _LONG_DELETE_MESSAGES

        def act(db: apsw.Connection) -> DeletedDialogue:
            row = find(db, number, namespace, dialogue_id)
            check_mutable(project, "its dialogues cannot be deleted")
            return trees.delete_tree(db, number, row)

        long = await self._readers.read(size) >= _LONG_DELETE_MESSAGES
        return await self._writer.write(at_most_once(act, number, options), long=long)


def _versioned(
    project: Project, row: DialogueRow, found: list[Message] | UnsetType = UNSET
) -> Versioned[Dialogue]:
    return Versioned(row.to_dialogue(project, found), row.revision)


def _differs(row: DialogueRow, update: DialogueUpdate) -> bool:
    return not (
        update.label in {UNSET, row.label}
        and update.state in {UNSET, row.state}
        and (update.tags is UNSET or encode(update.tags) == row.tags)
    )


def _is_told_anew(row: DialogueRow, update: DialogueUpdate) -> bool:
    """Tell whether a dialogue is found by other words than before."""
    return _differs(row, DialogueUpdate(update.label, UNSET, update.tags, None))


def _change(
    db: apsw.Connection, row: DialogueRow, update: DialogueUpdate, options: WriteOptions
) -> None:
    if not update.leaves_all:
        check_changeable(row.id, row.status)
    check_version(options.expected, row.revision)
    if not _differs(row, update):
        return
    label = row.label if update.label is UNSET else update.label
    state = row.state if update.state is UNSET else update.state
    tags = row.tags if update.tags is UNSET else encode(update.tags)
    touch(db, row.number, options.now)
    db.execute("UPDATE dialogues SET label = ? WHERE number = ?", (label, row.number))
    db.execute(
        "UPDATE dialogue_bodies SET state = ?, tags = ? WHERE dialogue = ?",
        (state, tags, row.number),
    )
    if update.tags is not UNSET:
        DIALOGUE_TAGS.delete(db, row.project, row.number, row.tags)
        DIALOGUE_TAGS.insert(db, row.project, row.number, update.tags)


def _turn(db: apsw.Connection, row: DialogueRow, action: Action, now: str) -> None:
    ended_at, archived_at = {
        "end": (now, None),
        "archive": (row.ended_at, now),
        "reopen": (None, None),
    }[action]
    touch(db, row.number, now)
    db.execute(
        "UPDATE dialogues SET status = ?, ended_at = ?, archived_at = ? WHERE number = ?",
        (AFTER[action], ended_at, archived_at, row.number),
    )
