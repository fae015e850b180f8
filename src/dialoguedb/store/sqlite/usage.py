"""What projects use in a month, counted in the commit that uses it."""

import apsw

from dialoguedb.model.lifecycle import check_quotas
from dialoguedb.model.projects import Project, Usage

_ADD = """
    INSERT INTO usage (project, month, requests, messages, dialogues, stored_bytes)
    VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET
        requests = requests + excluded.requests,
        messages = messages + excluded.messages,
        dialogues = dialogues + excluded.dialogues,
        stored_bytes = stored_bytes + excluded.stored_bytes
    RETURNING requests, messages, dialogues, stored_bytes
"""


def add(db: apsw.Connection, project: int, used: Usage) -> Usage:
    """Add to a month's usage; returns its sum."""
    values = (used.requests, used.messages, used.dialogues, used.stored_bytes)
    row = db.execute(_ADD, (project, used.month, *values)).get
    return Usage(used.month, *row)


def charge(db: apsw.Connection, project: Project, number: int, used: Usage) -> None:
    """Add what an act uses; QuotaExceeded when that is more than the project may."""
    check_quotas(project.settings.quotas, used, add(db, number, used))


def get(db: apsw.Connection, project: int, month: str) -> Usage:
    """Return a month's usage."""
    row = db.execute(
        "SELECT requests, messages, dialogues, stored_bytes FROM usage"
        " WHERE project = ? AND month = ?",
        (project, month),
    ).fetchone()
    return Usage(month, *row) if row else Usage(month)


def month(now: str) -> str:
    """Return the month of a timestamp, such as `2026-11`."""
    return now[:7]
