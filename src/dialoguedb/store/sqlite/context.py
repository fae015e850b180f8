"""The end of a dialogue, read backwards until a window is full."""

from collections.abc import Sequence
from itertools import starmap

from dialoguedb.model.projects import Project
from dialoguedb.model.rules.context import take_for_window
from dialoguedb.model.rules.messages import StoredMessage, message_bytes, to_messages
from dialoguedb.ports.context import Ending
from dialoguedb.store.sqlite.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.sqlite.connection.reader import Reader, Readers
from dialoguedb.store.sqlite.rows import attachment_rows
from dialoguedb.store.sqlite.rows.message_rows import SELECT, find_head

_BACKWARDS = f"{SELECT} WHERE r.dialogue = ? ORDER BY r.created DESC, r.seq DESC"
_OF_SYSTEM = (
    f"{SELECT} WHERE r.dialogue = ? AND r.role IN ('system', 'developer') ORDER BY r.created, r.seq"
)
_TASK = (
    f"{SELECT} WHERE r.dialogue = ? AND r.by_user AND (r.created, r.seq) < (?, ?)"
    " ORDER BY r.created DESC, r.seq DESC LIMIT 1"
)


class SQLiteContext:
    """Implements `ports.ContextStore`."""

    def __init__(self, readers: Readers, row_ids: ProjectRowIds) -> None:
        self._readers = readers
        self._row_ids = row_ids

    async def read(
        self, project: Project, namespace: str, dialogue_id: str, tokens_max: int
    ) -> Ending:
        """Return the last messages up to a number of tokens, and those of the system up to it."""
        project_row = self._row_ids.of(project)

        def query(reader: Reader) -> Ending:
            head = find_head(reader.db, project_row, namespace, dialogue_id)
            of = (project_row, head.row_id)
            backwards = _take(reader, _BACKWARDS, of, tokens_max)
            system = _take(reader, _OF_SYSTEM, of, tokens_max)
            last = backwards[::-1]
            is_whole = len(last) == head.total_messages
            task = [] if is_whole or not last else _task_before(reader, of, last[0])
            return Ending(
                messages=to_messages(last, head.id, head.namespace),
                offsets=[one.token_offset for one in last],
                system=to_messages(system, head.id, head.namespace),
                task=next(iter(to_messages(task, head.id, head.namespace)), None),
                total_messages=head.total_messages,
                whole=is_whole,
            )

        return await self._readers.run_admitted(query)


def _take(
    reader: Reader, select: str, of: tuple[int, int], tokens_max: int
) -> Sequence[StoredMessage]:
    """Return messages up to a number of tokens; `of` are the row ids of project and dialogue."""
    project, dialogue = of
    rows = reader.db.execute(select, (dialogue,))
    taken = take_for_window(starmap(StoredMessage, rows), tokens_max)
    rows.close()
    reader.check_bytes(sum(map(message_bytes, taken)))
    return attachment_rows.whole(reader.db, project, taken)


def _task_before(
    reader: Reader, of: tuple[int, int], first: StoredMessage
) -> Sequence[StoredMessage]:
    project, dialogue = of
    rows = reader.db.execute(_TASK, (dialogue, first.created, first.seq))
    return attachment_rows.whole(reader.db, project, [*starmap(StoredMessage, rows)])
