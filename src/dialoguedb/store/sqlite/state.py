"""The state of dialogues, versioned with the dialogue itself."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

import apsw
from msgspec import Raw

from dialoguedb.model.dialogues import StateUpdate
from dialoguedb.model.projects import Project
from dialoguedb.model.rules.state import plan_state_update
from dialoguedb.ports import Versioned, WriteOptions
from dialoguedb.store.sqlite.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.sqlite.connection.reader import Reader, Readers
from dialoguedb.store.sqlite.connection.writer import Writer
from dialoguedb.store.sqlite.rows import dialogue_rows
from dialoguedb.store.sqlite.rows.idempotency import at_most_once
from dialoguedb.store.sqlite.rows.quoting_rows import Quoted

_OBJECTS_AT_ONCE = 8


class SQLiteState:
    """Implements `ports.StateStore`."""

    def __init__(self, writer: Writer, readers: Readers, row_ids: ProjectRowIds) -> None:
        self._writer = writer
        self._readers = readers
        self._row_ids = row_ids

    async def get(self, project: Project, namespace: str, dialogue_id: str) -> Versioned[Raw]:
        """Return the state."""
        project_row = self._row_ids.of(project)

        def query(reader: Reader) -> Versioned[Raw]:
            row = dialogue_rows.find(reader.db, project_row, namespace, dialogue_id)
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
        project_row = self._row_ids.of(project)

        def operation(db: apsw.Connection) -> Versioned[Raw]:
            row = dialogue_rows.find(db, project_row, namespace, dialogue_id)
            plan = plan_state_update(row, update, options)
            dialogue_rows.store(db, project_row, row, plan)
            self._writer.usage.record(db, (project, project_row), plan.usage, options)
            return Versioned(Raw(plan.dialogue.state), plan.dialogue.revision)

        def quoted(db: apsw.Connection, _result: object) -> Quoted:
            return Quoted(
                "dialogue", dialogue_rows.find(db, project_row, namespace, dialogue_id).row_id
            )

        work = at_most_once(operation, project_row, options, quoted)
        return await self._writer.write(work, long=_is_long(update))


def _is_long(update: StateUpdate) -> bool:
    """Tell whether a patch is nested deeply: a large state is then searched once for each level."""
    return update.mode == "patch" and update.value.count(b"{") > _OBJECTS_AT_ONCE
