"""What projects use in a month, counted in the commit that uses it."""

import apsw

from dialoguedb.model.projects import Project, Usage
from dialoguedb.model.rules.usage import NO_QUOTAS, add_up, check_quotas, sums
from dialoguedb.model.writes import WriteOptions

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


class UsageLog:
    """What the operations of a transaction use, written once, right before its commit."""

    def __init__(self) -> None:
        self._recorded: list[tuple[int, Usage]] = []

    def record(
        self,
        db: apsw.Connection,
        of: tuple[Project, int],
        used: Usage,
        options: WriteOptions,
    ) -> None:
        """Record what an operation uses of a project (and its row id); QuotaExceeded."""
        project, row_id = of
        quotas = project.settings.quotas
        if options.over_request_quota or quotas != NO_QUOTAS:
            month = get(db, row_id, used.month)
            for recorded_id, recorded in (*self._recorded, (row_id, used)):
                if (recorded_id, recorded.month) == (row_id, used.month):
                    add_up(month, recorded)
            check_quotas(quotas, used, month, requests_over=options.over_request_quota)
        self._recorded.append((row_id, used))

    def __len__(self) -> int:
        """Return how many operations are recorded."""
        return len(self._recorded)

    def forget(self, kept: int = 0) -> None:
        """Take back what was recorded since there were so many."""
        del self._recorded[kept:]

    def write(self, db: apsw.Connection) -> None:
        """Write what is recorded, one row for a project and month."""
        if len(self._recorded) == 1:  # as of most commits that are not under load
            row_id, used = self._recorded[0]
            totals = {} if used == Usage(used.month) else {(row_id, used.month): used}
        else:
            totals = sums(self._recorded)
        self.forget()
        for (row_id, _), total in totals.items():
            add(db, row_id, total)


def get(db: apsw.Connection, project: int, month: str) -> Usage:
    """Return a month's usage."""
    row = db.execute(
        "SELECT requests, messages, dialogues, stored_bytes FROM usage"
        " WHERE project = ? AND month = ?",
        (project, month),
    ).fetchone()
    return Usage(month, *row) if row else Usage(month)
