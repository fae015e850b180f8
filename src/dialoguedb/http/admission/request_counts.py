"""Who asked how often: counted in memory and written about each second, or at once for a quota."""

import asyncio
import logging
from collections import Counter

import msgspec

from dialoguedb.errors import defect
from dialoguedb.http.requests.request import Call
from dialoguedb.model.lifecycle import check_quotas
from dialoguedb.model.projects import Project, Usage
from dialoguedb.service import Services

FLUSH_SECONDS = 1.0
"""How long a request may wait to be counted."""

_log = logging.getLogger(__name__)


class Activity:
    """Requests per project, and which keys were used, since they were last written."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._requests: Counter[str] = Counter()
        self._used: set[str] = set()

    async def count(self, call: Call) -> None:
        """Count a request; one past the quota goes on with a project that has none left.

        The engine then refuses what would be written, last of all reasons.
        """
        assert call.caller is not None
        self._used.add(call.caller.key_id)
        project: Project | None = call.project
        if project is None:
            return
        quota = project.settings.quotas.requests
        if quota is None:
            self._requests[project.id] += 1
            return
        now = self._services.clock()
        if await self._services.projects.count_request(project, now) > quota:
            call.project = _used_up(project)

    async def flush(self) -> None:
        """Write what was counted."""
        if not self._used:
            return
        requests, used = self._requests, self._used
        self._requests, self._used = Counter(), set()
        now = self._services.clock()
        try:
            projects = self._services.projects
            await projects.record_activity(now, requests, dict.fromkeys(used, now))
        except Exception as error:  # noqa: BLE001 - a background loop; on a full disk counts wait
            _log.warning("requests could not be counted yet: %s", error, exc_info=defect(error))
            self._requests.update(requests)
            self._used |= used

    async def run(self) -> None:
        """Write about each second, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()


def _used_up(project: Project) -> Project:
    quotas = msgspec.structs.replace(project.settings.quotas, requests=0)
    settings = msgspec.structs.replace(project.settings, quotas=quotas)
    return msgspec.structs.replace(project, settings=settings)


def check_requests_left(call: Call) -> None:
    """Refuse a read of a project whose requests are used up."""
    if call.project is not None and call.project.settings.quotas.requests == 0:
        check_quotas(call.project.settings.quotas, Usage(""), Usage(""))
