"""Tags: an array in the tagged row, and a side table to find it by."""

from collections.abc import Iterable
from dataclasses import dataclass

import apsw

from dialoguedb.model.rules.tags import decode_tags
from dialoguedb.store.sqlite.rows.list_queries import SelectBuilder, are_few, placeholders


@dataclass(frozen=True)
class TagTable:
    """The side table of one noun."""

    table: str
    owner: str
    """The column of what the tags are looked up within: a project or a dialogue."""

    tagged: str
    """The column that names the tagged row."""

    def insert(self, db: apsw.Connection, owner: int, row_id: int, tags: Iterable[str]) -> None:
        """Store the tags of a row."""
        if tags:
            db.executemany(
                f"INSERT OR IGNORE INTO {self.table} VALUES (?, ?, ?)",
                [(owner, tag, row_id) for tag in tags],
            )

    def delete(self, db: apsw.Connection, owner: int, row_id: int, tags: bytes) -> None:
        """Delete the tags of a row, given as they are stored."""
        if tags != b"[]":
            db.executemany(
                f"DELETE FROM {self.table} WHERE {self.owner} = ? AND tag = ?"
                f" AND {self.tagged} = ?",
                [(owner, tag, row_id) for tag in decode_tags(tags)],
            )

    def replace(
        self, db: apsw.Connection, owner: int, row_id: int, tags: tuple[bytes, bytes]
    ) -> None:
        """Store tags in place of the former ones; both as they are stored, the former first."""
        former, after = tags
        self.delete(db, owner, row_id, former)
        self.insert(db, owner, row_id, decode_tags(after))

    def add_filter(
        self, db: apsw.Connection, query: SelectBuilder, owner: int, tags: tuple[str, ...]
    ) -> None:
        """Keep a list to rows with any of the tags."""
        found = f"SELECT {self.tagged} FROM {self.table} WHERE {self.owner} = ? AND tag IN"
        found += f" ({placeholders(tags)})"
        values = (owner, *tags)
        if are_few(db, found, values):
            query.few = True
            query.add(f"r.number IN ({found})", *values)
        else:
            query.add(f"EXISTS ({found} AND {self.tagged} = r.number)", *values)


DIALOGUE_TAGS = TagTable("dialogue_tags", "project", "dialogue")
MESSAGE_TAGS = TagTable("message_tags", "dialogue", "message")
MEMORY_TAGS = TagTable("memory_tags", "project", "memory")
