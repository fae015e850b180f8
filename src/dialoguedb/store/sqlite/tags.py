"""Tags: an array in the tagged row, and a side table to find it by."""

from dataclasses import dataclass

import apsw
import msgspec

from dialoguedb.store.sqlite.lists import RARE_MAX, Where, marks

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
        self, db: apsw.Connection, where: Where, owner: int, tags: tuple[str, ...]
    ) -> bool:
        """Keep to rows with any of the tags; True when these are few and best fetched first."""
        found = f"SELECT {self.tagged} FROM {self.table} WHERE {self.owner} = ? AND tag IN"
        found += f" ({marks(tags)})"
        values = (owner, *tags)
        count = f"SELECT count(*) FROM ({found} LIMIT {RARE_MAX + 1})"
        rare = bool(db.execute(count, values).get <= RARE_MAX)
        if rare:
            where.add(f"r.number IN ({found})", *values)
        else:
            where.add(f"EXISTS ({found} AND {self.tagged} = r.number)", *values)
        return rare


DIALOGUE_TAGS = TagTable("dialogue_tags", "project", "dialogue")
MESSAGE_TAGS = TagTable("message_tags", "dialogue", "message")
MEMORY_TAGS = TagTable("memory_tags", "project", "memory")


def encode(tags: tuple[str, ...]) -> bytes:
    """Return tags as they are stored."""
    return _encoder.encode(tags) if tags else b"[]"
