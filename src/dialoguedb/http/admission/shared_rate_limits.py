"""Rate limits that servers share: each request is counted in the shared bucket before it is served.

Requests of a project that arrive while others of it are being counted are counted together next.
Without an answer from where the buckets are, this process counts by itself until there is one.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from dialoguedb.errors import ProjectNotFound, defect
from dialoguedb.http.admission.rate_limits import RateLimits, Spent
from dialoguedb.model.projects import Project
from dialoguedb.ports.rate_limits import RateLimitStore

ANSWER_SECONDS_MAX = 1.0
"""How long a request waits to be counted before it is counted here."""

RETRY_SECONDS = 1.0
"""How long after a failure the shared buckets are asked again."""

_log = logging.getLogger(__name__)


class _Waiting(NamedTuple):
    """A request to be counted."""

    project: Project
    spent: "asyncio.Future[Spent]"


class SharedRateLimits:
    """The shared token buckets of all projects."""

    def __init__(self, store: RateLimitStore, own: RateLimits) -> None:
        self._store = store
        self._own = own
        self._waiting: dict[str, list[_Waiting]] = {}
        """By the id of each project for which a task counts: those that it counts next."""

        self._tasks: set[asyncio.Task[None]] = set()
        self._is_out = False

    async def spend(self, project: Project) -> Spent:
        """Spend one request; returns the status, and the seconds to wait if it was one too many."""
        if self._is_out or not self._own.limits(project):
            return self._own.spend(project)
        request = _Waiting(project, asyncio.get_running_loop().create_future())
        waiting = self._waiting.get(project.id)
        if waiting is None:
            self._waiting[project.id] = [request]
            self._start(self._count_waiting(project.id))
        else:
            waiting.append(request)
        return await request.spent

    async def close(self) -> None:
        """Count no more."""
        for task in list(self._tasks):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def _start(self, work: "asyncio._CoroutineLike[None]") -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _count_waiting(self, project_id: str) -> None:
        """Count a project's requests, in one call those that have come during the one before."""
        waiting = self._waiting[project_id]
        while waiting:
            batch = waiting[:]
            waiting.clear()
            project = batch[-1].project  # with the settings looked up last
            for request, spent in zip(batch, await self._count(project, len(batch)), strict=True):
                if not request.spent.done():
                    request.spent.set_result(spent)
        del self._waiting[project_id]

    async def _count(self, project: Project, requests: int) -> Sequence[Spent]:
        try:
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                taken = await self._store.take(project, requests)
        except ProjectNotFound:
            pass
        except Exception as error:  # noqa: BLE001 - whatever fails there, the request is served
            self._give_up(project, error)
        else:
            return self._own.spent(project, taken, requests)
        return [self._own.spend(project) for _ in range(requests)]

    def _give_up(self, project: Project, error: Exception) -> None:
        """Count here until the shared buckets answer again."""
        if self._is_out:
            return
        self._is_out = True
        reason = str(error) or f"no answer within {ANSWER_SECONDS_MAX:.0f} s"
        _log.warning(
            "Rate limits are not shared: each process counts by itself until the shared ones"
            " answer again (%s)",
            reason,
            exc_info=defect(error) if not isinstance(error, TimeoutError) else None,
        )
        self._start(self._look_again(project))

    async def _look_again(self, project: Project) -> None:
        while self._is_out:
            await asyncio.sleep(RETRY_SECONDS)
            try:
                async with asyncio.timeout(ANSWER_SECONDS_MAX):
                    await self._store.take(project, 0)
            except ProjectNotFound:
                self._is_out = False
            except Exception as error:  # noqa: BLE001 - a background loop
                _log.debug("Rate limits are still not shared: %s", error)
            else:
                self._is_out = False
        _log.warning("Rate limits are shared again")
