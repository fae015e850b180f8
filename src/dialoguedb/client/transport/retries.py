"""When a call is retried, and after how long: exponential backoff with jitter."""

import random

from msgspec import Struct

from dialoguedb.client.transport.requests import ApiResponse
from dialoguedb.errors import (
    DialogueDBError,
    InternalError,
    LimitExceeded,
    RateLimitExceeded,
    ServiceUnavailable,
    UnexpectedAnswer,
    Unreachable,
    UnreadableAnswer,
)

_TRANSIENT = (Unreachable, RateLimitExceeded, InternalError, ServiceUnavailable)
_CLIENT_ERRORS = range(400, 500)
_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 8.0


class RetryPolicy(Struct, frozen=True):
    """How often a call is retried, and with which delays."""

    retries: int

    def allows(self, tries: int) -> bool:
        """Tell whether there may be another try after so many."""
        return tries <= self.retries

    def delay_s(self, tries: int, retry_after_s: float | None = None) -> float:
        """Return how long to wait after so many tries; a server's `Retry-After` is the least.

        The delay doubles with each try, and half of it is random, so that clients do not retry in
        step.
        """
        longest = min(_LONGEST_DELAY_S, _FIRST_DELAY_S * 2.0**tries)
        jitter = random.uniform(longest / 2, longest)  # noqa: S311 - spreads clients, hides nothing
        return jitter if retry_after_s is None else max(retry_after_s, jitter)


def is_transient(error: DialogueDBError) -> bool:
    """Tell whether another try may succeed."""
    if isinstance(error, UnreadableAnswer):  # the next response would be no more readable
        return False
    if isinstance(error, UnexpectedAnswer):  # half a response, or a proxy's own
        return error.status not in _CLIENT_ERRORS
    return isinstance(error, _TRANSIENT)


def may_have_succeeded(error: DialogueDBError) -> bool:
    """Tell whether the server may have carried out the request nevertheless."""
    return not isinstance(error, LimitExceeded | ServiceUnavailable)


def retry_after_s(response: ApiResponse | None) -> float | None:
    """Return the seconds that the server asks the client to wait, if it does."""
    try:
        return max(0.0, float(response.headers["retry-after"])) if response else None
    except (KeyError, ValueError):
        return None
