"""The end of a dialogue, read backwards until a window is full."""

from itertools import starmap

from dialoguedb.model.projects import Project
from dialoguedb.model.rules.context import spoken, take_for_window
from dialoguedb.model.rules.messages import StoredMessage, to_messages
from dialoguedb.ports.context import Ending
from dialoguedb.store.sqlite.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.sqlite.connection.reader import Reader, Readers
from dialoguedb.store.sqlite.rows.message_rows import SELECT, find_head

_BACKWARDS = f"{SELECT} WHERE r.dialogue = ? ORDER BY r.created DESC, r.seq DESC"
_OF_SYSTEM = (
    f"{SELECT} WHERE r.dialogue = ? AND r.role IN ('system', 'developer') ORDER BY r.created, r.seq"
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
            backwards = _take(reader, _BACKWARDS, head.row_id, tokens_max)
            system = _take(reader, _OF_SYSTEM, head.row_id, tokens_max)
            return Ending(
                to_messages(spoken(backwards), head.id, head.namespace),
                to_messages(system, head.id, head.namespace),
                head.total_messages,
                whole=len(backwards) == head.total_messages,
            )

        return await self._readers.run(query)


def _take(reader: Reader, select: str, dialogue: int, tokens_max: int) -> list[StoredMessage]:
    rows = reader.db.execute(select, (dialogue,))
    taken = take_for_window(starmap(StoredMessage, rows), tokens_max)
    rows.close()
    return taken
