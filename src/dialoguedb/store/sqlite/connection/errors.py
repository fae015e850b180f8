"""Translates SQLite's errors into those of this package; nothing else does."""

import apsw

from dialoguedb.errors import DialogueDBError, InternalError, ProjectNotFound, ServiceUnavailable

_MESSAGES: dict[type[apsw.Error], str] = {
    apsw.FullError: "The disk is full; nothing was stored",
    apsw.IOError: "The disk refused the operation (it may be full); nothing was stored",
    apsw.BusyError: "The database is held by another process for too long",
    apsw.LockedError: "The database is held by another process for too long",
    apsw.ReadOnlyError: "The database cannot be written",
    apsw.CantOpenError: "The database file cannot be opened",
    apsw.CorruptError: "The database file is damaged; see `dialoguedb check`",
    apsw.NotADBError: "The database file is damaged; see `dialoguedb check`",
    apsw.NoMemError: "The server is out of memory",
}
_NO_PARENT = apsw.SQLITE_CONSTRAINT_FOREIGNKEY


def translate(error: apsw.Error) -> DialogueDBError:
    """Return the error a caller should see, with its cause."""
    meaning = _meaning_of(error)
    meaning.__cause__ = error
    return meaning


def is_full_disk(error: DialogueDBError) -> bool:
    """Tell whether there is no room to write, as far as SQLite knows."""
    return isinstance(error.__cause__, apsw.FullError | apsw.IOError)


def _meaning_of(error: apsw.Error) -> DialogueDBError:
    if getattr(error, "extendedresult", 0) == _NO_PARENT:
        return ProjectNotFound("The project was deleted")
    for kind, text in _MESSAGES.items():
        if isinstance(error, kind):
            return ServiceUnavailable(text)
    return InternalError("The engine failed")
