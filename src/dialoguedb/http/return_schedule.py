"""When requests that found no room may come back, each at a time of its own.

They were refused since others hold the memory, and would be refused again if all came back at once.
So each is told a time by when there should be room for it, as fast as room has been made lately.
"""

import math
import time
from collections.abc import Callable

from msgspec import Struct

RETRY_SECONDS_MAX = 600
"""The longest that anybody is asked to wait."""

_HURRY = 0.75
"""They come back a little sooner and wait, or there would be gaps, which look like a slow pace."""


class _Pace(Struct):
    """How fast the requests of one key are through, while others of it wait."""

    since: float
    """When the first of them had to wait."""

    next_return: float
    """When the next one that is refused may come back."""

    released_bytes: int = 0


class ReturnSchedule:
    """Gives out times to come back, by key."""

    def __init__(self, wait_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._wait_seconds = max(wait_seconds, 1.0)
        self._clock = clock
        self._paces: dict[str, _Pace] = {}

    def waits(self, owner: str) -> None:
        """Take note that a request of a key has to wait."""
        now = self._clock()
        for known, pace in list(self._paces.items()):  # which wait for nothing any more
            if pace.next_return + self._wait_seconds < now:
                del self._paces[known]
        self._paces.setdefault(owner, _Pace(now, now))

    def released(self, owner: str, count: int) -> None:
        """Take note that a request of a key has given back memory."""
        if owner in self._paces:
            self._paces[owner].released_bytes += count

    def seconds_until_return(self, owner: str, count: int) -> int:
        """Return after how many seconds a refused request should come back for so many bytes."""
        now = self._clock()
        pace = self._paces.setdefault(owner, _Pace(now - self._wait_seconds, now))
        elapsed = max(now - pace.since, 1.0)
        # None was through in all that time: one may be in as much time again.
        takes = _HURRY * count / max(pace.released_bytes, count) * elapsed
        pace.next_return = max(pace.next_return, now) + takes
        seconds = math.ceil(pace.next_return - now)
        return min(max(seconds, 1), RETRY_SECONDS_MAX)
