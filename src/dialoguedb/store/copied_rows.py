"""The SQL of copies that engines share: which rows an object has, and when they change.

`{of}` says which rows belong to an object, and `{m}`, `{a}` and so on what else a join needs.
"""

from dialoguedb.ports.copies import TABLES

UNFINISHED = "copy"
"""The name of the secret that marks a copy which is not finished."""

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
    "memory": "d.created, d.modified",
}
"""What changes whenever an object does, by its kind."""

OBJECTS = {"dialogue": "dialogues", "memory": "memories"}

COUNTED = ("projects", "keys", "templates", "dialogues", "messages", "memories", "summaries")

_ORDERS = {
    "dialogue_tags": "tag",
    "messages": "created, seq",
    "summaries": "number",
    "receipts": "number",
    "memory_tags": "tag",
}

_JOINED = {
    "message_tags": "SELECT m.seq, x.tag FROM message_tags x JOIN messages m ON {joined}"
    " WHERE {of} ORDER BY m.seq, x.tag",
    "message_attachments": "SELECT x.seq, a.sha256, a.base64 FROM messages x"
    " JOIN message_attachments h ON {held} JOIN attachments a ON {kept}"
    " WHERE {of} ORDER BY x.seq, a.sha256",
}


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
