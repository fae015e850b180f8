"""Times as text: UTC, ISO 8601, milliseconds, `Z`, so that text order is time order."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from dialoguedb.values import limits

Clock = Callable[[], str]
"""Returns the current time in the form of this module."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DATE_TIME = re.compile(
    r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,32})?)?(?:Z|[+-]\d\d:?\d\d)?)?", re.ASCII
)
_PREFIX = re.compile(
    r"\d{4}(?:-\d\d(?:-\d\d(?:T\d\d(?::\d\d(?::\d\d(?:\.\d{1,3})?)?)?)?)?)?", re.ASCII
)
_EARLIEST = "0001-01-01T00:00:00.000Z"
_AFTER = "~"  # sorts behind every character of a timestamp


def render(time: datetime) -> str:
    """Write an aware datetime in the form of this module, cut to milliseconds."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"


def now() -> str:
    """Return the system clock's time."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")[:23] + "Z"


_MONTH_CHARS = len("2026-11")


def add_seconds(timestamp: str, seconds: float) -> str:
    """Return the timestamp that many seconds later; earlier when they are negative."""
    return render(datetime.fromisoformat(timestamp) + timedelta(seconds=seconds))


def month_of(timestamp: str) -> str:
    """Return the month of a timestamp, such as `2026-11`."""
    return timestamp[:_MONTH_CHARS]


def parse(text: str) -> str:
    """Read a date or date-time; ValueError when it is anything else."""
    if not _DATE_TIME.fullmatch(text):
        message = "is not a date or date-time such as 2025-11-06T21:34:21.117Z"
        raise ValueError(f"{text[: limits.DATE_PHRASE_CHARS_MAX]!r} {message}")
    try:
        time = datetime.fromisoformat(text)
        return render(time if time.tzinfo else time.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is not a valid date") from None


def prefix_range(text: str) -> tuple[str, str]:
    """Read a date prefix such as `2026-06` as the range `[lower, upper)` at its precision.

    A time zone may follow a whole date-time; ValueError when it is no prefix of a timestamp.
    """
    if not _PREFIX.fullmatch(text):
        return _zoned_range(text)
    try:
        parse(text + _EARLIEST[len(text) :] if len(text) < len(_EARLIEST) else text)
    except ValueError:
        raise ValueError(f"{text!r} is not a valid date") from None
    return text, text + _AFTER


def _zoned_range(text: str) -> tuple[str, str]:
    whole = parse(text)
    local = re.split(r"Z|[+-]\d\d:?\d\d$", text)[0]
    prefix = whole[: min(len(local), 23)]
    return prefix, prefix + _AFTER


def range_start(text: str) -> str:
    """Read the inclusive start of a range."""
    return parse(text)


def range_end(text: str) -> str:
    """Read the inclusive end of a range, as an exclusive bound; a bare date means its whole day."""
    whole = parse(text)
    return (text if _DATE.fullmatch(text) else whole) + _AFTER
