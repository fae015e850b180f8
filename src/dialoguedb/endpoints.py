"""Failures of the HTTP endpoints of providers: what a response means, and when to retry."""

import logging
import time
from email.utils import parsedate_to_datetime

import httpx2

_REFUSALS = frozenset({400, 413, 422})
"""Statuses of a request that the endpoint rejects: a text may be too long."""

_PASSING = frozenset({408, 425, 429})
"""Transient statuses, beside every 5xx."""

_KEPT_BYTES_MAX = 4_096
_LOGGED_CHARACTERS_MAX = 300


class EndpointFailure(Exception):
    """A request to an endpoint failed."""

    after_s: float | None = None
    """Seconds of `Retry-After`, when the endpoint sends it."""

    body: str = ""
    """The beginning of the response body, as text."""

    status: int | None = None
    """The HTTP status, if there was a response."""

    def __init__(self, reason: str, *, again: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again
        """Whether a retry of the same request may succeed."""

    def body_without(self, key: str | None) -> str:
        """Return the beginning of the response body for the log, without any part of the key."""
        text = self.body.replace(key, "…") if key else self.body  # first, or it may be cut in two
        return text[:_LOGGED_CHARACTERS_MAX]


class EndpointRefused(EndpointFailure):
    """The endpoint rejects this request; one with less text may be accepted."""


def retry_delay_s(error: Exception, longest: float) -> bool | float:
    """Return the delay before a retry: True for the default backoff, False for no retry."""
    if not isinstance(error, EndpointFailure) or not error.again:
        return False
    if error.after_s is None:
        return True
    return error.after_s <= longest and error.after_s


def failure_from(response: httpx2.Response, body: bytes) -> EndpointFailure:
    """Return the failure for an unsuccessful response."""
    status = response.status_code
    kind = EndpointRefused if status in _REFUSALS else EndpointFailure
    failure = kind(f"it answered {status}", again=status in _PASSING or response.is_server_error)
    failure.status = status
    failure.body = body[:_KEPT_BYTES_MAX].decode(errors="replace")
    failure.after_s = _seconds(response.headers.get("retry-after", ""))
    return failure


def _seconds(text: str) -> float | None:
    """Parse Retry-After: a number of seconds, or a date."""
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
