"""Translates PostgreSQL's errors into those of this package; nothing else does."""

import asyncpg
import msgspec

from dialoguedb.errors import (
    DialogueDBError,
    InternalError,
    ProjectNotFound,
    ServiceUnavailable,
    UnreadableData,
)

FAILURES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
"""What a statement raises when it fails, or its connection does."""

UNREADABLE = (UnicodeDecodeError, msgspec.DecodeError)
"""What a stored value raises that is no text or JSON; nothing else raises it in an operation."""

DAMAGED = (
    asyncpg.DataCorruptedError,
    asyncpg.IndexCorruptedError,
    asyncpg.InternalServerError,
    asyncpg.PostgresIOError,
)
"""What a statement raises that meets damage in the files of the database."""

CONFLICTS = (
    asyncpg.UniqueViolationError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidCachedStatementError,
)
"""What a transaction raises that another, or a migration, has overtaken; it is run again."""

LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the driver was broken off in mid-answer, by a pooler for one
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    OSError,
    TimeoutError,
)
"""What a statement raises whose connection is gone."""

_MESSAGES: dict[type[Exception], str] = {
    asyncpg.DiskFullError: "The disk of the database is full; nothing was stored",
    asyncpg.TooManyConnectionsError: "The database has no connection left",
    asyncpg.ReadOnlySQLTransactionError: "The database takes no writes; it may be a replica",
    asyncpg.InsufficientPrivilegeError: "The database refuses this to the role of the server",
    asyncpg.QueryCanceledError: "The database broke the statement off; it took too long",
    asyncpg.OutOfMemoryError: "The database is out of memory",
}


def is_lost(error: BaseException) -> bool:
    """Tell whether the connection is gone, rather than the statement wrong."""
    return isinstance(error, LOST)


def translate(error: Exception) -> DialogueDBError:
    """Return the error a caller should see, with its cause."""
    meaning = _meaning_of(error)
    meaning.__cause__ = error
    return meaning


def _meaning_of(error: Exception) -> DialogueDBError:
    if isinstance(error, asyncpg.ForeignKeyViolationError):
        return ProjectNotFound("The project was deleted")
    if isinstance(error, (asyncpg.DataCorruptedError, asyncpg.IndexCorruptedError, *UNREADABLE)):
        return UnreadableData(
            "What is stored is damaged and cannot be served; `dialoguedb check` says where", ""
        )
    text = _text_of(error)
    return ServiceUnavailable(text) if text else InternalError("The engine failed")


def _text_of(error: Exception) -> str | None:
    if is_lost(error):
        return "The database cannot be reached; try again"
    if isinstance(error, CONFLICTS):
        return "Others changed the same data again and again; try again"
    return next((text for kind, text in _MESSAGES.items() if isinstance(error, kind)), None)
