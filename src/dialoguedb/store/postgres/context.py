"""The end of a dialogue, read backwards until a window is full."""

from collections.abc import Sequence

from dialoguedb.model.projects import Project
from dialoguedb.model.rules.context import LEAST_MESSAGES, take_for_window
from dialoguedb.model.rules.messages import StoredMessage, message_bytes, to_messages
from dialoguedb.ports.context import Ending
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.postgres.connection.readers import Readers
from dialoguedb.store.postgres.rows import attachment_rows
from dialoguedb.store.postgres.rows.list_queries import SelectBuilder
from dialoguedb.store.postgres.rows.message_rows import SELECT, STORED_BYTES, find_head
from dialoguedb.store.postgres.search_index.index import RowRef
from dialoguedb.values import limits
from dialoguedb.values.lists import Order, Window

_PORTION_MAX = 1_024
_ORDER = ("r.created", "r.seq")
_OF_SYSTEM = "r.role IN ('system', 'developer')"
_TASK = (
    f"{SELECT} WHERE r.part = $1 AND r.dialogue = $2 AND r.by_user = 1"
    " AND (r.created, r.seq) < ($3, $4) ORDER BY r.created DESC, r.seq DESC LIMIT 1"
)


class PostgresContext:
    """Implements `ports.ContextStore`."""

    def __init__(self, readers: Readers, row_ids: ProjectRowIds) -> None:
        self._readers = readers
        self._row_ids = row_ids

    async def read(
        self, project: Project, namespace: str, dialogue_id: str, tokens_max: int
    ) -> Ending:
        """Return the last messages up to a number of tokens, and those of the system up to it."""
        project_row = await self._row_ids.of(project)

        async def query(db: Connection) -> Ending:
            head = await find_head(db, project_row, namespace, dialogue_id)
            of = (project_row, head.ref)
            backwards = await _take(db, of, "desc", "", tokens_max)
            system = await _take(db, of, "asc", _OF_SYSTEM, tokens_max)
            last = backwards[::-1]
            is_whole = len(last) == head.total_messages
            task = [] if is_whole or not last else await _task_before(db, of, last[0])
            return Ending(
                messages=to_messages(last, head.id, head.namespace),
                offsets=[one.token_offset for one in last],
                system=to_messages(system, head.id, head.namespace),
                task=next(iter(to_messages(task, head.id, head.namespace)), None),
                total_messages=head.total_messages,
                whole=is_whole,
            )

        return await self._readers.read(query)


async def _take(
    db: Connection, of: tuple[int, RowRef], order: Order, condition: str, tokens_max: int
) -> Sequence[StoredMessage]:
    """Return messages up to a number of tokens; `of` are the rows of project and dialogue."""
    project, dialogue = of
    found: list[StoredMessage] = []
    portion = LEAST_MESSAGES  # and one more, which shows whether they were enough
    while True:
        after = (found[-1].created, found[-1].seq) if found else None
        query = SelectBuilder(SELECT, _ORDER, Window(portion, order, after))
        query.fixed["r.part"], query.fixed["r.dialogue"] = dialogue
        if condition:
            query.add(condition)
        room = limits.PAGE_BYTES_MAX - sum(map(message_bytes, found))
        rows = await query.rows_until(db, room, STORED_BYTES)
        found += [StoredMessage(*row[:-1]) for row in rows]
        taken = take_for_window(found, tokens_max)
        if len(taken) < len(found) or len(rows) <= portion:
            db.budget.check(sum(map(message_bytes, taken)))
            return await attachment_rows.whole(db, project, taken, dialogue.part)
        portion = min(portion * 2, _PORTION_MAX)


async def _task_before(
    db: Connection, of: tuple[int, RowRef], first: StoredMessage
) -> Sequence[StoredMessage]:
    project, dialogue = of
    rows = await db.rows(_TASK, *dialogue, first.created, first.seq)
    found = [StoredMessage(*row) for row in rows]
    return await attachment_rows.whole(db, project, found, dialogue.part)
