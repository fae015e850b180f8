"""What projects use in a month, counted in the commit that uses it."""

import apsw

from dialoguedb.model.lifecycle import check_quotas, request_quota_exceeded
from dialoguedb.model.projects import Project, Quotas, Usage
from dialoguedb.ports import WriteOptions

_NO_QUOTAS = Quotas()
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


class Tally:
    """What the acts of a transaction use, written once, right before its commit."""

    def __init__(self) -> None:
        self._noted: list[tuple[int, Usage]] = []

    def charge(
        self,
        db: apsw.Connection,
        project: Project,
        number: int,
        used: Usage,
        options: WriteOptions,
    ) -> None:
        """Note what an act uses; QuotaExceeded when that is more than the project may."""
        if options.over_request_quota:
            raise request_quota_exceeded()
        quotas = project.settings.quotas
        if quotas != _NO_QUOTAS:
            month = get(db, number, used.month)
            for noted_number, noted in (*self._noted, (number, used)):
                if (noted_number, noted.month) == (number, used.month):
                    _add_up(month, noted)
            check_quotas(quotas, used, month)
        self._noted.append((number, used))

    def __len__(self) -> int:
        """Return how many acts are noted."""
        return len(self._noted)

    def forget(self, kept: int = 0) -> None:
        """Take back what was noted since there were so many."""
        del self._noted[kept:]

    def write(self, db: apsw.Connection) -> None:
        """Write what is noted, one row for a project and month."""
        sums: dict[tuple[int, str], Usage] = {}
        for number, used in self._noted:
            _add_up(sums.setdefault((number, used.month), Usage(used.month)), used)
        self.forget()
        for (number, month), total in sums.items():
            if total != Usage(month):
                add(db, number, total)


def _add_up(total: Usage, used: Usage) -> None:
    total.messages += used.messages
    total.dialogues += used.dialogues
    total.stored_bytes += used.stored_bytes


def get(db: apsw.Connection, project: int, month: str) -> Usage:
    """Return a month's usage."""
    row = db.execute(
        "SELECT requests, messages, dialogues, stored_bytes FROM usage"
        " WHERE project = ? AND month = ?",
        (project, month),
    ).fetchone()
    return Usage(month, *row) if row else Usage(month)
