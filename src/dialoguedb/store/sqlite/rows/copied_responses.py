"""Responses kept for idempotency keys, copied to another engine or from one."""

from collections.abc import Sequence

import apsw

from dialoguedb.ports.copies import CopiedResponse, ResponsePosition
from dialoguedb.store.copied_rows import OBJECTS, RESPONSES, kind_of_quoted, response_of

_READ = RESPONSES.format("?", "?", "?")
_FIND = "SELECT number FROM {} WHERE project = ? AND namespace = ? AND id = ?"
_STORE = """
    INSERT INTO answers (key, project, request, answer, created, namespace, quoted, quoted_of,
        quoted_seq)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def read(db: apsw.Connection, after: ResponsePosition, limit: int) -> list[CopiedResponse]:
    """Return kept responses after a position, but those that repeat what is gone."""
    return [response_of(row) for row in db.execute(_READ, (*after, limit))]


def store(db: apsw.Connection, responses: Sequence[CopiedResponse]) -> None:
    """Keep responses, but those that repeat what is not there."""
    projects: dict[str, int] = dict(db.execute("SELECT id, number FROM projects"))
    for one in responses:
        project = projects.get(one.project_id)
        quoted = _quoted(db, project, one)
        if (one.project_id and project is None) or (one.quoted_of and quoted is None):
            continue
        kept = (one.key, project, one.request, one.answer, one.created, one.namespace)
        db.execute(_STORE, (*kept, one.quoted, quoted, one.quoted_seq))


def _quoted(db: apsw.Connection, project: int | None, response: CopiedResponse) -> int | None:
    """Return the row id of what a response repeats beside its request, if that is there."""
    if response.quoted_of is None or project is None:
        return None
    sql = _FIND.format(OBJECTS[kind_of_quoted(response)])
    row_id: int | None = db.execute(sql, (project, *response.quoted_of)).get
    return row_id
