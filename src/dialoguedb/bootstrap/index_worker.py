"""The background work on the indexes, put together and kept running."""

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from dialoguedb.bootstrap.background_tasks import running
from dialoguedb.bootstrap.embedders import known
from dialoguedb.bootstrap.engine import engine_of
from dialoguedb.ports.engine import Progress
from dialoguedb.ports.search import Embedder, IndexStatus, IndexStore, Vectors
from dialoguedb.service.index_worker import IndexWorker, WorkerRuntime
from dialoguedb.settings import Settings
from dialoguedb.values import timestamps


def indexing_of(store: IndexStore, embedders: Sequence[Embedder]) -> IndexWorker:
    """Put the work on the indexes over an open store."""
    runtime = WorkerRuntime(asyncio.sleep, _run_aside, random.random)
    return IndexWorker(store, embedders, timestamps.now, runtime)


async def reindex(settings: Settings, progress: Progress, *, from_start: bool) -> IndexStatus:
    """Rebuild the indexes, beside a server or not; goes on where one stopped, unless `from_start`.

    Which embedder serves is the server's choice and stays as it is. DataError.
    """
    engine = engine_of(settings)
    engine.require_data()
    embedders = known(settings)
    store = await engine.open(others=embedders)
    try:
        work = indexing_of(store.index, embedders)
        if from_start or not (await work.status()).to_reindex:
            await work.rebuild()
        return await work.complete(progress)
    finally:
        await store.close()


@asynccontextmanager
async def indexing(store: IndexStore, embedders: Sequence[Embedder]) -> AsyncIterator[None]:
    """Keep the indexes complete; without an embedder there are only words."""
    if not embedders:
        await store.prepare(())
    async with running(indexing_of(store, embedders).run()):
        yield


async def _run_aside(work: Callable[[], Vectors]) -> Vectors:
    """Run what blocks on a thread that ends with the process, however long an embedder takes."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Vectors] = loop.create_future()

    def settle(made: "Vectors | None", error: Exception | None) -> None:
        if done.cancelled():
            return
        if error:
            done.set_exception(error)
        elif made is not None:
            done.set_result(made)

    def run() -> None:
        made, error = None, None
        try:
            made = work()
        except Exception as failed:  # noqa: BLE001 - it is raised where the work is awaited
            error = failed
        with suppress(RuntimeError):  # the loop has been closed meanwhile
            loop.call_soon_threadsafe(settle, made, error)

    threading.Thread(target=run, name="dialoguedb-embedder", daemon=True).start()
    return await done
