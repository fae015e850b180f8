"""What readers leave out of a file because nobody said it, counted by kind.

A reader says so where it decides it, however deep in its functions, as it would raise a warning.
Whoever calls a reader opens the account; without one, nothing is counted.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import Any

_TYPE_CHARS = 40


class Kind(StrEnum):
    """What something is that is left out."""

    BOOKKEEPING = "bookkeeping of programs"
    CONTEXT = "hidden context"
    NOTICES = "notices of programs"
    SUMMARIES = "summaries for models"
    ERRORS = "errors of requests"
    REPEATED = "repetitions"
    REPLACED = "earlier versions"
    EMPTY = "empty messages and parts"
    BRANCHES = "messages of other branches"
    MISSING = "histories in files that are missing"


_account: ContextVar[Counter[str] | None] = ContextVar("account", default=None)


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Yield what is left out within the block, by kind; an account around it is not changed."""
    account = Counter[str]()
    before = _account.set(account)
    try:
        yield account
    finally:
        _account.reset(before)


def leave_out(kind: str, count: int = 1) -> None:
    """Count something that is left out."""
    account = _account.get()
    if account is not None and count:
        account[str(kind)] += count


def leave_out_unknown(type_name: Any) -> None:
    """Count a line, or a part of one, of a type that the reader does not know."""
    leave_out(f"unknown type {str(type_name)[:_TYPE_CHARS]!r}")
