"""Rate limits: requests per second with a burst, counted per project in memory (GCRA)."""

import math
import time
from functools import lru_cache

from msgspec import Struct
from throttled import MemoryStore
from throttled.rate_limiter import GCRARateLimiter, per_sec

from dialoguedb.errors import Fault, RateLimitExceeded
from dialoguedb.model.projects import RATE_BURST_DEFAULT, Project, RateLimit

PROJECTS_MAX = 65_536
"""Projects whose rate is remembered; the one idle for longest is forgotten first."""


class Standing(Struct, gc=False):
    """How a project stands with its rate limit: what the headers tell."""

    limit: int
    remaining: int
    reset: int
    """The Unix second when the whole burst is there again."""


class Rates:
    """The rates of all projects."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled
        store = MemoryStore(options={"MAX_SIZE": PROJECTS_MAX})
        self._limiter = lru_cache(maxsize=1024)(
            lambda rate: GCRARateLimiter(per_sec(rate.per_second, rate.burst), store)
        )

    def full(self) -> Standing:
        """Return the standing of whoever has none: the defaults, untouched."""
        return Standing(RATE_BURST_DEFAULT, RATE_BURST_DEFAULT, int(time.time()))

    def spend(self, project: Project) -> tuple[Standing, float]:
        """Spend one request; returns the standing, and the seconds to wait when it was too much."""
        rate = project.settings.rate_limit
        if not (self._enabled and rate.enabled):
            return self.full(), 0.0
        result = self._limiter(rate).limit(project.id)
        state = result.state
        reset = math.ceil(time.time() + state.reset_after)
        standing = Standing(rate.burst, max(0, state.remaining), reset)
        return standing, state.retry_after if result.limited else 0.0


def too_fast(rate: RateLimit, wait_s: float) -> RateLimitExceeded:
    """Return the refusal of a request that comes too soon."""
    message = f"More than {rate.per_second} requests per second, in bursts of {rate.burst}"
    details = [Fault("rateLimit", "TOO_LARGE", message)]
    return RateLimitExceeded(message, max(1, math.ceil(wait_s)), details)
