"""The SQL of copies that engines share: which rows an object has, and when they change.

`{of}` says which rows belong to an object, and `{m}`, `{a}` and so on what else a join needs.
"""

from collections.abc import Sequence
from typing import Any

from dialoguedb.ports.copies import TABLES, CopiedResponse, Kind, ObjectRef

UNFINISHED = "copy"
"""The name of the secret that marks a copy which is not finished."""

COMPLETE = "complete copy"
"""The name of the one that says that its last pass left nothing out."""

NOT_FINISHED = "This is a copy that is not finished: run `dialoguedb copy` again, to its end"
OTHER_DATA = "There is other data where the copy is to be; name a new database or directory"

VERSIONS = {
    "dialogue": """
        d.revision, d.status, d.label, d.modified, d.total_messages, d.thread_count, d.last_seq,
        d.last_message_created, d.appended_tokens,
        (SELECT max(modified) FROM messages x WHERE {of}),
        (SELECT CAST(sum(seq) AS bigint) FROM messages x WHERE {of}),
        (SELECT max(modified) FROM summaries x WHERE {of}),
        (SELECT count(*) FROM summaries x WHERE {of}),
        (SELECT count(*) FROM receipts x WHERE {of})
    """,
    "memory": """
        d.created, d.modified, d.version, d.starts, d.ends, d.supersedes, d.superseded_by,
        (SELECT count(*) FROM memory_versions x WHERE {of})
    """,
}
"""What changes whenever an object does, by its kind."""

OBJECTS = {"dialogue": "dialogues", "memory": "memories"}

COUNTED = ("projects", "keys", "templates", "dialogues", "messages", "memories", "summaries")

RESPONSES = """
    SELECT a.created, a.key, coalesce(p.id, ''), a.request, a.answer, a.namespace, a.quoted,
        coalesce(d.namespace, m.namespace), coalesce(d.id, m.id), a.quoted_seq
    FROM answers a LEFT JOIN projects p ON p.number = a.project
    LEFT JOIN dialogues d ON a.quoted <> 'memory' AND d.number = a.quoted_of
    LEFT JOIN memories m ON a.quoted = 'memory' AND m.number = a.quoted_of
    WHERE (a.created, a.key) > ({}, {}) AND (a.quoted IS NULL OR coalesce(d.id, m.id) IS NOT NULL)
    ORDER BY a.created, a.key LIMIT {}
"""
"""Kept responses after a position, at most so many."""

_ORDERS = {
    "dialogue_tags": "tag",
    "messages": "created, seq",
    "summaries": "number",
    "receipts": "number",
    "memory_tags": "tag",
    "memory_versions": "version",
}

_JOINED = {
    "message_tags": "SELECT m.seq, x.tag FROM message_tags x JOIN messages m ON {joined}"
    " WHERE {of} ORDER BY m.seq, x.tag",
    "message_attachments": "SELECT x.seq, a.sha256, a.base64 FROM messages x"
    " JOIN message_attachments h ON {held} JOIN attachments a ON {kept}"
    " WHERE {of} ORDER BY x.seq, a.sha256",
}


def response_of(row: Sequence[Any]) -> CopiedResponse:
    """Return a kept response as it is copied."""
    created, key, project_id, request, answer, about, quoted, *ref, seq = row
    quoted_of = ObjectRef(*ref) if quoted is not None else None
    return CopiedResponse(
        *(created, key, project_id, request, answer, about), quoted, quoted_of, seq
    )


def kind_of_quoted(response: CopiedResponse) -> Kind:
    """Return the kind of object that a response belongs to which repeats something."""
    return "memory" if response.quoted == "memory" else "dialogue"


def of_kind(kind: str) -> list[str]:
    """Return the tables of a kind of object, its own first."""
    return [table for table in TABLES if table.startswith("memor") == (kind == "memory")]


def selects(kind: str, **conditions: str) -> dict[str, str]:
    """Return what reads the rows of an object from each of its tables.

    The conditions are `own`, on the object's own row, `of`, on rows of the object, and those of
    joins.
    """
    found: dict[str, str] = {}
    for table in of_kind(kind):
        if table in _JOINED:
            found[table] = _JOINED[table].format(**conditions)
            continue
        columns = ", ".join(f"x.{column}" for column in TABLES[table])
        which = conditions["own" if table == OBJECTS[kind] else "of"]
        order = f" ORDER BY {_ORDERS[table]}" if table in _ORDERS else ""
        found[table] = f"SELECT {columns} FROM {table} x WHERE {which}{order}"
    return found
