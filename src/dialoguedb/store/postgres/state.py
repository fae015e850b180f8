"""The state of dialogues, versioned with the dialogue itself."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from msgspec import Raw

from dialoguedb.model.dialogues import StateUpdate
from dialoguedb.model.projects import Project
from dialoguedb.model.rules.state import plan_state_update
from dialoguedb.ports import Versioned, WriteOptions
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.postgres.connection.readers import Readers
from dialoguedb.store.postgres.connection.writer import Transaction, Writer
from dialoguedb.store.postgres.rows import dialogue_rows, message_rows
from dialoguedb.store.postgres.rows.idempotency import at_most_once
from dialoguedb.store.postgres.rows.quoting_rows import Quoted


class PostgresState:
    """Implements `ports.StateStore`."""

    def __init__(self, writer: Writer, readers: Readers, row_ids: ProjectRowIds) -> None:
        self._writer = writer
        self._readers = readers
        self._row_ids = row_ids

    async def get(self, project: Project, namespace: str, dialogue_id: str) -> Versioned[Raw]:
        """Return the state."""
        project_row = await self._row_ids.of(project)

        async def query(db: Connection) -> Versioned[Raw]:
            row = await dialogue_rows.find(db, project_row, namespace, dialogue_id)
            return Versioned(Raw(row.state), row.revision)

        return await self._readers.read_once(query)

    async def update(
        self,
        project: Project,
        namespace: str,
        dialogue_id: str,
        update: StateUpdate,
        options: WriteOptions,
    ) -> Versioned[Raw]:
        """Merge, replace or patch the state; returns it as it is then."""
        project_row = await self._row_ids.of(project)

        async def operation(db: Transaction) -> Versioned[Raw]:
            row = await dialogue_rows.find(db, project_row, namespace, dialogue_id, lock=True)
            plan = plan_state_update(row, update, options)
            await dialogue_rows.store(db, project_row, row, plan)
            await db.usage.record(db, (project, project_row), plan.usage, options)
            return Versioned(Raw(plan.dialogue.state), plan.dialogue.revision)

        async def quoted(db: Connection, _result: object) -> Quoted:
            owner = await message_rows.find_owner(db, project_row, namespace, dialogue_id)
            return Quoted("dialogue", owner.row_id)

        work = at_most_once(operation, project_row, options, quoted)
        return await self._writer.write(work, repeatable=options.idempotency is not None)
