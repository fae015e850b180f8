"""Admission: what a request passes before anything of its body is read, in the contract's order."""

import asyncio
import logging
from collections import Counter

from dialoguedb.errors import defect
from dialoguedb.http.admission.authentication import Authentication
from dialoguedb.http.admission.rate_limits import RateLimits, rate_limit_exceeded
from dialoguedb.http.admission.shared_rate_limits import SharedRateLimits
from dialoguedb.http.requests import bound_namespace
from dialoguedb.http.requests.request import AdmittedRequest, Exchange
from dialoguedb.model.keys import AnyPermission, Caller
from dialoguedb.service import Services

FLUSH_SECONDS = 1.0
"""How long a request may wait to be counted."""

_log = logging.getLogger(__name__)


class RequestCounts:
    """Requests per project, and which keys were used, since they were last written.

    They are written each second; where a quota limits them, each request is written at once.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._requests: Counter[str] = Counter()
        self._used_keys: set[str] = set()
        self._writing = asyncio.Lock()
        """Held while it is written: who needs the number waits for what is on its way."""

    async def count(self, caller: Caller) -> bool:
        """Count a request; returns whether it is past the project's quota of requests."""
        self._used_keys.add(caller.key_id)
        project = caller.project
        if project is None:
            return False
        quota = project.settings.quotas.requests
        if quota is None:
            self._requests[project.id] += 1
            return False
        if self._requests.get(project.id) or self._writing.locked():  # from before the quota
            await self.flush()
        now = self._services.clock()
        return await self._services.projects.count_request(project, now) > quota

    async def flush(self) -> None:
        """Write what was counted; returns when nothing counted before is unwritten."""
        async with self._writing:
            if self._used_keys:
                await self._write()

    async def _write(self) -> None:
        requests, used = self._requests, self._used_keys
        self._requests, self._used_keys = Counter(), set()
        now = self._services.clock()
        try:
            projects = self._services.projects
            await projects.record_activity(now, requests, dict.fromkeys(used, now))
        except Exception as error:  # noqa: BLE001 - a background loop; on a full disk counts wait
            _log.warning("requests could not be counted yet: %s", error, exc_info=defect(error))
            self._requests.update(requests)
            self._used_keys |= used

    async def run(self) -> None:
        """Write each second, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await asyncio.shield(self.flush())  # what is begun is written to its end


class Admission:
    """Authenticates, authorizes, limits the rate, and counts."""

    def __init__(
        self,
        authentication: Authentication,
        rate_limits: RateLimits,
        shared_rate_limits: SharedRateLimits | None,
        counts: RequestCounts,
    ) -> None:
        self._authentication = authentication
        self._rate_limits = rate_limits
        self._shared = shared_rate_limits
        self._counts = counts

    async def admit(self, exchange: Exchange, permission: AnyPermission) -> AdmittedRequest:
        """Admit a request to a route that needs a permission, or raise why not.

        A read or a write past the quota of requests is admitted, for the quota is the last reason
        to refuse it. An administrator's routes have none, so that it can be lifted.
        """
        head = exchange.head
        known = await self._authentication.authenticate(head)
        exchange.caller = caller = known.caller
        self._authentication.authorize(head, known, permission)
        if caller.namespace is not None:
            bound_namespace.check_query(head.query_string, caller.namespace)
        project = caller.project
        if project is not None:
            shared = self._shared
            spent = await shared.spend(project) if shared else self._rate_limits.spend(project)
            exchange.rate_limit_status, wait_s = spent
            if wait_s:
                raise rate_limit_exceeded(project.settings.rate_limit, wait_s)
        is_over = await self._counts.count(caller)
        return AdmittedRequest(
            project,
            caller.namespace,
            caller.scope,
            is_over and permission != "admin",
            caller.key_id,
        )
