"""Making summaries in the background: claimed, cut into chunks, made of them, tried again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Literal, Protocol

from msgspec import Struct

from dialoguedb.errors import (
    DialogueDBError,
    ServiceUnavailable,
    SummarizerRefused,
    SummarizerUnavailable,
    defect,
)
from dialoguedb.model.summaries import LLMUsage, SummaryResult
from dialoguedb.ports.summaries import Job, SummaryJobs
from dialoguedb.service.summarization.maker import SummaryMaker
from dialoguedb.values import timestamps
from dialoguedb.values.timestamps import Clock

_CLAIM_S = 12
_RENEW_S = 3
"""Some renewals may be late before another process takes over."""

_LOOK_PAUSE_S = 1.0
"""How often it looks for what other processes were asked for, and for what is to be retried."""

_ATTEMPTS_MAX = 12
_RETRY_S_MAX = 600
"""In all some half an hour, beside the time that a provider asks for."""

_ASKED_S_MAX = 3_600
"""A provider that asks for more time is asked again after this."""

_STORE_PAUSE_S_MAX = 30
_ERROR_CHARS = 1_000
_NEVER_ENDED = "Whatever made it stopped before it was done"

JobOutcome = Literal["completed", "failed", "retried", "cancelled"]

logger = logging.getLogger(__name__)


class SummaryMeter(Protocol):
    """What is told about summaries being made."""

    def summarizing(self, running: int) -> None:
        """Note how many are being made."""
        ...

    def summarized(self, end: JobOutcome, spent: LLMUsage) -> None:
        """Note how the making of one ended, and what it used."""
        ...


class WorkerEnvironment(Struct, frozen=True):
    """What surrounds the work: time, chance, and whom it is told."""

    clock: Clock
    new_id: Callable[[], str]
    sleep: Callable[[float], Awaitable[None]]
    random: Callable[[], float]
    """A number from 0 to 1, so that not all try again at the same moment."""

    meter: SummaryMeter | None = None


class SummaryWorker:
    """Makes the summaries that were asked for, in whichever process."""

    def __init__(self, maker: SummaryMaker, around: WorkerEnvironment) -> None:
        self._store: SummaryJobs = maker.store
        self._maker = maker
        self._parallel = maker.budgets.parallel
        self._around = around
        self._bell = asyncio.Event()
        self._running: dict[tuple[str, str], asyncio.Task[None]] = {}

    def wake(self) -> None:
        """Tell that there is something to do."""
        self._bell.set()

    def drop(self, project_id: str, summary_id: str) -> None:
        """Stop making a summary that was deleted."""
        task = self._running.get((project_id, summary_id))
        if task:
            task.cancel()

    async def run(self) -> None:
        """Work until cancelled, then let go of what was begun."""
        try:
            while True:
                self._bell.clear()
                try:
                    await self._begin_what_is_due()
                except Exception as error:  # a background loop goes on
                    logger.warning("Summaries wait: %s", error, exc_info=defect(error))
                with suppress(TimeoutError):  # `wait_for` may swallow that it was cancelled
                    async with asyncio.timeout(_LOOK_PAUSE_S):
                        await self._bell.wait()
        finally:
            tasks = [*self._running.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _begin_what_is_due(self) -> None:
        while len(self._running) < self._parallel:
            lease = self._around.new_id()
            job = await self._store.lease(lease, self._around.clock(), self._after(_CLAIM_S))
            if job is None:
                return
            key = (job.project_id, job.id)
            task = self._running[key] = asyncio.create_task(self._work(job))
            task.add_done_callback(partial(self._forget, key))
            self._tell_running()

    def _forget(self, key: tuple[str, str], task: asyncio.Task[None]) -> None:
        if self._running.get(key) is task:
            del self._running[key]
        self._tell_running()
        self.wake()

    def _tell_running(self) -> None:
        if self._around.meter:
            self._around.meter.summarizing(len(self._running))

    async def _work(self, job: Job) -> None:
        """Make one summary, and see to it that its end is stored."""
        spent = LLMUsage()
        holding = asyncio.create_task(self._hold(job, asyncio.current_task()))
        end: JobOutcome = "cancelled"
        try:
            if job.attempts < _ATTEMPTS_MAX:
                end = await self._attempt(job, spent)
            else:  # it was claimed that often, and nobody told of an end
                end = await self._give_up(job, _NEVER_ENDED, spent)
        except asyncio.CancelledError:
            await self._store.postpone(job, self._around.clock(), spent, failed=False)
            raise
        except Exception:  # a background loop goes on; the claim runs out by itself
            logger.exception("The end of a summary could not be stored", extra={"summary": job.id})
        finally:
            holding.cancel()
            if self._around.meter:
                self._around.meter.summarized(end, spent)

    async def _attempt(self, job: Job, spent: LLMUsage) -> JobOutcome:
        try:
            outcome = await self._maker.make(job, spent)
        except SummarizerRefused as error:
            return await self._give_up(job, error.message, spent)
        except SummarizerUnavailable as error:
            return await self._try_again(job, error.message, spent, error.after_s or 0)
        except DialogueDBError as error:
            return await self._try_again(job, error.message, spent)
        except Exception:  # a background loop goes on
            logger.exception("A summary failed by a defect", extra={"summary": job.id})
            return await self._try_again(job, "The summary failed by a defect of ours", spent)
        return await self._complete(job, outcome, spent)

    async def _complete(self, job: Job, outcome: SummaryResult, spent: LLMUsage) -> JobOutcome:
        """Store what was made, which has cost something, as soon as that can be done."""
        pause_s = 1.0
        while True:
            try:
                stored = await self._store.complete(job, outcome, spent, self._around.clock())
            except ServiceUnavailable as error:
                logger.warning("A summary cannot be stored now: %s", error.message)
                await self._around.sleep(pause_s)
                pause_s = min(pause_s * 2, _STORE_PAUSE_S_MAX)
            except Exception:  # it would fail as often as it were made
                logger.exception("A summary could not be stored", extra={"summary": job.id})
                return await self._give_up(job, "The summary could not be stored", LLMUsage())
            else:
                return "completed" if stored else "cancelled"

    async def _hold(self, job: Job, worker: asyncio.Task[None] | None) -> None:
        """Keep the claim while the work goes on; stop the work when it is lost."""
        while worker:
            await self._around.sleep(_RENEW_S)
            try:
                if not await self._store.renew(job, self._after(_CLAIM_S)):
                    worker.cancel()
                    return
            except Exception as error:  # it is tried again in time
                cause = defect(error)
                logger.warning("A claim could not be renewed: %s", error, exc_info=cause)

    async def _try_again(
        self, job: Job, error: str, spent: LLMUsage, asked_s: float = 0
    ) -> JobOutcome:
        if job.attempts + 1 >= _ATTEMPTS_MAX:
            return await self._give_up(job, f"{error} (tried {_ATTEMPTS_MAX} times)", spent)
        logger.warning("%s; trying again later", error, extra={"summary": job.id})
        wait_s = min(_RETRY_S_MAX, 2.0**job.attempts) * (1 + self._around.random()) / 2
        wait_s += min(asked_s, _ASKED_S_MAX)
        await self._store.postpone(job, self._after(wait_s), spent, failed=True)
        return "retried"

    async def _give_up(self, job: Job, error: str, spent: LLMUsage) -> JobOutcome:
        logger.error("A summary failed: %s", error, extra={"summary": job.id})
        stored = await self._store.fail(job, error[:_ERROR_CHARS], spent, self._around.clock())
        return "failed" if stored else "cancelled"

    def _after(self, seconds: float) -> str:
        return timestamps.add_seconds(self._around.clock(), seconds)
