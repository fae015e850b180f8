"""The state of dialogues, versioned with the dialogue itself."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

import apsw
from msgspec import Raw

from dialoguedb.model.dialogues import StateUpdate
from dialoguedb.model.lifecycle import check_changeable, check_version
from dialoguedb.model.projects import Project, Usage
from dialoguedb.ports import Versioned, WriteOptions
from dialoguedb.store.sqlite.connection.project_row_ids import Numbers
from dialoguedb.store.sqlite.connection.reader import Reader, Readers
from dialoguedb.store.sqlite.connection.writer import Writer
from dialoguedb.store.sqlite.rows.dialogue_rows import DialogueRow, find, touch
from dialoguedb.store.sqlite.rows.idempotency import at_most_once
from dialoguedb.values import rawjson
from dialoguedb.values.timestamps import month_of
from dialoguedb.values.validation_errors import ValidationErrors
from dialoguedb.values.validators import check_state_size

_OBJECTS_AT_ONCE = 8


class SQLiteState:
    """Implements `ports.StateStore`."""

    def __init__(self, writer: Writer, readers: Readers, numbers: Numbers) -> None:
        self._writer = writer
        self._readers = readers
        self._numbers = numbers

    async def get(self, project: Project, namespace: str, dialogue_id: str) -> Versioned[Raw]:
        """Return the state."""
        number = self._numbers.of(project)

        def query(reader: Reader) -> Versioned[Raw]:
            row = find(reader.db, number, namespace, dialogue_id)
            return Versioned(Raw(row.state), row.revision)

        return await self._readers.read(query)

    async def update(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        update: StateUpdate,
        options: WriteOptions,
    ) -> Versioned[Raw]:
        """Merge, replace or patch the state; returns it as it is then."""
        number = self._numbers.of(project)

        def act(db: apsw.Connection) -> Versioned[Raw]:
            row = find(db, number, namespace, dialogue_id)
            state = _after(row, update)
            check_changeable(row.id, row.status)
            check_version(options.expected, row.revision)
            used = Usage(month_of(options.now))
            if state != row.state:
                sql = "UPDATE dialogue_bodies SET state = ? WHERE dialogue = ?"
                db.execute(sql, (state, row.number))
                touch(db, row.number, options.now)
                row.revision += 1
                used.stored_bytes = len(update.value)
            self._writer.tally.charge(db, project, number, used, options)
            return Versioned(Raw(state), row.revision)

        return await self._writer.write(at_most_once(act, number, options), long=_is_long(update))


def _is_long(update: StateUpdate) -> bool:
    """Tell whether a patch is nested deeply: a large state is then searched once for each level."""
    return update.mode == "patch" and update.value.count(b"{") > _OBJECTS_AT_ONCE


def _after(row: DialogueRow, update: StateUpdate) -> bytes:
    if update.mode == "replace":
        return update.value
    join = rawjson.merge if update.mode == "merge" else rawjson.merge_patch
    state = join(row.state, update.value)
    errors = ValidationErrors()
    check_state_size(state, "state", errors)
    errors.raise_if_any()
    return state
