"""Writes rows that come from another engine."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from dialoguedb.ports.copies import TABLES, Values
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.rows import attachment_rows, object_ids, summary_rows
from dialoguedb.store.postgres.search_index.index import Index, RowRef

_PORTION = 512
_PORTION_BYTES = 4 * 1024 * 1024
_ADD_ATTACHMENT = """
    INSERT INTO attachments (part, project, sha256, base64) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING
"""
_HOLD_ATTACHMENT = """
    INSERT INTO message_attachments (part, message, attachment)
    SELECT $1, $4, number FROM attachments WHERE part = $1 AND project = $2 AND sha256 = $3
"""
_MESSAGES = "SELECT part, number FROM messages WHERE part = $1 AND dialogue = $2"
_OF_DIALOGUE = ("dialogue_bodies", "dialogue_tags", "compaction_room", "message_tags")


class Owner(NamedTuple):
    """A dialogue whose rows are written, and its project."""

    project: int
    ref: RowRef


async def insert(
    db: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Store rows, a portion at a time."""
    for portion in _portions(rows):
        await db.raw.copy_records_to_table(table, records=portion, columns=list(columns))


def _portions(rows: Iterable[Sequence[Any]]) -> Iterator[list[tuple[Any, ...]]]:
    portion: list[tuple[Any, ...]] = []
    room = _PORTION_BYTES
    for row in rows:
        portion.append(tuple(row))
        room -= sum(len(value) for value in row if isinstance(value, bytes))
        if room < 0 or len(portion) == _PORTION:
            yield portion
            portion, room = [], _PORTION_BYTES
    if portion:
        yield portion


async def insert_all(db: Connection, owner: Owner, rows: Iterator[tuple[str, Values]]) -> None:
    """Store all rows of a dialogue but its own."""
    for table, of_table in groupby(rows, key=itemgetter(0)):
        await _insert_table(db, owner, table, (values for _, values in of_table))


async def _insert_table(db: Connection, owner: Owner, table: str, rows: Iterator[Values]) -> None:
    project, (part, dialogue) = owner
    if table == "message_attachments":
        await _insert_attachments(db, owner, rows)
    elif table == "message_tags":
        row_ids = await _row_ids(db, owner)
        tags = ((part, dialogue, tag, row_ids[seq]) for seq, tag in rows)
        await insert(db, table, ("part", "dialogue", "tag", "message"), tags)
    elif table == "dialogue_tags":
        tags = ((part, project, *tag, dialogue) for tag in rows)
        await insert(db, table, ("part", "project", "tag", "dialogue"), tags)
    elif table in {"summaries", "receipts"}:
        columns = ("part", "project", "dialogue", *TABLES[table])
        await insert(db, table, columns, ((part, project, dialogue, *row) for row in rows))
        await _insert_ids(db, owner, table)
    else:
        columns = ("part", "dialogue", *TABLES[table])
        await insert(db, table, columns, ((part, dialogue, *row) for row in rows))


async def _insert_ids(db: Connection, owner: Owner, table: str) -> None:
    kind: object_ids.Kind = "summary" if table == "summaries" else "receipt"
    found = await db.rows(
        f"SELECT id, number FROM {table} WHERE part = $1 AND dialogue = $2", *owner.ref
    )
    for object_id, row_id in found:
        ref = RowRef(owner.ref.part, row_id)
        await object_ids.add(db, owner.project, kind, object_id, ref)


async def _insert_attachments(db: Connection, owner: Owner, rows: Iterator[Values]) -> None:
    row_ids = await _row_ids(db, owner)
    for seq, sha256, base64 in rows:
        key = (owner.ref.part, owner.project, sha256)
        await db.execute(_ADD_ATTACHMENT, *key, base64)
        await db.execute(_HOLD_ATTACHMENT, *key, row_ids[seq])


async def _row_ids(db: Connection, owner: Owner) -> dict[int, int]:
    sql = "SELECT seq, number FROM messages WHERE part = $1 AND dialogue = $2"
    return {row[0]: row[1] for row in await db.rows(sql, *owner.ref)}


async def messages_of(db: Connection, dialogue: RowRef) -> list[RowRef]:
    """Return the messages of a dialogue."""
    return [RowRef(*row) for row in await db.rows(_MESSAGES, *dialogue)]


async def clear(db: Connection, index: Index, owner: Owner) -> None:
    """Delete all that is in a dialogue, which stays."""
    await summary_rows.delete_of(db, owner.project, [owner.ref])
    receipts = await db.rows(
        "DELETE FROM receipts WHERE part = $1 AND dialogue = $2 RETURNING id", *owner.ref
    )
    await object_ids.remove(db, owner.project, "receipt", [row[0] for row in receipts])
    messages = await messages_of(db, owner.ref)
    if messages:
        await index.remove(db, "message", messages)
        await attachment_rows.delete(db, messages)
    for table in (*_OF_DIALOGUE, "messages"):
        await db.execute(f"DELETE FROM {table} WHERE part = $1 AND dialogue = $2", *owner.ref)
