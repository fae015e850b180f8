"""How endpoints of others fail: what their answers mean, and when to ask again."""

import logging
import time
from email.utils import parsedate_to_datetime

import httpx2

_REFUSALS = frozenset({400, 413, 422})
"""It reads requests, but not this one: a text may be too long."""

_PASSING = frozenset({408, 425, 429})
"""It may do it another time, as with every failure of its own."""

_TOLD_BYTES_MAX = 4_096
_LOGGED_CHARACTERS_MAX = 300


class EndpointFailure(Exception):
    """The endpoint did not give what it was asked for."""

    after_s: float | None = None
    """How much later it may succeed, when the endpoint says so."""

    told: str = ""
    """What the endpoint says of it."""

    status: int | None = None
    """Of its answer, if it gave one."""

    def __init__(self, reason: str, *, again: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again
        """Whether the same request may succeed later."""

    def told_without(self, key: str | None) -> str:
        """Return the beginning of what the endpoint says, for the log, with no part of the key."""
        told = self.told.replace(key, "…") if key else self.told  # first, or it may be cut in two
        return told[:_LOGGED_CHARACTERS_MAX]


class EndpointRefused(EndpointFailure):
    """The endpoint does not take this request; one with less text it may."""


def retry_delay_s(error: Exception, longest: float) -> bool | float:
    """Tell how long to wait before trying again: True for as usual, False for not at all."""
    if not isinstance(error, EndpointFailure) or not error.again:
        return False
    if error.after_s is None:
        return True
    return error.after_s <= longest and error.after_s


def failure_from(answer: httpx2.Response, body: bytes) -> EndpointFailure:
    """Return what an answer without success means, and what its body tells."""
    status = answer.status_code
    kind = EndpointRefused if status in _REFUSALS else EndpointFailure
    failure = kind(f"it answered {status}", again=status in _PASSING or answer.is_server_error)
    failure.status = status
    failure.told = body[:_TOLD_BYTES_MAX].decode(errors="replace")
    failure.after_s = _seconds(answer.headers.get("retry-after", ""))
    return failure


def _seconds(text: str) -> float | None:
    """Read Retry-After: a number of seconds, or a date."""
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None


def silence_http_logs() -> None:
    """Have the HTTP client log no line for each request, for these would bury all others."""
    for chatty in ("httpx2", "httpcore2"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
