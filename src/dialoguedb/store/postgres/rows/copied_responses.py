"""Responses kept for idempotency keys, copied to another engine or from one."""

from collections.abc import Sequence

from dialoguedb.ports.copies import CopiedResponse, ResponsePosition
from dialoguedb.store.copied_rows import OBJECTS, RESPONSES, kind_of_quoted, response_of
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.schema.partitions import part_of, part_of_key

_READ = RESPONSES.format("$1", "$2", "$3")
_FIND = """
    SELECT number FROM {} WHERE part = $1 AND project = $2 AND namespace = $3 AND id = $4
"""
_STORE = """
    INSERT INTO answers (part, key, project, request, answer, created, namespace, quoted,
        quoted_of, quoted_seq)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""


async def read(db: Connection, after: ResponsePosition, limit: int) -> list[CopiedResponse]:
    """Return kept responses after a position, but those that repeat what is gone."""
    return [response_of(row) for row in await db.rows(_READ, *after, limit)]


async def store(db: Connection, responses: Sequence[CopiedResponse]) -> None:
    """Keep responses, but those that repeat what is not there."""
    projects: dict[str, int] = {
        row[0]: row[1] for row in await db.rows("SELECT id, number FROM projects")
    }
    rows = []
    for one in responses:
        project = projects.get(one.project_id)
        quoted = await _quoted(db, project, one)
        if (one.project_id and project is None) or (one.quoted_of and quoted is None):
            continue
        kept = (one.request, one.answer, one.created, one.namespace)
        about = (one.quoted, quoted, one.quoted_seq)
        rows.append((part_of_key(one.key), one.key, project, *kept, *about))
    await db.execute_many(_STORE, rows)


async def _quoted(db: Connection, project: int | None, response: CopiedResponse) -> int | None:
    """Return the row id of what a response repeats beside its request, if that is there."""
    ref = response.quoted_of
    if ref is None or project is None:
        return None
    sql = _FIND.format(OBJECTS[kind_of_quoted(response)])
    row_id: int | None = await db.value(sql, part_of(project, *ref), project, *ref)
    return row_id
