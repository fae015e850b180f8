"""What a month's quotas allow."""

from collections.abc import Iterable

from dialoguedb.errors import ErrorDetail, QuotaExceeded
from dialoguedb.model.projects import Quotas, Usage
from dialoguedb.model.writes import WriteOptions

NO_QUOTAS = Quotas()


def usage_of(options: WriteOptions, messages: int = 0, stored_bytes: int = 0) -> Usage:
    """Return what an operation uses of the month that it happens in."""
    return Usage(options.month, messages=messages, stored_bytes=stored_bytes)


def check_quotas(quotas: Quotas, used: Usage, month: Usage, *, requests_over: bool = False) -> None:
    """Refuse an operation when what it uses takes the month, itself included, over a quota.

    No other reason to refuse comes later.
    """
    if requests_over:
        raise request_quota_exceeded()
    for name in ("messages", "dialogues", "stored_bytes"):
        quota = getattr(quotas, name)
        if quota is not None and getattr(used, name) and getattr(month, name) > quota:
            words = name.replace("_", " ")
            raise _over(name, f"This would exceed the monthly quota of {quota} {words}")


def request_quota_exceeded() -> QuotaExceeded:
    """Return the error of a project that has used up its requests of the month."""
    return _over("requests", "The monthly quota of requests is used up")


def add_up(total: Usage, used: Usage) -> None:
    """Add what was used to a total."""
    total.requests += used.requests
    total.messages += used.messages
    total.dialogues += used.dialogues
    total.stored_bytes += used.stored_bytes


def sums(recorded: Iterable[tuple[int, Usage]]) -> dict[tuple[int, str], Usage]:
    """Return the usage of several operations by project and month, leaving out what used nothing.

    Each operation names its project by any number.
    """
    totals: dict[tuple[int, str], Usage] = {}
    for project, used in recorded:
        if used.requests or used.messages or used.dialogues or used.stored_bytes:
            add_up(totals.setdefault((project, used.month), Usage(used.month)), used)
    return totals


def _over(name: str, message: str) -> QuotaExceeded:
    field = name.replace("_b", "B")  # its name in the settings
    return QuotaExceeded(message, [ErrorDetail(field, "TOO_LARGE", message)])
