"""Search: a snapshot on a reader thread, which `retrieval` searches."""

import logging

from dialoguedb.errors import ServiceUnavailable
from dialoguedb.model.projects import Project
from dialoguedb.model.search import Search
from dialoguedb.model.search_results import IndexingProgress
from dialoguedb.ports.search import QueryVector, SearchHit, Serving, Weights
from dialoguedb.retrieval.code_cache import CodeCache
from dialoguedb.store.sqlite.connection.errors import is_full_disk
from dialoguedb.store.sqlite.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.sqlite.connection.reader import Reader, Readers
from dialoguedb.store.sqlite.index import SQLiteIndex, serving_embedder
from dialoguedb.store.sqlite.search_index import rebuilds
from dialoguedb.store.sqlite.search_queries import filters as search_filters

logger = logging.getLogger(__name__)

_HAS_VECTORS = "SELECT 1 FROM vectors LIMIT 1"


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
        serving = await self._readers.read(lambda reader: serving_embedder(reader.db))
        return serving and serving[1]

    async def indexing(self) -> IndexingProgress | None:
        """Return how far everything is that is to be indexed again; None when all is."""
        return await self._readers.read(lambda reader: rebuilds.progress(reader.db))

    async def prepare_search(self) -> None:
        """Read into memory what searches of much need, a little at a time."""
        while await self._readers.run(self._prepare):
            pass

    def _prepare(self, reader: Reader) -> bool:
        with reader.unmapped():
            serving = serving_embedder(reader.db)
            if serving is None or reader.db.execute(_HAS_VECTORS).get is None:
                return False
            from dialoguedb.store.sqlite.search_queries.scopes import StoredVectors  # noqa: PLC0415 - it loads numpy

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
        self, project: Project, search: Search, vector: "QueryVector | None", weights: Weights
    ) -> list[SearchHit]:
        """Return the most relevant objects, as many as asked for, the best first."""
        from dialoguedb.retrieval.search import find  # noqa: PLC0415 - it loads numpy
        from dialoguedb.store.sqlite.search_queries.scopes import Data  # noqa: PLC0415 - so does this
        from dialoguedb.store.sqlite.search_queries.snapshot import SQLiteSnapshot  # noqa: PLC0415 - and this

        row_id = self._row_ids.of(project)
        await self._catch_up()

        def query(reader: Reader) -> list[SearchHit]:
            search_filters.prepare(reader.db, search.filter)
            serving = serving_embedder(reader.db)
            data = Data(reader.db, self._codes, serving and serving[0])
            snapshot = SQLiteSnapshot(data, reader, project, row_id, search.filter)
            return find(snapshot, search, vector, weights)

        return await self._readers.run_admitted(query)
