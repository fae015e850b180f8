"""Search: dates read, the query made a vector, the engine asked, what it finds put in order."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

import msgspec
from msgspec import UNSET, Struct, UnsetType

from dialoguedb.errors import EmbedderUnavailable, WrongDimensions
from dialoguedb.model.projects import Project
from dialoguedb.model.search import Search, SearchMode
from dialoguedb.model.search_request import SearchRequest
from dialoguedb.model.search_results import ResolvedFilter, ResolvedSearch
from dialoguedb.ports.search import Embedder, Hit, QueryVector, SearchStore, WordVectors
from dialoguedb.service.query_vector import query_vector
from dialoguedb.service.ranking import Weights, rank
from dialoguedb.service.search_dates import has_phrases, with_dates
from dialoguedb.values import timestamps
from dialoguedb.values.timestamps import Clock

_ASKED_AT_ONCE = 4
"""Fewer than there are threads, or an endpoint that hangs would hold up what else needs one."""

_LONG_S = 0.5
_LEFT_IN_PEACE_S = 5


class Found(Struct, frozen=True):
    """What a search found, in the order asked for."""

    hits: list[Hit]
    request: ResolvedSearch


class SearchService:
    """What can be found."""

    def __init__(
        self,
        store: SearchStore,
        embedders: Sequence[Embedder],
        weights: Mapping[SearchMode, Weights],
        clock: Clock,
    ) -> None:
        self._store = store
        self._embedders = {embedder.name: embedder for embedder in embedders}
        self._weights = weights
        self._clock = clock
        self._asking = asyncio.Semaphore(_ASKED_AT_ONCE)
        self._down_until = ""

    async def search(self, project: Project, request: SearchRequest) -> Found:
        """Return the most relevant objects; EmbedderUnavailable when only meaning was asked for."""
        search, resolved = await self._with_dates(request)
        asked = search.mode
        search, vector = await self._with_vector(search)
        weighed = partial(rank, weights=self._weights[search.mode])
        hits = await self._store.search(project, search, vector, weighed)
        told = ResolvedSearch(
            order_by=search.order_by,
            order=search.order,
            filter=resolved,
            mode=UNSET if search.mode == asked else search.mode,
        )
        return Found(_ordered(hits, search), told)

    async def _with_dates(
        self, request: SearchRequest
    ) -> tuple[Search, ResolvedFilter | UnsetType]:
        """Read the dates; on a thread when there are phrases, whose reader takes its time."""
        if has_phrases(request):
            return await asyncio.to_thread(with_dates, request, self._clock())
        return with_dates(request, self._clock())

    async def _with_vector(self, search: Search) -> tuple[Search, QueryVector | None]:
        """Embed the query; when that is not possible, what can be found by words is."""
        if search.mode == "keyword":
            return search, None
        try:
            return search, await self._embed(search.query)
        except EmbedderUnavailable:
            if search.mode == "semantic":
                raise
            return msgspec.structs.replace(search, mode="keyword"), None

    async def _embed(self, query: str) -> QueryVector:
        serving = await self._store.serving()
        embedder = self._embedders.get(serving.name) if serving else None
        if serving is None or embedder is None:
            raise EmbedderUnavailable("There is no index by meaning to search in; search by words")
        if embedder.immediate:
            return query_vector(embedder, query)
        async with self._asking:
            return await self._ask(embedder, query, serving.dimensions)

    async def _ask(self, embedder: Embedder, query: str, dimensions: int | None) -> QueryVector:
        """Embed a query on a thread.

        An embedder that has failed after a long time is left in peace for a while, for all who
        search would wait as long.
        """
        now = self._clock()
        if now < self._down_until:
            raise EmbedderUnavailable(f"The embedder {embedder.name} failed a moment ago")
        if self._down_until:  # while this query tries again, others need not
            self._down_until = timestamps.later(now, _LEFT_IN_PEACE_S)
        try:
            vector = await asyncio.to_thread(query_vector, embedder, query)
            _check_length(vector, dimensions)
        except (EmbedderUnavailable, WrongDimensions) as error:
            failed = self._clock()
            if self._down_until or failed > timestamps.later(now, _LONG_S):
                self._down_until = timestamps.later(failed, _LEFT_IN_PEACE_S)
            raise EmbedderUnavailable(error.message) from error
        self._down_until = ""
        return vector


def _check_length(vector: QueryVector, dimensions: int | None) -> None:
    length = None if isinstance(vector, WordVectors) else len(vector)
    if None not in {length, dimensions} and length != dimensions:
        raise WrongDimensions(
            f"The embedder gives vectors of {length} dimensions; those stored have {dimensions}"
        )


def _ordered(hits: list[Hit], search: Search) -> list[Hit]:
    """Sort what was found, the best first, as asked."""
    descending = search.order == "desc"
    match search.order_by:
        case "created":
            return sorted(hits, key=lambda hit: hit.item.created, reverse=descending)
        case "modified":
            return sorted(hits, key=lambda hit: hit.item.modified, reverse=descending)
    return hits if descending else hits[::-1]
