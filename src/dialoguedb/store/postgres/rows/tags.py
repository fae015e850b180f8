"""Tags: an array in the tagged row, and a side table to find it by."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from dialoguedb.model.rules.tags import decode_tags
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.rows.list_queries import SelectBuilder, find_few
from dialoguedb.store.postgres.search_index.index import RowRef


@dataclass(frozen=True)
class TagTable:
    """The side table of one noun."""

    table: str
    owner: str
    """The column of what the tags are looked up within: a project or a dialogue."""

    tagged: str
    """The column that names the tagged row."""

    async def insert(self, db: Connection, owner: int, tagged: RowRef, tags: Iterable[str]) -> None:
        """Store the tags of a row."""
        await self.insert_many(db, [(owner, tagged, tag) for tag in tags])

    async def insert_many(self, db: Connection, rows: Sequence[tuple[int, RowRef, str]]) -> None:
        """Store tags of many rows: the owner, the row and a tag of each."""
        if rows:
            await db.execute(
                f"INSERT INTO {self.table} (part, {self.owner}, {self.tagged}, tag)"
                " SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[])"
                " ON CONFLICT DO NOTHING",
                [tagged.part for _, tagged, _ in rows],
                [owner for owner, _, _ in rows],
                [tagged.row_id for _, tagged, _ in rows],
                [tag for _, _, tag in rows],
            )

    async def delete(self, db: Connection, owner: int, tagged: RowRef, tags: bytes) -> None:
        """Delete the tags of a row, given as they are stored."""
        if tags != b"[]":
            await db.execute(
                f"DELETE FROM {self.table} WHERE part = $1 AND {self.owner} = $2"
                f" AND {self.tagged} = $3 AND tag = ANY($4)",
                *(tagged.part, owner, tagged.row_id, decode_tags(tags)),
            )

    async def replace(
        self, db: Connection, owner: int, tagged: RowRef, tags: tuple[bytes, bytes]
    ) -> None:
        """Store tags in place of the former ones; both as they are stored, the former first."""
        former, after = tags
        await self.delete(db, owner, tagged, former)
        await self.insert(db, owner, tagged, decode_tags(after))

    async def add_filter(
        self,
        db: Connection,
        query: SelectBuilder,
        owner: int,
        tags: Sequence[str],
        part: int | None = None,
    ) -> None:
        """Keep a list to rows with any of the tags; `part` is theirs if they have one in common."""
        within = f"{self.owner} = ? AND tag = ANY(?)"
        values: list[Any] = [owner, [*tags]]
        if part is not None:
            within, values = f"part = ? AND {within}", [part, *values]
        found = f"SELECT {self.tagged} FROM {self.table} WHERE {within}"
        few = await find_few(db, found, values)
        if few is not None:
            query.keep_to(few)
        else:
            # The offset has each row looked up, where a join's plan depends on expected numbers.
            is_tagged = f"part = r.part AND {self.tagged} = r.number OFFSET 0"
            query.add(f"EXISTS ({found} AND {is_tagged})", *values)


DIALOGUE_TAGS = TagTable("dialogue_tags", "project", "dialogue")
MESSAGE_TAGS = TagTable("message_tags", "dialogue", "message")
MEMORY_TAGS = TagTable("memory_tags", "project", "memory")
