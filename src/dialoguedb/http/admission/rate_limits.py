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
from dialoguedb.ports.rate_limits import TokensTaken

Spent = tuple[RateLimitStatus, float]
"""What a request is told of a project's limit, and how long to wait if it is one too many."""

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

    def limits(self, project: Project) -> bool:
        """Return whether a project has a limit that counts here."""
        return self._enabled and project.settings.rate_limit.enabled

    def spend(self, project: Project) -> Spent:
        """Spend one request; returns the status, and the seconds to wait if it was one too many."""
        if not self.limits(project):
            return default_rate_limit_status(), 0.0
        rate = project.settings.rate_limit
        now = self._clock()
        bucket = self._buckets.get(project.id) or self._fill(project.id, rate, now)
        returned = (now - bucket.counted_at) * rate.per_second
        tokens = min(rate.burst, bucket.tokens + returned)
        has_one = tokens >= 1 - _ROUNDING
        tokens -= has_one
        self._set(bucket, rate, tokens, now)
        return _spent(rate, tokens, is_served=has_one)

    def spent(self, project: Project, taken: TokensTaken, requests: int) -> list[Spent]:
        """Return what each of several requests was told that took tokens elsewhere, in order."""
        rate, now = project.settings.rate_limit, self._clock()
        bucket = self._buckets.get(project.id) or self._fill(project.id, rate, now)
        self._set(bucket, rate, taken.left, now)  # to go on here when there is no answer there
        lefts = [taken.left + after for after in reversed(range(taken.count))]
        refused = _spent(rate, taken.left, is_served=False)
        served = [_spent(rate, left, is_served=True) for left in lefts]
        return served + [refused] * (requests - taken.count)

    def _fill(self, project_id: str, rate: RateLimit, now: float) -> TokenBucket:
        if len(self._buckets) >= self._projects_max:
            # A bucket that is full again need not be kept.
            self._buckets = {name: one for name, one in self._buckets.items() if one.full_at > now}
        bucket = self._buckets[project_id] = TokenBucket(rate.burst, now, now)
        return bucket

    def _set(self, bucket: TokenBucket, rate: RateLimit, tokens: float, now: float) -> None:
        bucket.tokens, bucket.counted_at = tokens, now
        bucket.full_at = now + (rate.burst - tokens) / rate.per_second


def _spent(rate: RateLimit, tokens: float, *, is_served: bool) -> Spent:
    """Return what a request is told of which so much is left."""
    wait_s = 0.0 if is_served else (1 - tokens) / rate.per_second
    reset = math.ceil(time.time() + (rate.burst - tokens) / rate.per_second)
    return RateLimitStatus(rate.burst, int(tokens), reset), wait_s


def rate_limit_exceeded(rate: RateLimit, wait_s: float) -> RateLimitExceeded:
    """Return the refusal of a request that comes too soon."""
    message = f"More than {rate.per_second} requests per second, in bursts of {rate.burst}"
    details = [ErrorDetail("rateLimit", "TOO_LARGE", message)]
    return RateLimitExceeded(message, max(1, math.ceil(wait_s)), details)
