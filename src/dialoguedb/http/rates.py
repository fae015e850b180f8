"""Rate limits: requests per second with a burst, counted per project in memory.

The generic cell rate algorithm: of each project one number is kept, the moment at which its whole
burst will be there again.
"""

import math
import time

from msgspec import Struct

from dialoguedb.errors import Fault, RateLimitExceeded
from dialoguedb.model.projects import RATE_BURST_DEFAULT, Project, RateLimit

PROJECTS_MAX = 65_536
"""Projects remembered before those are forgotten whose burst is whole."""

_ROUNDING = 1e-6


class Standing(Struct, gc=False):
    """How a project stands with its rate limit: what the headers tell."""

    limit: int
    remaining: int
    reset: int
    """The Unix second when the whole burst is there again."""


def full() -> Standing:
    """Return the standing of whoever has none: the defaults, untouched."""
    return Standing(RATE_BURST_DEFAULT, RATE_BURST_DEFAULT, int(time.time()))


class Rates:
    """The rates of all projects."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled
        self._whole_at: dict[str, float] = {}

    def spend(self, project: Project) -> tuple[Standing, float]:
        """Spend one request; returns the standing, and the seconds to wait when it was too much."""
        rate = project.settings.rate_limit
        if not (self._enabled and rate.enabled):
            return full(), 0.0
        now = time.monotonic()
        used_s = max(0.0, self._whole_at.get(project.id, 0.0) - now)
        cost_s = 1 / rate.per_second
        spare = rate.burst - used_s * rate.per_second + _ROUNDING
        if spare < 1:
            return self._standing(rate, 0, used_s), (1 - spare) * cost_s
        if len(self._whole_at) >= PROJECTS_MAX:
            self._forget(now)
        used_s += cost_s
        self._whole_at[project.id] = now + used_s
        return self._standing(rate, int(spare - 1), used_s), 0.0

    def _standing(self, rate: RateLimit, remaining: int, used_s: float) -> Standing:
        return Standing(rate.burst, remaining, math.ceil(time.time() + used_s))

    def _forget(self, now: float) -> None:
        self._whole_at = {name: moment for name, moment in self._whole_at.items() if moment > now}


def too_fast(rate: RateLimit, wait_s: float) -> RateLimitExceeded:
    """Return the refusal of a request that comes too soon."""
    message = f"More than {rate.per_second} requests per second, in bursts of {rate.burst}"
    details = [Fault("rateLimit", "TOO_LARGE", message)]
    return RateLimitExceeded(message, max(1, math.ceil(wait_s)), details)
