"""The ids that are unique in their project, whatever partition their owner lies in."""

from collections.abc import Sequence
from typing import Literal

from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.schema.partitions import part_of_id
from dialoguedb.store.postgres.search_index.index import RowRef

Kind = Literal["summary", "receipt"]

_ADD = """
    INSERT INTO object_ids (part, project, kind, id, owner_part, owner)
    VALUES ($1, $2, $3, $4, $5, $6)
"""
_FIND = """
    SELECT owner_part, owner FROM object_ids
    WHERE part = $1 AND project = $2 AND kind = $3 AND id = $4
"""
_REMOVE = """
    DELETE FROM object_ids o USING unnest($1::bigint[], $4::text[]) gone (part, id)
    WHERE o.part = gone.part AND o.project = $2 AND o.kind = $3 AND o.id = gone.id
"""


async def add(db: Connection, project: int, kind: Kind, object_id: str, owner: RowRef) -> None:
    """Take an id for a row; one that is taken has the operation run again, to see whose it is."""
    part = part_of_id(project, kind, object_id)
    await db.execute(_ADD, part, project, kind, object_id, *owner)


async def find(db: Connection, project: int, kind: Kind, object_id: str) -> RowRef | None:
    """Return the row that has an id, if there is one."""
    row = await db.row(_FIND, part_of_id(project, kind, object_id), project, kind, object_id)
    return RowRef(*row) if row else None


async def remove(db: Connection, project: int, kind: Kind, ids: Sequence[str]) -> None:
    """Give ids up, whose rows are deleted."""
    if ids:
        parts = [part_of_id(project, kind, one) for one in ids]
        await db.execute(_REMOVE, parts, project, kind, ids)
