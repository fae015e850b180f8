"""The data, opened, with the services over it."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from dialoguedb.bootstrap.engine import engine_of
from dialoguedb.embed.tokens import count_tokens
from dialoguedb.model.search import SearchMode
from dialoguedb.ports import Store
from dialoguedb.ports.search import Embedder, Weights
from dialoguedb.ports.statistics import WriterStatistics
from dialoguedb.retrieval.weights import WEIGHTS
from dialoguedb.service import Services, build_services
from dialoguedb.service.ids import IdGenerator
from dialoguedb.service.summary_worker_handle import SummaryWorkerHandle
from dialoguedb.settings import Settings
from dialoguedb.values import timestamps


@asynccontextmanager
async def opened_store(
    settings: Settings, statistics: WriterStatistics | None = None, known: Sequence[Embedder] = ()
) -> AsyncIterator[Store]:
    """Open the data, made and brought to this version's schema as needed; DataError.

    The first of the embedders that are known is the one to be.
    """
    embedder, *others = known or (None,)
    store = await engine_of(settings).open(statistics, embedder, others)
    try:
        yield store
    finally:
        await store.close()


def services_of(
    store: Store,
    known: Sequence[Embedder] = (),
    weights: Mapping[SearchMode, Weights] = WEIGHTS,
    workshop: SummaryWorkerHandle | None = None,
) -> Services:
    """Put the services over an open store, to search with the embedders that are known.

    Without a workshop, summaries that are asked for wait for a server.
    """
    return build_services(
        store,
        clock=timestamps.now,
        new_id=IdGenerator(time.time_ns),
        token_secret=store.page_token_secret(),
        count_tokens=count_tokens,
        embedders=known,
        weights=weights,
        workshop=workshop,
    )


def weights_of(settings: Settings) -> Mapping[SearchMode, Weights]:
    """Return how searches rank: each message with those around it, or by itself."""
    if settings.search_neighbours:
        return WEIGHTS
    return {mode: weights.alone() for mode, weights in WEIGHTS.items()}


@asynccontextmanager
async def opened_services(settings: Settings, *, make: bool = False) -> AsyncIterator[Services]:
    """Open the services for one command; DataError when there is no data, unless it may be made."""
    if not make:
        engine_of(settings).require_data()
    async with opened_store(settings) as store:
        yield services_of(store)
