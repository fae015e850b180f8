"""Search: dates are resolved, the query is embedded, the engine searches, the hits are ordered."""

import asyncio
from collections.abc import Container, Mapping, Sequence
from datetime import tzinfo

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from dialoguedb.errors import EmbedderUnavailable, WrongDimensions
from dialoguedb.model.projects import Project
from dialoguedb.model.search import Search, SearchMode, Validity, shown_share
from dialoguedb.model.search_request import DateRange, SearchRequest
from dialoguedb.model.search_results import (
    IndexingProgress,
    ResolvedDates,
    ResolvedFilter,
    ResolvedSearch,
)
from dialoguedb.ports.search import (
    Embedder,
    QueryVector,
    SearchHit,
    SearchStore,
    Serving,
    Vectors,
    Weights,
    WordVectors,
)
from dialoguedb.values import timestamps
from dialoguedb.values.date_phrases import Interval, is_iso, read, read_edge
from dialoguedb.values.lists import TimeRange
from dialoguedb.values.timestamps import Clock
from dialoguedb.values.validation_errors import ValidationErrors

_EVER = TimeRange()

_QUERIES_AT_ONCE = 4
"""Fewer than there are threads, or an endpoint that hangs would hold up what else needs one."""

_SLOW_S = 0.5
_BACKOFF_S = 5


class SearchOutcome(Struct, frozen=True):
    """What a search found, in the order asked for."""

    hits: list[SearchHit]
    request: ResolvedSearch
    indexing: IndexingProgress | None = None
    left_out: list[SearchHit] = []
    """When it is to be explained: the most relevant memories that are not valid at the time."""

    as_of: str = ""
    """The time at which memories are valid."""


class EmbeddedTexts(Struct, frozen=True):
    """Vectors of texts, one in a row, and whose they are."""

    embedder: str
    vectors: Vectors


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
        self._remote_queries = asyncio.Semaphore(_QUERIES_AT_ONCE)
        self._down_until = ""

    async def search(self, project: Project, request: SearchRequest) -> SearchOutcome:
        """Return the most relevant objects; EmbedderUnavailable when only meaning was asked for."""
        search, resolved_filter = await self._with_dates(request)
        search = _with_time(search, self._clock())
        requested_mode = search.mode
        search, vector = await self._with_vector(search)
        indexing = await self._store.indexing()  # before: it may be complete while it is searched
        hits = await self._hits(project, search, vector)
        left_out: list[SearchHit] = []
        if request.explain and search.filter.validity == "active":
            left_out = await self._hits(project, _of_validity(search, "inactive"), vector)
        resolved_search = ResolvedSearch(
            order_by=search.order_by,
            order=search.order,
            filter=resolved_filter,
            mode=UNSET if search.mode == requested_mode else search.mode,
        )
        as_of = search.filter.as_of or ""
        return SearchOutcome(_ordered(hits, search), resolved_search, indexing, left_out, as_of)

    async def _hits(
        self, project: Project, search: Search, vector: "QueryVector | None"
    ) -> list[SearchHit]:
        """Return what is found and as relevant as asked for."""
        hits = await self._store.search(project, search, vector, self._weights[search.mode])
        return [hit for hit in hits if shown_share(hit.relevance) >= search.min_relevance]

    async def _with_dates(
        self, request: SearchRequest
    ) -> tuple[Search, ResolvedFilter | UnsetType]:
        """Resolve dates; on a thread when there are phrases, whose reader takes its time."""
        if _has_phrases(request):
            return await asyncio.to_thread(_with_dates, request, self._clock())
        return _with_dates(request, self._clock())

    async def _with_vector(self, search: Search) -> "tuple[Search, QueryVector | None]":
        """Embed the query; when that is not possible, what can be found by words is."""
        if search.mode == "keyword":
            return search, None
        try:
            return search, await self._embed(search.query)
        except EmbedderUnavailable:
            if search.mode == "semantic":
                raise
            return msgspec.structs.replace(search, mode="keyword"), None

    async def embed_texts(
        self, texts: Sequence[str], embedders: Container[str]
    ) -> EmbeddedTexts | None:
        """Return vectors of the embedder that serves, if it is one of these; else None.

        EmbedderUnavailable when it cannot now.
        """
        _, embedder = await self._serving()
        if embedder is None or embedder.name not in embedders:
            return None
        return EmbeddedTexts(embedder.name, await asyncio.to_thread(embedder.embed, texts))

    async def _embed(self, query: str) -> QueryVector:
        serving, embedder = await self._serving()
        if serving is None or embedder is None:
            raise EmbedderUnavailable("There is no index by meaning to search in; search by words")
        if embedder.in_process:
            return _vector(embedder, query)
        async with self._remote_queries:
            return await self._embed_remotely(embedder, query, serving.dimensions)

    async def _serving(self) -> tuple[Serving | None, Embedder | None]:
        """Return the embedder whose vectors are searched, if it is known here."""
        serving = await self._store.serving()
        return serving, self._embedders.get(serving.name) if serving else None

    async def _embed_remotely(
        self, embedder: Embedder, query: str, dimensions: int | None
    ) -> QueryVector:
        """Embed a query on a thread.

        An embedder that has failed slowly is not called for a while (a circuit breaker), since
        every search would wait as long.
        """
        now = self._clock()
        if now < self._down_until:
            raise EmbedderUnavailable(f"The embedder {embedder.name} failed a moment ago")
        if self._down_until:  # while this query tries again, others need not
            self._down_until = timestamps.add_seconds(now, _BACKOFF_S)
        try:
            vector = await asyncio.to_thread(_vector, embedder, query)
            _check_length(vector, dimensions)
        except (EmbedderUnavailable, WrongDimensions) as error:
            failed = self._clock()
            if self._down_until or failed > timestamps.add_seconds(now, _SLOW_S):
                self._down_until = timestamps.add_seconds(failed, _BACKOFF_S)
            raise EmbedderUnavailable(error.message) from error
        self._down_until = ""
        return vector


def _with_time(search: Search, now: str) -> Search:
    """Return a search for what is valid now, unless it is for another time."""
    if search.filter.as_of is not None or search.object != "memory":
        return search
    filters = msgspec.structs.replace(search.filter, as_of=now)
    return msgspec.structs.replace(search, filter=filters)


def _of_validity(search: Search, validity: Validity) -> Search:
    filters = msgspec.structs.replace(search.filter, validity=validity)
    return msgspec.structs.replace(search, filter=filters)


def _vector(embedder: Embedder, query: str) -> QueryVector:
    from dialoguedb.retrieval.vectors import query_vector  # noqa: PLC0415 - it loads numpy

    return query_vector(embedder, query)


def _check_length(vector: QueryVector, dimensions: int | None) -> None:
    length = None if isinstance(vector, WordVectors) else len(vector)
    if None not in {length, dimensions} and length != dimensions:
        raise WrongDimensions(
            f"The embedder gives vectors of {length} dimensions; those stored have {dimensions}"
        )


def _ordered(hits: list[SearchHit], search: Search) -> list[SearchHit]:
    """Sort what was found, the best first, as asked."""
    descending = search.order == "desc"
    match search.order_by:
        case "created":
            return sorted(hits, key=lambda hit: hit.item.created, reverse=descending)
        case "modified":
            return sorted(hits, key=lambda hit: hit.item.modified, reverse=descending)
    return hits if descending else hits[::-1]


# --- Dates ----------------------------------------------------------------------------------------


def _has_phrases(request: SearchRequest) -> bool:
    """Tell whether there is more to read than ISO dates, which takes its time."""
    texts: list[str] = []
    for dates in (request.sent.created, request.sent.modified):
        if isinstance(dates, str):
            texts.append(dates)
        elif isinstance(dates, DateRange):
            texts.extend(dates.edges().values())
    return not all(map(is_iso, texts))


def _with_dates(request: SearchRequest, now: str) -> tuple[Search, ResolvedFilter | UnsetType]:
    """Return the search kept to its dates, and the filter as it was understood; InvalidRequest."""
    sent, errors = request.sent, ValidationErrors()
    reader = _DateReader(request.zone, now, errors)
    created = reader.read(sent.created, "filter.created")
    modified = reader.read(sent.modified, "filter.modified")
    errors.raise_if_any()
    shown = ResolvedFilter(
        created=_shown(created),
        modified=_shown(modified),
        has_image=UNSET if sent.has_image is None else sent.has_image,
        tags=sent.tags if isinstance(sent.tags, Raw) and bytes(sent.tags) != b"null" else UNSET,
    )
    filters = msgspec.structs.replace(
        request.search.filter, created=_span(created), modified=_span(modified)
    )
    search = msgspec.structs.replace(request.search, filter=filters)
    return search, UNSET if shown == ResolvedFilter() else shown


class _DateReader(Struct):
    zone: tzinfo
    now: str
    errors: ValidationErrors

    def read(self, sent: str | DateRange | UnsetType | None, path: str) -> Interval:
        """Return the time that dates allow, noting what cannot be understood."""
        try:
            if isinstance(sent, str):
                return read(sent, self.zone, self.now)
        except ValueError as error:
            self.errors.invalid(path, f"{path}: {error}")
        return self._range(sent, path) if isinstance(sent, DateRange) else Interval()

    def _range(self, sent: DateRange, path: str) -> Interval:
        edges = sent.edges()
        if not edges:
            self.errors.invalid(path, f"{path} is empty; use one of gte, gt, lte, lt")
        starts: list[str] = []
        ends: list[str] = []
        for name, text in edges.items():
            try:
                edge = read_edge(text, self.zone, self.now)
            except ValueError as error:
                self.errors.invalid(f"{path}.{name}", f"{path}.{name}: {error}")
                continue
            bound = edge.start if name in {"gte", "lt"} else edge.end
            (starts if name in {"gte", "gt"} else ends).append(bound or "")
        return Interval(max(starts, default=None), min(ends, default=None))


def _span(time: Interval) -> TimeRange:
    return TimeRange(lower=time.start or _EVER.lower, upper=time.end or _EVER.upper)


def _shown(time: Interval) -> ResolvedDates | UnsetType:
    if time == Interval():
        return UNSET
    return ResolvedDates(gte=time.start or UNSET, lt=time.end or UNSET)
