"""Ids that nobody chose: ULIDs, each greater than the one before."""

from collections.abc import Callable
from random import Random

from ulid_transform import bytes_to_ulid

_MILLISECOND_NS = 1_000_000
_RANDOM_BITS = 80
_STEP_BITS = 64
_ULID_BYTES = 16


class IdGenerator:
    """Makes the ids of one engine, on one thread.

    Within a millisecond, or when the clock goes back, an id is the one before plus a random step
    (https://github.com/ulid/spec, "Monotonicity"), so that what was made one after the other is
    listed in that order. Each engine has a random source of its own: one that is opened after a
    fork repeats nothing of its parent's.
    """

    def __init__(self, clock_ns: Callable[[], int]) -> None:
        self._clock_ns = clock_ns
        self._random = Random()  # noqa: S311 - ids have to differ, not to be secret
        self._last = 0

    def __call__(self) -> str:
        """Return an id of 26 characters; text order is the order of making."""
        timestamp = self._clock_ns() // _MILLISECOND_NS << _RANDOM_BITS
        if timestamp > self._last:
            self._last = timestamp | self._random.getrandbits(_RANDOM_BITS)
        else:
            self._last += 1 + self._random.getrandbits(_STEP_BITS)
        return bytes_to_ulid(self._last.to_bytes(_ULID_BYTES, "big"))
