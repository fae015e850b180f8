"""The memory that requests may take beside the little that each needs, bounded for all and by key.

Who finds no room waits for it, in the order of arrival; whose key holds its part already does not
keep those of others waiting. Who waits too long is refused, and told when to come back.
"""

import asyncio
from collections import Counter, deque

from msgspec import Struct

from dialoguedb.errors import ServiceUnavailable
from dialoguedb.http.return_schedule import ReturnSchedule
from dialoguedb.values import limits

ANSWER_WAIT_SECONDS_MAX = 10
"""How long a large answer waits for memory that others hold."""

UPLOAD_WAIT_SECONDS_MAX = 20
"""How long a large body waits for it, before it is read."""

_LARGEST_BYTES = max(limits.BODY_BYTES_MAX, limits.PAGE_BYTES_MAX)


class _Waiting(Struct, eq=False):
    """A request that waits."""

    owner: str
    count: int
    ready: asyncio.Future[None]


class MemoryBudget:
    """Counts the bytes that are held; it stores none."""

    def __init__(self, bytes_max: int, *, wait_seconds: float = ANSWER_WAIT_SECONDS_MAX) -> None:
        self.bytes_max = bytes_max
        self.owner_bytes_max = max(bytes_max // 2, min(bytes_max, _LARGEST_BYTES))
        """What the requests of one key hold at the most."""

        self.held_bytes = 0
        self.refused = 0
        """Requests that waited too long, or could not wait."""

        self._wait_seconds = wait_seconds
        self._schedule = ReturnSchedule(wait_seconds)
        self._held: Counter[str] = Counter()
        self._waiting: deque[_Waiting] = deque()

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return len(self._waiting)

    def share(self, owner: str) -> "MemoryShare":
        """Return what a request of a key holds: nothing yet."""
        return MemoryShare(self, owner)

    def try_reserve(self, owner: str, count: int) -> bool:
        """Reserve bytes unless others hold them, or wait for them with the same key."""
        if not self._fits(owner, count) or any(one.owner == owner for one in self._waiting):
            return False
        self.add(owner, count)
        return True

    def add(self, owner: str, count: int) -> None:
        """Reserve bytes that are there already, whatever others hold."""
        self.held_bytes += count
        self._held[owner] += count

    async def reserve(self, owner: str, count: int) -> None:
        """Reserve bytes, as soon as they are free; ServiceUnavailable when that takes long."""
        if self.try_reserve(owner, count):
            return
        self._schedule.waits(owner)
        waiting = _Waiting(owner, count, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._admit()
        try:
            async with asyncio.timeout(self._wait_seconds):
                await waiting.ready
        except (TimeoutError, asyncio.CancelledError) as error:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
                self._admit()
            else:  # it was admitted just then
                self.release(owner, count)
            if isinstance(error, TimeoutError):
                raise self.refusal(owner, count) from None
            raise

    def release(self, owner: str, count: int) -> None:
        """Release bytes that were reserved."""
        self.held_bytes -= count
        self._held[owner] -= count
        self._schedule.released(owner, count)
        if not self._held[owner]:
            del self._held[owner]
        self._admit()

    def refusal(self, owner: str, count: int) -> ServiceUnavailable:
        """Return the error for a request that finds no room, with a time to come back."""
        self.refused += 1
        error = ServiceUnavailable("The server holds as many large bodies as it can; try again")
        error.retry_after_s = self._schedule.seconds_until_return(owner, count)
        return error

    def _fits(self, owner: str, count: int) -> bool:
        """Tell whether there is room; the only one finds it, however much it takes."""
        held = self._held.get(owner, 0)
        return (not held or held + count <= self.owner_bytes_max) and (
            not self.held_bytes or self.held_bytes + count <= self.bytes_max
        )

    def _admit(self) -> None:
        """Admit who waits, in their order; who cannot be admitted holds up only its own key."""
        passed_over: set[str] = set()
        for waiting in list(self._waiting):
            if waiting.owner in passed_over or waiting.ready.done():
                continue
            if self._fits(waiting.owner, waiting.count):
                self._waiting.remove(waiting)
                self.add(waiting.owner, waiting.count)
                waiting.ready.set_result(None)
            else:
                passed_over.add(waiting.owner)


class MemoryShare:
    """What one request holds of the budget."""

    def __init__(self, budget: MemoryBudget, owner: str) -> None:
        self._budget = budget
        self._owner = owner
        self._is_over = False
        self.held_bytes = 0

    async def grow_to(self, count: int) -> None:
        """Hold so many bytes at least; ServiceUnavailable."""
        if count <= self.held_bytes or self._is_over:
            return
        # All that wait for more while they hold some would wait for each other.
        before, self.held_bytes = self.held_bytes, 0
        if before:
            self._budget.release(self._owner, before)
        await self._budget.reserve(self._owner, count)
        self.held_bytes = count

    def set_to(self, count: int, *, force: bool) -> None:
        """Hold exactly so many bytes, which are there already; ServiceUnavailable."""
        more = count - self.held_bytes
        if more < 0:
            self._budget.release(self._owner, -more)
        elif force:
            self._budget.add(self._owner, more)
        elif more and not self._budget.try_reserve(self._owner, more):
            raise self._budget.refusal(self._owner, more)
        self.held_bytes = count

    def release(self) -> None:
        """Give all back, for good."""
        self._is_over = True
        if self.held_bytes:
            self._budget.release(self._owner, self.held_bytes)
            self.held_bytes = 0
