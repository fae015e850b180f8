"""The end of a dialogue, read backwards until a window is full."""

from functools import partial

from dialoguedb.formats.turns import speaker_of
from dialoguedb.model.messages import Message
from dialoguedb.model.projects import Project
from dialoguedb.ports.context import Ending
from dialoguedb.store.sqlite.connection.project_row_ids import Numbers
from dialoguedb.store.sqlite.connection.reader import Reader, Readers, Row
from dialoguedb.store.sqlite.rows.message_rows import COLUMNS, Place, find_place, to_message
from dialoguedb.values import limits

LEAST_MESSAGES = 64
"""Read in any case, for the last of them may answer calls that stand before."""

_BACKWARDS = (
    f"SELECT {COLUMNS} FROM messages r WHERE r.dialogue = ? ORDER BY r.created DESC, r.seq DESC"
)
_OF_SYSTEM = (
    f"SELECT {COLUMNS} FROM messages r"
    " WHERE r.dialogue = ? AND r.role IN ('system', 'developer') ORDER BY r.created, r.seq"
)
_TOTAL = "SELECT total_messages FROM dialogues WHERE number = ?"


class SQLiteContext:
    """Implements `ports.ContextStore`."""

    def __init__(self, readers: Readers, numbers: Numbers) -> None:
        self._readers = readers
        self._numbers = numbers

    async def read(
        self, project: Project, namespace: str, dialogue_id: str, tokens_max: int
    ) -> Ending:
        """Return the last messages up to a number of tokens, and those of the system up to it."""
        number = self._numbers.of(project)

        def query(reader: Reader) -> Ending:
            place = find_place(reader.db, number, namespace, dialogue_id)
            total = reader.db.execute(_TOTAL, (place.number,)).get
            backwards = _take(reader, place, _BACKWARDS, tokens_max)
            system = _take(reader, place, _OF_SYSTEM, tokens_max)
            spoken = [one for one in reversed(backwards) if speaker_of(one.role) != "system"]
            return Ending(spoken, system, int(total), whole=len(backwards) == total)

        return await self._readers.run(query)


def _take(reader: Reader, place: Place, select: str, tokens_max: int) -> list[Message]:
    """Read messages until they have more tokens than that, or are too large for any answer."""
    make = partial(to_message, place.id, place.namespace)
    found: list[Message] = []
    tokens, room = tokens_max, limits.PAGE_BYTES_MAX
    rows = reader.db.execute(select, (place.number,))
    for row in rows:
        found.append(make(row))
        tokens -= row[10]
        room -= _size(row)
        if room < 0 or (tokens < 0 and len(found) >= LEAST_MESSAGES):
            rows.close()
            break
    return found


def _size(row: Row) -> int:
    return len(row[4]) + len(row[7])
