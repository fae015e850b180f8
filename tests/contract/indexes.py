"""Engines with embedders, the work on their indexes done when a test wants it, and searches."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC

from dialoguedb.embed.openai_api import EmbeddingEndpoint, OpenAIEmbedder
from dialoguedb.embed.wordllama import WordLlama
from dialoguedb.model.search import Search, SearchFilter
from dialoguedb.model.search_request import FilterInput, SearchRequest
from dialoguedb.service.index_worker import IndexWorker, WorkerRuntime
from tests.contract.making import Tenant, World, ids

MODES = ("hybrid", "semantic", "keyword")
STEPS_MAX = 1_000
BUILT_IN = WordLlama()


def remote(endpoint, model="m"):
    """Make an embedder behind an endpoint of `tests.embed`."""
    return OpenAIEmbedder(EmbeddingEndpoint(url=endpoint.url, model=model))


class Shelf(Tenant):
    """A project, what is found in it, and the work on the indexes it is found by."""

    def __init__(self, store, embedders, world, project):
        super().__init__(world.services, world.clock, project, store)
        self.store = store
        self._seconds = 0.0
        runtime = WorkerRuntime(self._sleep, asyncio.to_thread, lambda: 1.0)
        self.work = IndexWorker(store.index, embedders, world.clock, runtime)

    async def _sleep(self, seconds):
        self.wait(seconds)

    def wait(self, seconds):
        """Let time go by."""
        self._seconds += seconds
        self.clock.set(self._seconds)

    async def find(self, query, of="message", mode="hybrid", **filters):
        """Return the ids of what has to do with a query."""
        search = Search(of, query, 100, mode, SearchFilter(**filters))
        request = SearchRequest(search=search, sent=FilterInput(), zone=UTC, explain=False)
        found = await self.services.search.search(self.project, request)
        return ids(hit.item for hit in found.hits if hit.semantic > 0 or hit.keyword > 0)

    async def finds(self, query, of="message"):
        """Return the ids of what has to do with a query, checked to be the same in every mode."""
        found = [sorted(await self.find(query, of, mode)) for mode in MODES]
        assert found == [found[0]] * len(MODES)
        return found[0]

    async def indexing(self):
        """Return how far the indexes are, as a search tells it."""
        search = Search("message", "any", 10, "keyword", SearchFilter())
        request = SearchRequest(search=search, sent=FilterInput(), zone=UTC, explain=False)
        return (await self.services.search.search(self.project, request)).indexing

    async def finish(self):
        """Work until nothing is due and nothing is left to be indexed again."""
        for _ in range(STEPS_MAX):
            worked = await self.work.advance()
            if not (await self.work.drain() or worked):
                return
        raise AssertionError("the work has no end")

    async def status(self):
        return await self.work.status()


@asynccontextmanager
async def opened(engine, directory, *embedders, project=None):
    """Open an engine, the first embedder to be the one that serves, the others known."""
    store = await engine(directory, None, *embedders[:1], others=embedders[1:])
    world = World(store, embedders)
    if project is None:
        project = (await world.tenant()).project
    try:
        yield Shelf(store, embedders, world, project)
    finally:
        await store.close()
        for embedder in embedders:
            if isinstance(embedder, OpenAIEmbedder):
                embedder.close()
