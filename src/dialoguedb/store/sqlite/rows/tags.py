"""Tags: an array in the tagged row, and a side table to find it by."""

from dataclasses import dataclass

import apsw
import msgspec

from dialoguedb.store.sqlite.rows.list_queries import Listing, are_few, marks

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True)
class TagTable:
    """The side table of one noun."""

    table: str
    owner: str
    """The column of what the tags are looked up within: a project or a dialogue."""

    tagged: str
    """The column that names the tagged row."""

    def insert(self, db: apsw.Connection, owner: int, number: int, tags: tuple[str, ...]) -> None:
        """Note the tags of a row."""
        if tags:
            db.executemany(
                f"INSERT OR IGNORE INTO {self.table} VALUES (?, ?, ?)",
                [(owner, tag, number) for tag in tags],
            )

    def delete(self, db: apsw.Connection, owner: int, number: int, tags: bytes) -> None:
        """Forget the tags of a row, given as they are stored."""
        if tags != b"[]":
            db.executemany(
                f"DELETE FROM {self.table} WHERE {self.owner} = ? AND tag = ?"
                f" AND {self.tagged} = ?",
                [(owner, tag, number) for tag in msgspec.json.decode(tags, type=list[str])],
            )

    def add_filter(
        self, db: apsw.Connection, listing: Listing, owner: int, tags: tuple[str, ...]
    ) -> None:
        """Keep a list to rows with any of the tags."""
        found = f"SELECT {self.tagged} FROM {self.table} WHERE {self.owner} = ? AND tag IN"
        found += f" ({marks(tags)})"
        values = (owner, *tags)
        if are_few(db, found, values):
            listing.few = True
            listing.add(f"r.number IN ({found})", *values)
        else:
            listing.add(f"EXISTS ({found} AND {self.tagged} = r.number)", *values)


DIALOGUE_TAGS = TagTable("dialogue_tags", "project", "dialogue")
MESSAGE_TAGS = TagTable("message_tags", "dialogue", "message")
MEMORY_TAGS = TagTable("memory_tags", "project", "memory")


def encode(tags: tuple[str, ...]) -> bytes:
    """Return tags as they are stored."""
    return _encoder.encode(tags) if tags else b"[]"
