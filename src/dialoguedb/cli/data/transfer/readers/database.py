"""SQLite databases in which programs keep conversations, read while the programs go on writing."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
from msgspec import Struct

from dialoguedb.cli.data.transfer.lines import Line
from dialoguedb.client.encoding import json_codec
from dialoguedb.errors import InvalidRequest

Row = dict[str, Any]

_FIRST_BYTES = b"SQLite format 3\0"
_LAYER = "win32" if os.name == "nt" else "unix"
"""SQLite's own file layer: another one's errors are not to lose a program's write-ahead log."""

_WAIT_MS = 5_000
_DAMAGED = (apsw.CorruptError, apsw.NotADBError)


class Held(Struct, frozen=True):
    """How many conversations a database holds, and when the first and the last of it was said."""

    conversations: int
    oldest: str | None
    newest: str | None


class Connection:
    """A connection that only reads, in transactions that are short."""

    def __init__(self, connection: apsw.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def rows(self, statement: str, *values: Any) -> list[Row]:
        """Return all rows, by the names of their columns; InvalidRequest as for `opened`."""
        with _readable(self._path):
            return list(self._connection.execute(statement, values))

    @contextmanager
    def one_state(self) -> Iterator[None]:
        """Make all reads of a block see the same state of the database."""
        with self._connection:
            yield

    def tables(self) -> set[str]:
        """Return the names of the tables."""
        found = self.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")
        return {row["name"] for row in found}


class DatabaseReader(Struct, frozen=True):
    """How a database of a program is recognised, and how its conversations become lines."""

    recognises: Callable[[set[str]], bool]
    """Takes the names of the tables."""

    held: Callable[[Connection], Held]
    conversations: Callable[[Connection], list[Any]]
    """Takes a connection; returns by what each conversation is known."""

    lines: Callable[[Connection, Any], Iterator[Line]]
    """Takes one of these; errors are those of a `Reader`."""


def is_database(path: Path) -> bool:
    """Tell whether a file is a SQLite database; one that cannot be opened is none."""
    try:
        with path.open("rb") as file:
            return file.read(len(_FIRST_BYTES)) == _FIRST_BYTES
    except OSError:
        return False


@contextmanager
def opened(path: Path) -> Iterator[Connection]:
    """Open a database to read it; InvalidRequest when it cannot be read."""
    with _readable(path):
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY, vfs=_LAYER)
    try:
        connection.set_busy_timeout(_WAIT_MS)
        connection.row_trace = _by_names
        yield Connection(connection, path)
    finally:
        connection.close()


def _by_names(cursor: apsw.Cursor, row: tuple[Any, ...]) -> Row:
    names = (name for name, _ in cursor.get_description())
    return dict(zip(names, row, strict=True))


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Raise InvalidRequest for what SQLite raises."""
    try:
        yield
    except _DAMAGED as error:
        raise InvalidRequest(f"The database {path} is damaged: {error}") from error
    except apsw.Error as error:
        raise InvalidRequest(f"The database {path} cannot be read: {error}") from error


def decoded(value: Any) -> Any:
    """Return what a column holds as JSON; None when it holds nothing."""
    return json_codec.decode(value.encode(), object) if value else None
