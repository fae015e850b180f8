"""Search: a snapshot on a reader thread, handed to `retrieval`."""

import logging

from dialoguedb.errors import ServiceUnavailable
from dialoguedb.model.projects import Project
from dialoguedb.model.search import Search
from dialoguedb.ports.search import QueryVector, SearchHit, Serving, Weights
from dialoguedb.retrieval.codes import CodeCache
from dialoguedb.retrieval.search import find
from dialoguedb.store.sqlite.connection.errors import is_full_disk
from dialoguedb.store.sqlite.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.sqlite.connection.reader import Reader, Readers
from dialoguedb.store.sqlite.index import SQLiteIndex
from dialoguedb.store.sqlite.search_index import vectors
from dialoguedb.store.sqlite.search_index.vectors import StoredVectors
from dialoguedb.store.sqlite.search_queries import filters
from dialoguedb.store.sqlite.search_queries.scopes import Data
from dialoguedb.store.sqlite.search_queries.snapshot import SQLiteSnapshot

logger = logging.getLogger(__name__)


class SQLiteSearch:
    """Implements `ports.search.SearchStore`."""

    def __init__(
        self, readers: Readers, row_ids: ProjectRowIds, codes: CodeCache, index: SQLiteIndex
    ) -> None:
        self._readers = readers
        self._row_ids = row_ids
        self._codes = codes
        self._index = index

    async def serving(self) -> Serving | None:
        """Return the embedder whose index serves; None while there is none."""
        serving = await self._readers.read(lambda reader: vectors.serving(reader.db))
        return serving and serving[1]

    async def prepare_search(self) -> None:
        """Read into memory what searches of much need, a little at a time."""
        while await self._readers.run(self._prepare):
            pass

    def _prepare(self, reader: Reader) -> bool:
        with reader.unmapped():
            serving = vectors.serving(reader.db)
            if serving is None:
                return False
            return self._codes.advance(StoredVectors(reader.db, serving[0]))

    async def _catch_up(self) -> None:
        """Index what has been written until now; on a full disk reading goes on without that."""
        try:
            await self._index.catch_up()
        except ServiceUnavailable as error:
            if not is_full_disk(error):
                raise
            logger.warning("What was written last is not found yet: %s", error)

    async def search(
        self, project: Project, search: Search, vector: QueryVector | None, weights: Weights
    ) -> list[SearchHit]:
        """Return the most relevant objects, as many as asked for, the best first."""
        row_id = self._row_ids.of(project)
        await self._catch_up()

        def query(reader: Reader) -> list[SearchHit]:
            filters.prepare(reader.db, search.filter)
            serving = vectors.serving(reader.db)
            data = Data(reader.db, self._codes, serving and serving[0])
            snapshot = SQLiteSnapshot(data, project, row_id, search.filter)
            return find(snapshot, search, vector, weights)

        return await self._readers.run(query)
