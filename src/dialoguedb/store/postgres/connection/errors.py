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

_CONFLICTS = (
    asyncpg.UniqueViolationError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidCachedStatementError,
)
"""What a transaction raises that another, or a migration, has overtaken."""

_OF_PROJECT = "_project_fkey"
"""How the constraints are named by which a row names its project."""

_ABOUT_VALUES = ("the server expects ", "the number of query arguments ", "query argument ")
"""How the driver begins to say that a statement has the wrong values, on whatever connection."""

_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,  # but for those about the values of a statement
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
    return isinstance(error, _LOST) and not str(error).startswith(_ABOUT_VALUES)


def is_overtaken(error: BaseException) -> bool:
    """Tell whether another transaction was faster, so that it is to be run again.

    What a row names is locked before, or it is the row's project, which only its deletion takes
    away. Any other violated foreign key means that this was not so.
    """
    if isinstance(error, asyncpg.ForeignKeyViolationError):
        return not _is_project_gone(error)
    return isinstance(error, _CONFLICTS)


def _is_project_gone(error: asyncpg.ForeignKeyViolationError) -> bool:
    """Tell whether a row was to name a project that is gone.

    The detail has the columns that do not match, in any language: those of the row with the name,
    or, when what others name was to be deleted, those of that.
    """
    is_named = "(number)=" in (error.detail or "")
    return (error.constraint_name or "").endswith(_OF_PROJECT) and not is_named


def translate(error: Exception) -> DialogueDBError:
    """Return the error a caller should see, with its cause."""
    meaning = _meaning_of(error)
    meaning.__cause__ = error
    return meaning


def _meaning_of(error: Exception) -> DialogueDBError:
    if isinstance(error, asyncpg.ForeignKeyViolationError) and _is_project_gone(error):
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
    if isinstance(error, _CONFLICTS):
        return "Others changed the same data again and again; try again"
    return next((text for kind, text in _MESSAGES.items() if isinstance(error, kind)), None)
