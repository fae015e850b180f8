"""Translates SQLite's errors into those of this package; nothing else does."""

from contextlib import suppress
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from traceback import walk_tb

import apsw
import msgspec

from dialoguedb.errors import (
    DialogueDBError,
    InternalError,
    ProjectNotFound,
    ServiceUnavailable,
    UnreadableData,
)
from dialoguedb.store.sqlite.connection import vfs

UNREADABLE = (UnicodeDecodeError, msgspec.DecodeError)
"""What a stored value raises that is no text or JSON; nothing else raises it in an operation."""

_MESSAGES: dict[type[apsw.Error], str] = {
    apsw.FullError: "The disk is full; nothing was stored",
    apsw.IOError: "The disk refused the operation (it may be full); nothing was stored",
    apsw.BusyError: "The database is held by another process for too long",
    apsw.LockedError: "The database is held by another process for too long",
    apsw.ReadOnlyError: "The database cannot be written",
    apsw.CantOpenError: "The database file cannot be opened",
    apsw.NoMemError: "The server is out of memory",
}
_SUSPENDS = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR
"""Marks functions that clearing would end where they wait."""

_NO_PARENT = apsw.SQLITE_CONSTRAINT_FOREIGNKEY
_CUT_OFF = frozenset({apsw.SQLITE_IOERR_DATA, apsw.SQLITE_IOERR_SHORT_READ})


def translate(error: Exception) -> DialogueDBError:
    """Return the error a caller should see, with its cause."""
    meaning = _meaning_of(error)
    meaning.__cause__ = error
    return meaning


def release(error: BaseException) -> None:
    """Drop what the functions that an error came through still hold.

    A cursor that is open among it would keep its connection in the snapshot that it reads for as
    long as somebody keeps the error. Other processes may write meanwhile; then reads are old, and
    SQLite refuses each write at once.
    """
    seen: BaseException | None = error
    while seen is not None:
        for frame, _ in walk_tb(seen.__traceback__):
            if not frame.f_code.co_flags & _SUSPENDS:
                with suppress(RuntimeError):  # it still runs
                    frame.clear()
        seen = seen.__cause__ or seen.__context__


def is_full_disk(error: DialogueDBError) -> bool:
    """Tell whether there is no room to write, as far as SQLite knows."""
    cause = error.__cause__
    return isinstance(cause, apsw.FullError | apsw.IOError) and not is_damage(cause)


def is_damage(error: Exception) -> bool:
    """Tell whether an error says that what is stored is damaged."""
    if isinstance(error, apsw.IOError):
        return getattr(error, "extendedresult", 0) in _CUT_OFF
    return isinstance(error, (apsw.CorruptError, apsw.NotADBError, *UNREADABLE))


def is_page_damage(error: Exception) -> bool:
    """Tell whether a page differs from its checksum, perhaps as it was written meanwhile."""
    return getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_DATA


def _position_of(error: Exception) -> str:
    return vfs.last_damage() if is_page_damage(error) else ""


def _meaning_of(error: Exception) -> DialogueDBError:
    if getattr(error, "extendedresult", 0) == _NO_PARENT:
        return ProjectNotFound("The project was deleted")
    if is_damage(error):
        return UnreadableData(
            "What is stored is damaged and cannot be served; `dialoguedb check` says where",
            _position_of(error),
        )
    for kind, text in _MESSAGES.items():
        if isinstance(error, kind):
            return ServiceUnavailable(text)
    return InternalError("The engine failed")
