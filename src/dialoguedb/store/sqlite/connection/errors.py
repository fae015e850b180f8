"""SQLite's failures in the words of this package, translated in this one place."""

import apsw

from dialoguedb.errors import DialogueDBError, InternalError, ProjectNotFound, ServiceUnavailable

_MEANING: dict[type[apsw.Error], str] = {
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
    fault = _fault(error)
    fault.__cause__ = error
    return fault


def is_full_disk(error: DialogueDBError) -> bool:
    """Tell whether there is no room to write, as far as SQLite knows."""
    return isinstance(error.__cause__, apsw.FullError | apsw.IOError)


def _fault(error: apsw.Error) -> DialogueDBError:
    if getattr(error, "extendedresult", 0) == _NO_PARENT:
        return ProjectNotFound("The project was deleted")
    for kind, meaning in _MEANING.items():
        if isinstance(error, kind):
            return ServiceUnavailable(meaning)
    return InternalError("The engine failed")
