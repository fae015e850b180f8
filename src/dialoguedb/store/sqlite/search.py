"""Search: where, which candidates, how relevant, the items; in one snapshot on a reader thread."""

import logging
from collections.abc import Sequence

import apsw

from dialoguedb.errors import ServiceUnavailable
from dialoguedb.model.memories import Memory
from dialoguedb.model.messages import Message
from dialoguedb.model.projects import Project
from dialoguedb.model.search import Search
from dialoguedb.ports.search import Hit, QueryVector, Rank, Serving
from dialoguedb.store.sqlite.connection.errors import is_full_disk
from dialoguedb.store.sqlite.connection.project_row_ids import Numbers
from dialoguedb.store.sqlite.connection.reader import Reader, Readers
from dialoguedb.store.sqlite.index import SQLiteIndex
from dialoguedb.store.sqlite.search_index import vectors
from dialoguedb.store.sqlite.search_queries import (
    filters as search_filters,
)
from dialoguedb.store.sqlite.search_queries import (
    found_dialogues,
    scopes,
)
from dialoguedb.store.sqlite.search_queries.candidates import Judge, Quest
from dialoguedb.store.sqlite.search_queries.found_items import (
    read_around,
    read_memories,
    read_messages,
)
from dialoguedb.store.sqlite.search_queries.nearest import Renewed

logger = logging.getLogger(__name__)


class SQLiteSearch:
    """Implements `ports.SearchStore`."""

    def __init__(
        self, readers: Readers, numbers: Numbers, nearest: Renewed, index: SQLiteIndex
    ) -> None:
        self._readers = readers
        self._numbers = numbers
        self._nearest = nearest
        self._index = index

    async def serving(self) -> Serving | None:
        """Return the embedder whose index serves; None while there is none."""
        serving = await self._readers.read(lambda reader: vectors.serving(reader.db))
        return serving and serving[1]

    async def warm(self) -> None:
        """Read into memory what searches of much need, a little at a time."""
        while await self._readers.run(self._warm):
            pass

    def _warm(self, reader: Reader) -> bool:
        with reader.unmapped():
            serving = vectors.serving(reader.db)
            return serving is not None and self._nearest.advance(reader.db, serving[0])

    async def _follow(self) -> None:
        """Index what has been written until now; on a full disk reading goes on without that."""
        try:
            await self._index.follow()
        except ServiceUnavailable as error:
            if not is_full_disk(error):
                raise
            logger.warning("What was written last is not found yet: %s", error)

    async def search(
        self, project: Project, search: Search, vector: QueryVector | None, rank: Rank
    ) -> list[Hit]:
        """Return the most relevant objects, as many as asked for, the best first."""
        number = self._numbers.of(project)
        await self._follow()

        def query(reader: Reader) -> list[Hit]:
            search_filters.prepare(reader.db, search.filter)
            quest = Quest(reader.db, search, vector, rank, self._nearest)
            if search.object == "dialogue":
                return found_dialogues.find(quest, project, number)
            scope = scopes.of_objects(reader.db, number, search.object, search.filter)
            return _find(quest, Judge(quest, scope))

        return await self._readers.run(query)


def _find(quest: Quest, judge: Judge) -> list[Hit]:
    search = quest.search
    judged = judge.judge()
    best = judged.best_first()[: search.limit].tolist()
    numbers = judged.rows.numbers[best].tolist()
    items = _read(quest.db, search, numbers)
    hits = [
        judged.hit(at, items[number], judge.terms) for at, number in zip(best, numbers, strict=True)
    ]
    if search.context and search.object == "message":
        for hit, number in zip(hits, numbers, strict=True):
            hit.before, hit.after = read_around(quest.db, number, search.context)
    return hits


def _read(
    db: apsw.Connection, search: Search, numbers: Sequence[int]
) -> dict[int, Message] | dict[int, Memory]:
    return (read_messages if search.object == "message" else read_memories)(db, numbers)
