"""Finds the rows on pages that nothing leads to any more, because pages above them are damaged.

SQLite itself reads them: within a transaction that is never committed, a table is all that the
schema has, and one page after the other is its root. So each page is verified as ever, and what a
row has on further pages is found.
"""

from collections.abc import Iterator

import apsw

from dialoguedb.store.sqlite.connection.errors import UNREADABLE
from dialoguedb.store.sqlite.connection.reader import Row

_TYPES: dict[str, type] = {"INTEGER": int, "TEXT": str, "BLOB": bytes, "REAL": float}


class StrayPages:
    """The pages of a damaged file, open for nothing else, that belong to no table or index."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_schema")]
        reached = {page for name in (*names, "sqlite_schema") for page in self._reached(name)}
        pages = range(2, db.pragma("page_count") + 1)
        self._pages = [page for page in pages if page not in reached]

    def rows(self, name: str) -> Iterator[tuple[int, Row]]:
        """Read what may be rows of a table with row ids, some more than once, with these ids."""
        columns: list[Row] = self._db.execute(f"PRAGMA table_info ({name})").fetchall()
        select = f"SELECT rowid, {', '.join(column for _, column, *_ in columns)} FROM {name}"
        try:
            for page in self._pages:
                try:
                    self._make_root(name, columns, page)
                    for row_id, *row in self._db.execute(select):
                        if _is_of(columns, row):
                            yield row_id, tuple(row)
                except (apsw.Error, *UNREADABLE):  # a page of something else, or damaged
                    self._undo()
        finally:
            self._undo()

    def _reached(self, name: str) -> Iterator[int]:
        """Return the pages of a table or index, as far as they are found."""
        try:
            for (page,) in self._db.execute("SELECT pageno FROM dbstat WHERE name = ?", (name,)):
                yield page
        except (apsw.Error, *UNREADABLE):
            pass

    def _make_root(self, name: str, columns: list[Row], page: int) -> None:
        if not self._db.in_transaction:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.pragma("writable_schema", 1)
            self._db.execute("DELETE FROM sqlite_schema WHERE name != ?", (name,))
            # Without its constraints, which have indexes.
            self._db.execute("UPDATE sqlite_schema SET sql = ?", (_definition(name, columns),))
        self._db.pragma("writable_schema", 1)
        self._db.execute("UPDATE sqlite_schema SET rootpage = ?", (page,))
        self._db.pragma("writable_schema", "RESET")

    def _undo(self) -> None:
        if self._db.in_transaction:  # SQLite itself undoes it on some failures
            self._db.execute("ROLLBACK")
        self._db.pragma("writable_schema", "RESET")


def _definition(name: str, columns: list[Row]) -> str:
    keys = [column for _, column, _, _, _, key in columns if key]
    alias = {column for _, column, kind, *_ in columns if keys == [column] and kind == "INTEGER"}
    parts = (
        f"{column} INTEGER PRIMARY KEY" if column in alias else column for _, column, *_ in columns
    )
    return f"CREATE TABLE {name} ({', '.join(parts)})"


def _is_of(columns: list[Row], row: list[object]) -> bool:
    """Tell whether values are of the types of a table's columns."""
    for (_, _, kind, is_required, _, _), value in zip(columns, row, strict=True):
        if value is None:
            if is_required:
                return False
        elif not isinstance(value, _TYPES.get(kind, object)):
            return False
    return True
