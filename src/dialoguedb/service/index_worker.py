"""The background worker that keeps the indexes complete: backlog, vectors, rebuilds, purges."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from msgspec import Struct

from dialoguedb.errors import EmbedderUnavailable, WrongDimensions, defect
from dialoguedb.ports.search import Embedder, IndexStatus, IndexStore, Unembedded, Vectors
from dialoguedb.values import timestamps
from dialoguedb.values.timestamps import Clock

_TOGETHER = 64
"""Texts embedded at once."""

_PORTION = 256
"""Objects indexed again in one transaction: other writes wait some ten milliseconds for it."""

_PORTION_INTERVAL_S = 0.02
_IDLE_INTERVAL_S = 0.2
_FAILED_INTERVAL_S = 1.0
_PURGE_INTERVAL_S = 600
_LOG_INTERVAL_S = 2.0
_WATCH_INTERVAL_S = 1.0
_LEASE_S = 180
"""Longer than an embedder takes; then others may try what this process has leased."""

_RETRY_S_MAX = 300
_ALONE_AFTER = 3
"""Attempts after which a text is tried by itself: it may be what its neighbours fail with."""

_FAILURES_MAX = 2
_HOPELESS_AFTER = 8
_HARMLESS = "Hello"
_PORTIONS_PER_LINE = 200
_PORTIONS_PER_LOOK = 8

logger = logging.getLogger(__name__)


class WorkerRuntime(Struct, frozen=True):
    """How to wait, and how to have something done that blocks."""

    sleep: Callable[[float], Awaitable[None]]
    run: Callable[[Callable[[], Vectors]], Awaitable[Vectors]]
    random: Callable[[], float]
    """A number from 0 to 1, so that not all try again at the same time."""


class IndexWorker:
    """Embeds what waits, and indexes again what is to be."""

    def __init__(
        self, store: IndexStore, embedders: Sequence[Embedder], clock: Clock, runtime: WorkerRuntime
    ) -> None:
        self._store = store
        self._embedders = {embedder.name: embedder for embedder in embedders}
        self._clock = clock
        self._runtime = runtime
        self._portions = 0
        self._chosen = self._seen = next(iter(self._embedders), None)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._forever(self.drain, 0.0))
            tasks.create_task(self._forever(self._advance_and_log, _PORTION_INTERVAL_S))
            tasks.create_task(self._forever(self._purge, _PURGE_INTERVAL_S))
            tasks.create_task(self._forever(self._forget_log, _LOG_INTERVAL_S))
            tasks.create_task(self._forever(self.watch, _WATCH_INTERVAL_S))

    async def _forever(self, work: Callable[[], Awaitable[bool]], interval_s: float) -> None:
        while True:
            try:
                worked = await work()
            except Exception as error:  # a background loop goes on
                logger.warning("Indexing waits: %s", error, exc_info=defect(error))
                await self._runtime.sleep(_FAILED_INTERVAL_S)
            else:
                await self._runtime.sleep(interval_s if worked else _IDLE_INTERVAL_S)

    async def complete(self, progress: Callable[[int, int], None]) -> IndexStatus:
        """Work until all is indexed again that can be here, reporting how far it is."""
        status = await self.status()
        total = status.to_reindex
        while status.to_reindex:
            progress(total - status.to_reindex, total)
            worked = await self._work_a_while()
            status = await self.status()
            if not worked and not self._embedders.keys() & set(status.needed):
                break
            if not worked:
                await self._runtime.sleep(_IDLE_INTERVAL_S)
        return status

    async def _work_a_while(self) -> bool:
        for portion in range(_PORTIONS_PER_LOOK):
            worked = await self.advance()
            worked = await self.drain() or worked
            if not worked:
                return portion > 0
        return True

    async def status(self) -> IndexStatus:
        """Return how the index stands."""
        return await self._store.status()

    async def rebuild(self) -> None:
        """Have everything indexed again."""
        await self._store.rebuild()

    async def advance(self) -> bool:
        """Index a portion again; False when there is nothing to do now."""
        return await self._store.advance(_PORTION)

    async def _advance_and_log(self) -> bool:
        worked = await self.advance()
        if worked and self._portions % _PORTIONS_PER_LINE == 0:
            left = (await self.status()).to_reindex
            logger.info("Indexing what was there before", extra={"objects_left": left})
        if self._portions and not worked:
            logger.info("Nothing is left to be indexed again for now")
        self._portions = self._portions + 1 if worked else 0
        return worked

    async def _purge(self) -> bool:
        """Remove from the index what deleted objects left there, in portions."""
        while await self._store.purge():
            await self._runtime.sleep(_PORTION_INTERVAL_S)
        return True

    async def watch(self) -> bool:
        """Warn when another process has chosen another embedder, and tell when that is over."""
        seen = await self._store.chosen()
        if seen != self._seen:
            self._seen = seen
            if seen == self._chosen:
                logger.info("The data is indexed with this server's embedder again")
            else:
                logger.warning(
                    "Another process has the data indexed with %s; this one was started with %s:"
                    " start all servers on it with the same embedder",
                    *(seen or "words alone", self._chosen or "words alone"),
                )
        return True

    async def _forget_log(self) -> bool:
        await self._store.forget_log()
        return True

    async def drain(self) -> bool:
        """Index what has been written, and embed some of what waits; False when nothing is due."""
        await self._store.catch_up()
        now = self._clock()
        until = timestamps.add_seconds(now, _LEASE_S)
        name, leased = await self._store.lease(list(self._embedders), _TOGETHER, now, until)
        if not leased:
            return False
        try:
            await self._embed(self._embedders[name], leased)
        except asyncio.CancelledError:
            await self._store.postpone(name, leased, self._clock())
            raise
        return True

    async def _embed(self, embedder: Embedder, leased: Sequence[Unembedded]) -> None:
        """Embed what was leased, and put off what fails."""
        together: Sequence[Unembedded] = [one for one in leased if one.attempts < _ALONE_AFTER]
        parts = [together] if together else []
        parts += [[one] for one in leased if one.attempts >= _ALONE_AFTER]
        succeeded = False
        failed: list[Sequence[Unembedded]] = []
        for part in parts:
            if len(failed) >= _FAILURES_MAX and not succeeded:
                failed.append(part)
                continue
            try:
                made = await self._runtime.run(partial(embedder.embed, [one.text for one in part]))
                await self._store.store_vectors(embedder.name, part, made)
            except (EmbedderUnavailable, WrongDimensions) as error:
                logger.warning("%s; trying again later", error.message)
                failed.append(part)
            else:
                succeeded = True
        for part in failed:
            if part[0].attempts < _HOPELESS_AFTER or not await self._gives_up(embedder, part):
                await self._put_off(embedder.name, part)

    async def _gives_up(self, embedder: Embedder, part: Sequence[Unembedded]) -> bool:
        """Let texts be found by words alone when others are embedded, but not these."""
        try:
            made = await self._runtime.run(partial(embedder.embed, [_HARMLESS]))
        except EmbedderUnavailable:
            return False
        import numpy as np  # noqa: PLC0415 - slow to load, and rarely needed

        logger.error("A text cannot be embedded; it is found by its words alone")
        await self._store.store_vectors(
            embedder.name, part, np.zeros((len(part), made.shape[1]), np.float32)
        )
        return True

    async def _put_off(self, name: str, part: Sequence[Unembedded]) -> None:
        """Try again later: exponential backoff with jitter."""
        attempts = min(one.attempts for one in part)
        wait_s = min(_RETRY_S_MAX, 2.0**attempts) * (1 + self._runtime.random()) / 2
        due = timestamps.add_seconds(self._clock(), wait_s)
        await self._store.postpone(name, part, due)
