"""What readers leave out of a file because nobody said it, and which other files they look at.

A reader says so where it decides it, however deep in its functions, as it would raise a warning.
Whoever calls a reader opens the account; without one, nothing is counted.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from dialoguedb.cli.data.transfer.fingerprints import Fingerprint, fingerprint

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


class Account(Struct):
    """What a reader says of a file while it reads it."""

    left_out: Counter[str] = field(default_factory=Counter)
    """What nobody said, counted by kind."""

    beside: dict[Path, Fingerprint | None] = {}
    """Other files that it looked at, as they were before; None where there was none."""


_account: ContextVar[Account | None] = ContextVar("account", default=None)


@contextmanager
def accounted() -> Iterator[Account]:
    """Yield the account of the block; one around it is not changed."""
    account = Account()
    before = _account.set(account)
    try:
        yield account
    finally:
        _account.reset(before)


def leave_out(kind: str, count: int = 1) -> None:
    """Count something that is left out."""
    account = _account.get()
    if account is not None and count:
        account.left_out[str(kind)] += count


def leave_out_unknown(type_name: Any) -> None:
    """Count a line, or a part of one, of a type that the reader does not know."""
    leave_out(f"unknown type {str(type_name)[:_TYPE_CHARS]!r}")


def look_beside(path: Path) -> None:
    """Note that what a file yields depends on another one, which may be missing."""
    account = _account.get()
    if account is not None:
        account.beside.setdefault(path, fingerprint(path))
