"""Rate limits: requests per second with a burst, counted per project in memory.

Each project has a token bucket: a request takes a token, and tokens return at the project's rate,
up to its burst.
"""

import math
import time
from collections.abc import Callable

from msgspec import Struct

from dialoguedb.errors import ErrorDetail, RateLimitExceeded
from dialoguedb.http.responses.response import RateLimitStatus, default_rate_limit_status
from dialoguedb.model.projects import Project, RateLimit

_ROUNDING = 1e-9

PROJECTS_MAX = 65_536
"""Projects kept before those whose burst is whole are dropped."""


class TokenBucket(Struct, gc=False):
    """What a project may still spend."""

    tokens: float
    counted_at: float
    """When there were that many."""

    full_at: float


class RateLimits:
    """The token buckets of all projects."""

    def __init__(
        self,
        *,
        enabled: bool,
        clock: Callable[[], float] = time.monotonic,
        projects_max: int = PROJECTS_MAX,
    ) -> None:
        self._enabled = enabled
        self._clock = clock
        self._projects_max = projects_max
        self._buckets: dict[str, TokenBucket] = {}

    def spend(self, project: Project) -> tuple[RateLimitStatus, float]:
        """Spend one request; returns the status, and the seconds to wait if it was one too many."""
        rate = project.settings.rate_limit
        if not (self._enabled and rate.enabled):
            return default_rate_limit_status(), 0.0
        now = self._clock()
        bucket = self._buckets.get(project.id) or self._fill(project.id, rate, now)
        returned = (now - bucket.counted_at) * rate.per_second
        bucket.tokens = min(rate.burst, bucket.tokens + returned)
        bucket.counted_at = now
        wait_s = 0.0
        if bucket.tokens >= 1 - _ROUNDING:
            bucket.tokens -= 1
        else:
            wait_s = (1 - bucket.tokens) / rate.per_second
        used_s = (rate.burst - bucket.tokens) / rate.per_second
        bucket.full_at = now + used_s
        reset = math.ceil(time.time() + used_s)
        return RateLimitStatus(rate.burst, int(bucket.tokens), reset), wait_s

    def _fill(self, project_id: str, rate: RateLimit, now: float) -> TokenBucket:
        if len(self._buckets) >= self._projects_max:
            # A bucket that is full again need not be kept.
            self._buckets = {name: one for name, one in self._buckets.items() if one.full_at > now}
        bucket = self._buckets[project_id] = TokenBucket(rate.burst, now, now)
        return bucket


def rate_limit_exceeded(rate: RateLimit, wait_s: float) -> RateLimitExceeded:
    """Return the refusal of a request that comes too soon."""
    message = f"More than {rate.per_second} requests per second, in bursts of {rate.burst}"
    details = [ErrorDetail("rateLimit", "TOO_LARGE", message)]
    return RateLimitExceeded(message, max(1, math.ceil(wait_s)), details)
