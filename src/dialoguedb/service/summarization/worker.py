"""The background worker of summaries: it leases jobs, makes summaries, retries with backoff."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from msgspec import Struct

from dialoguedb.errors import (
    DialogueDBError,
    ServiceUnavailable,
    SummarizerRefused,
    SummarizerUnavailable,
    defect,
)
from dialoguedb.model.summaries import LLMUsage, SummaryResult
from dialoguedb.ports.statistics import JobOutcome, SummaryMeter
from dialoguedb.ports.summaries import Job, SummaryJobs
from dialoguedb.service.summarization.maker import SummaryMaker
from dialoguedb.values import timestamps
from dialoguedb.values.timestamps import Clock

_LEASE_S = 12
_RENEW_S = 3
"""Some renewals may be late before another process takes over."""

_POLL_INTERVAL_S = 1.0
"""How often it polls for jobs of other processes, and for retries that are due."""

_ATTEMPTS_MAX = 12
_RETRY_S_MAX = 600
"""Retries take about half an hour in all, plus the time of `Retry-After`."""

_RETRY_AFTER_S_MAX = 3_600
"""A longer `Retry-After` is cut to this."""

_STORE_BACKOFF_S_MAX = 30
_ERROR_CHARS = 1_000
_NEVER_ENDED = "Whatever made it stopped before it was done"


logger = logging.getLogger(__name__)


class WorkerEnvironment(Struct, frozen=True):
    """What the worker depends on: clock, ids, sleep, jitter, metrics."""

    clock: Clock
    new_id: Callable[[], str]
    sleep: Callable[[float], Awaitable[None]]
    random: Callable[[], float]
    """A number from 0 to 1: jitter, so that retries do not coincide."""

    meter: SummaryMeter | None = None


class SummaryWorker:
    """Makes the requested summaries of all processes that share the data."""

    def __init__(self, maker: SummaryMaker, environment: WorkerEnvironment) -> None:
        self._store: SummaryJobs = maker.store
        self._maker = maker
        self._parallel = maker.budgets.parallel
        self._environment = environment
        self._wake_up = asyncio.Event()
        self._running: dict[tuple[str, str], asyncio.Task[None]] = {}

    def wake(self) -> None:
        """Look for jobs now."""
        self._wake_up.set()

    def drop(self, project_id: str, summary_id: str) -> None:
        """Stop making a summary that was deleted."""
        task = self._running.get((project_id, summary_id))
        if task:
            task.cancel()

    async def run(self) -> None:
        """Work until cancelled, then release the leases."""
        try:
            while True:
                self._wake_up.clear()
                try:
                    await self._start_due_jobs()
                except Exception as error:  # a background loop goes on
                    logger.warning("Summaries wait: %s", error, exc_info=defect(error))
                with suppress(TimeoutError):  # `wait_for` may swallow that it was cancelled
                    async with asyncio.timeout(_POLL_INTERVAL_S):
                        await self._wake_up.wait()
        finally:
            tasks = [*self._running.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _start_due_jobs(self) -> None:
        while len(self._running) < self._parallel:
            lease = self._environment.new_id()
            job = await self._store.lease(lease, self._environment.clock(), self._after(_LEASE_S))
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
        if self._environment.meter:
            self._environment.meter.summarizing(len(self._running))

    async def _work(self, job: Job) -> None:
        """Make one summary, and see to it that its end is stored."""
        usage = LLMUsage()
        renewing = asyncio.create_task(self._renew_lease(job, asyncio.current_task()))
        end: JobOutcome = "cancelled"
        try:
            if job.attempts < _ATTEMPTS_MAX:
                end = await self._attempt(job, usage)
            else:  # it was leased that often, and no worker reported an outcome
                end = await self._give_up(job, _NEVER_ENDED, usage)
        except asyncio.CancelledError:
            await self._store.postpone(job, self._environment.clock(), usage, failed=False)
            raise
        except Exception:  # a background loop goes on; the lease expires by itself
            logger.exception("The end of a summary could not be stored", extra={"summary": job.id})
        finally:
            renewing.cancel()
            if self._environment.meter:
                self._environment.meter.summarized(end, usage)

    async def _attempt(self, job: Job, usage: LLMUsage) -> JobOutcome:
        try:
            outcome = await self._maker.make(job, usage)
        except SummarizerRefused as error:
            return await self._give_up(job, error.message, usage)
        except SummarizerUnavailable as error:
            return await self._try_again(job, error.message, usage, error.after_s or 0)
        except DialogueDBError as error:
            return await self._try_again(job, error.message, usage)
        except Exception:  # a background loop goes on
            logger.exception("A summary failed by a defect", extra={"summary": job.id})
            return await self._try_again(job, "The summary failed by a defect of ours", usage)
        return await self._complete(job, outcome, usage)

    async def _complete(self, job: Job, outcome: SummaryResult, usage: LLMUsage) -> JobOutcome:
        """Store the summary, retrying while the store is unavailable: making it has cost money."""
        backoff_s = 1.0
        while True:
            try:
                stored = await self._store.complete(job, outcome, usage, self._environment.clock())
            except ServiceUnavailable as error:
                logger.warning("A summary cannot be stored now: %s", error.message)
                await self._environment.sleep(backoff_s)
                backoff_s = min(backoff_s * 2, _STORE_BACKOFF_S_MAX)
            except Exception:  # it would fail again each time
                logger.exception("A summary could not be stored", extra={"summary": job.id})
                return await self._give_up(job, "The summary could not be stored", LLMUsage())
            else:
                return "completed" if stored else "cancelled"

    async def _renew_lease(self, job: Job, worker: asyncio.Task[None] | None) -> None:
        """Renew the lease while the work goes on; cancel the work when the lease is lost."""
        while worker:
            await self._environment.sleep(_RENEW_S)
            try:
                if not await self._store.renew(job, self._after(_LEASE_S)):
                    worker.cancel()
                    return
            except Exception as error:  # it is tried again in time
                cause = defect(error)
                logger.warning("A lease could not be renewed: %s", error, exc_info=cause)

    async def _try_again(
        self, job: Job, error: str, usage: LLMUsage, retry_after_s: float = 0
    ) -> JobOutcome:
        if job.attempts + 1 >= _ATTEMPTS_MAX:
            return await self._give_up(job, f"{error} (tried {_ATTEMPTS_MAX} times)", usage)
        logger.warning("%s; trying again later", error, extra={"summary": job.id})
        wait_s = min(_RETRY_S_MAX, 2.0**job.attempts) * (1 + self._environment.random()) / 2
        wait_s += min(retry_after_s, _RETRY_AFTER_S_MAX)
        await self._store.postpone(job, self._after(wait_s), usage, failed=True)
        return "retried"

    async def _give_up(self, job: Job, error: str, usage: LLMUsage) -> JobOutcome:
        logger.error("A summary failed: %s", error, extra={"summary": job.id})
        stored = await self._store.fail(job, error[:_ERROR_CHARS], usage, self._environment.clock())
        return "failed" if stored else "cancelled"

    def _after(self, seconds: float) -> str:
        return timestamps.add_seconds(self._environment.clock(), seconds)
