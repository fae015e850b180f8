"""Failures of HTTP endpoints of providers: what a response means, and when to retry."""

import logging
import time
from email.utils import parsedate_to_datetime

import httpx2

_REFUSALS = frozenset({400, 413, 422})
"""Statuses of a request that the endpoint rejects: a text may be too long."""

_PASSING = frozenset({408, 425, 429})
"""Transient statuses, beside every 5xx."""

_TOLD_BYTES_MAX = 4_096
_LOGGED_CHARACTERS_MAX = 300


class EndpointFailure(Exception):
    """A request to an endpoint failed."""

    after_s: float | None = None
    """Seconds of `Retry-After`, when the endpoint sends it."""

    told: str = ""
    """The beginning of the response body."""

    status: int | None = None
    """The HTTP status, if there was a response."""

    def __init__(self, reason: str, *, again: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again
        """Whether a retry of the same request may succeed."""

    def told_without(self, key: str | None) -> str:
        """Return the beginning of the response body for the log, without any part of the key."""
        told = self.told.replace(key, "…") if key else self.told  # first, or it may be cut in two
        return told[:_LOGGED_CHARACTERS_MAX]


class EndpointRefused(EndpointFailure):
    """The endpoint rejects this request; one with less text may be accepted."""


def retry_delay_s(error: Exception, longest: float) -> bool | float:
    """Return the delay before a retry: True for the default backoff, False for no retry."""
    if not isinstance(error, EndpointFailure) or not error.again:
        return False
    if error.after_s is None:
        return True
    return error.after_s <= longest and error.after_s


def failure_from(answer: httpx2.Response, body: bytes) -> EndpointFailure:
    """Return the failure that a response without success means."""
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
    """Keep the HTTP client from logging a line for each request."""
    for chatty in ("httpx2", "httpcore2"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
