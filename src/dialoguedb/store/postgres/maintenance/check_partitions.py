"""Looks for rows where nobody looks for them: in another partition, or under no id."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.maintenance.findings import Findings
from dialoguedb.store.postgres.schema.partitions import part_of, part_of_id, part_of_key

_PORTION = 1_000

_LISTED = (
    ("dialogue", "SELECT part, id, project, namespace, id FROM dialogues", part_of),
    ("memory", "SELECT part, id, project, namespace, id FROM memories", part_of),
    ("id", "SELECT part, id, project, kind, id FROM object_ids", part_of_id),
    ("kept response", "SELECT part, encode(key, 'hex'), key FROM answers", part_of_key),
)
"""What is looked up in one partition: it, the name, and what the partition is computed of."""

_ROWS = {"summary": "summaries", "receipt": "receipts"}
_WITHOUT_ID = """
    SELECT r.id FROM {table} r WHERE NOT EXISTS (
        SELECT 1 FROM object_ids o WHERE o.kind = '{kind}' AND o.project = r.project
        AND o.id = r.id AND o.owner_part = r.part AND o.owner = r.number
    )
"""
_WITHOUT_ROW = """
    SELECT o.id FROM object_ids o WHERE o.kind = '{kind}' AND NOT EXISTS (
        SELECT 1 FROM {table} r WHERE o.project = r.project
        AND o.id = r.id AND o.owner_part = r.part AND o.owner = r.number
    )
"""


async def _misplaced(
    noun: str, query: str, computed: Callable[..., int], db: Connection
) -> AsyncIterator[str]:
    async for part, name, *parts_of_it in db.stream(query, portion=_PORTION):
        if part != computed(*parts_of_it):
            yield f"The {noun} {name!r} lies in partition {part}, where nobody looks for it"


async def _unnamed(kind: str, db: Connection) -> AsyncIterator[str]:
    async for name in _first(db, _WITHOUT_ID, kind):
        yield f"The {kind} {name!r} is found by no id"


async def _unowned(kind: str, db: Connection) -> AsyncIterator[str]:
    async for name in _first(db, _WITHOUT_ROW, kind):
        yield f"The id {name!r} of a {kind} belongs to none"


async def _first(db: Connection, query: str, kind: str) -> AsyncIterator[Any]:
    sql = query.format(kind=kind, table=_ROWS[kind])
    async for row in db.stream(sql, portion=_PORTION):
        yield row[0]


PARTITION_FINDINGS: tuple[Findings, ...] = (
    *(partial(_misplaced, *one) for one in _LISTED),
    *(partial(_unnamed, kind) for kind in _ROWS),
    *(partial(_unowned, kind) for kind in _ROWS),
)
