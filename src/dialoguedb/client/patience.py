"""When a call is tried again, and after how long."""

import random

from msgspec import Struct

from dialoguedb.client.requests import Answer
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

_PASSING = (Unreachable, RateLimitExceeded, InternalError, ServiceUnavailable)
_REFUSALS = range(400, 500)
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 8.0


class Patience(Struct, frozen=True):
    """How often a call is tried again."""

    retries: int

    def allows(self, tries: int) -> bool:
        """Tell whether there may be another try after so many."""
        return tries <= self.retries

    def pause_s(self, tries: int, asked_s: float | None = None) -> float:
        """Return how long to wait after so many tries: longer each time, and never in step.

        What the server asks for is the least.
        """
        longest = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0**tries)
        jitter = random.uniform(longest / 2, longest)  # noqa: S311 - spreads clients, hides nothing
        return jitter if asked_s is None else max(asked_s, jitter)


def is_passing(error: DialogueDBError) -> bool:
    """Tell whether another try may fare better."""
    if isinstance(error, UnreadableAnswer):  # another one will be no better
        return False
    if isinstance(error, UnexpectedAnswer):  # half an answer, or a proxy's own
        return error.status not in _REFUSALS
    return isinstance(error, _PASSING)


def may_be_done(error: DialogueDBError) -> bool:
    """Tell whether what was asked may have been carried out nevertheless."""
    return not isinstance(error, LimitExceeded | ServiceUnavailable)


def asked_pause_s(answer: Answer | None) -> float | None:
    """Return how long the server asks to be left alone, when it does."""
    try:
        return max(0.0, float(answer.headers["retry-after"])) if answer else None
    except (KeyError, ValueError):
        return None
