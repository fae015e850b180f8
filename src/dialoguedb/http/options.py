"""What an operator may choose about the HTTP API."""

from msgspec import Struct

from dialoguedb.http.memory_budget import ANSWER_WAIT_SECONDS_MAX, UPLOAD_WAIT_SECONDS_MAX


class HttpOptions(Struct, frozen=True, kw_only=True):
    """Choices of the HTTP API, with their defaults."""

    rate_limits: bool = True
    """Whether projects are held to their rate limits at all."""

    trusted_proxies: tuple[str, ...] = ()
    """Address ranges of proxies whose `X-Forwarded-For` is believed."""

    cors_origins: tuple[str, ...] = ()
    """Origins whose pages may call the API; `*` for any; none switches CORS off."""

    access_log: bool = False
    """Whether each request is logged."""

    upload_bytes: int
    """The memory for large bodies of requests; one key gets half of it, or room for one body."""

    upload_wait_seconds: float = UPLOAD_WAIT_SECONDS_MAX
    """How long a large body waits for memory that others hold."""

    answer_wait_seconds: float = ANSWER_WAIT_SECONDS_MAX
    """How long a large answer waits for it."""

    answer_bytes: int
    """The memory for large answers; one key gets half of it, or room for one page."""
