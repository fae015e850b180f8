"""Reads the rows of a damaged database that are whole, past those that are not."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import apsw

from dialoguedb.store.sqlite.connection.errors import UNREADABLE
from dialoguedb.store.sqlite.connection.reader import Row

UNREAD = (apsw.Error, *UNREADABLE)
"""What reading a damaged row may raise."""


class DamagedTable:
    """A table, read twice: with its checksums verified, and as it is to find what there was."""

    def __init__(self, verified: apsw.Connection, as_it_is: apsw.Connection, name: str) -> None:
        self.name = name
        self._verified = verified
        self._as_it_is = as_it_is
        self.columns: list[str] = []
        self._keys: list[str] = []
        for _, column, _, _, _, key in verified.execute(f"PRAGMA table_info ({name})"):
            self.columns.append(column)
            if key:
                self._keys.append(column)
        self._has_row_ids = not self._is_without_row_ids()
        self._select = f"SELECT {', '.join(self.columns)} FROM {name}"
        self.lost: list[int] = []
        """Row ids of what cannot be read."""

        self.is_damaged = False
        """Whether rows with row ids may be there that were not read."""

        self.is_cut = False
        """Whether rows without row ids cannot be read, nor counted."""

    def rows(self, is_sound: Callable[[Row], bool]) -> Iterator[Row]:
        """Read what is whole, and sound as far as its values tell."""
        if not self._has_row_ids:
            yield from self._from_both_ends()
            return
        for row_id, row in self._past_damage():
            if is_sound(row):
                yield row
            else:
                self.lost.append(row_id)

    def names(self, column: str = "id") -> dict[int, str]:
        """Return what lost rows were called, as far as an index still has it."""
        lost, names = set(self.lost), dict[int, str]()
        for index in self._indexes():
            query = f"SELECT rowid, {column} FROM {self.name} INDEXED BY {index} ORDER BY {{}}"
            for row_id, name in self._readable(self._verified, query, column):
                if row_id in lost:
                    names[row_id] = name
        return names

    def _past_damage(self) -> Iterator[tuple[int, Row]]:
        """Read row after row; behind one that cannot be read, find the next by its row id."""
        last, is_done = -1, False
        known: list[int] | None = None
        while not is_done:
            is_done = True
            try:
                stream = f"{self._select.replace('SELECT', 'SELECT rowid,', 1)} WHERE rowid > ?"
                for row_id, *row in self._verified.execute(f"{stream} ORDER BY rowid", (last,)):
                    last = row_id
                    yield row_id, tuple(row)
            except UNREAD:
                self.is_damaged = True
                known = self._known_row_ids() if known is None else known
                for row_id in known:
                    if row_id <= last:
                        continue
                    last = row_id
                    if (found := self._one(row_id)) is not None:
                        yield row_id, found
                        is_done = False
                        break
                    self.lost.append(row_id)

    def _one(self, row_id: int) -> Row | None:
        try:
            rows = self._verified.execute(f"{self._select} WHERE rowid = ?", (row_id,)).fetchall()
        except UNREAD:
            return None
        return rows[0] if rows else None

    def _known_row_ids(self) -> list[int]:
        """Return the row ids that indexes and the damaged pages tell of."""
        found: set[int] = set()
        query = f"SELECT rowid FROM {self.name} NOT INDEXED ORDER BY {{}}"
        found.update(row[0] for row in self._readable(self._as_it_is, query, "rowid"))
        for index in self._indexes():
            query = f"SELECT rowid FROM {self.name} INDEXED BY {index} ORDER BY {{}}"
            found.update(row[0] for row in self._readable(self._verified, query, "rowid"))
        return sorted(found)

    def _indexes(self) -> list[str]:
        """Return the indexes that have every row."""
        listed: list[Row] = self._verified.execute(f"PRAGMA index_list ({self.name})").fetchall()
        return [name for _, name, _, _, is_partial in listed if not is_partial]

    def _from_both_ends(self) -> Iterator[Row]:
        seen: set[tuple[object, ...]] = set()
        keys = [self.columns.index(key) for key in self._keys]
        for direction in ("", " DESC"):
            order = ", ".join(f"{key}{direction}" for key in self._keys)
            try:
                for row in self._verified.execute(f"{self._select} ORDER BY {order}"):
                    if (key := tuple(row[index] for index in keys)) not in seen:
                        seen.add(key)
                        yield row
            except UNREAD:
                self.is_cut = True

    @staticmethod
    def _readable(db: apsw.Connection, query: str, order: str) -> Iterator[Row]:
        """Read from both ends up to damage."""
        for direction in ("", " DESC"):
            with suppress(*UNREAD):
                yield from db.execute(query.format(f"{order}{direction}"))

    def _is_without_row_ids(self) -> bool:
        flag = "SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?"
        return bool(self._verified.execute(flag, (self.name,)).get)
