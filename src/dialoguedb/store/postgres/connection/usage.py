"""What projects use in a month, counted in the transaction that uses it.

Each server counts in a row of its own, or all would wait for one row. A project with quotas has one
row for all, so that no two servers see the same last free place.
"""

from collections.abc import Sequence

from dialoguedb.model.projects import Project, Usage
from dialoguedb.model.rules.usage import NO_QUOTAS, add_up, check_quotas, sums
from dialoguedb.model.writes import WriteOptions
from dialoguedb.store.postgres.connection.connection import Connection

_SHARED = 0
_ADD = """
    INSERT INTO usage AS u (project, month, slot, requests, messages, dialogues, stored_bytes)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (project, month, slot) DO UPDATE SET
        requests = u.requests + excluded.requests,
        messages = u.messages + excluded.messages,
        dialogues = u.dialogues + excluded.dialogues,
        stored_bytes = u.stored_bytes + excluded.stored_bytes
"""
_LOCK = f"""
    INSERT INTO usage AS u (project, month, slot) VALUES ($1, $2, {_SHARED})
    ON CONFLICT (project, month, slot) DO UPDATE SET requests = u.requests
"""
_GET = """
    SELECT coalesce(sum(requests), 0)::bigint, coalesce(sum(messages), 0)::bigint,
        coalesce(sum(dialogues), 0)::bigint, coalesce(sum(stored_bytes), 0)::bigint
    FROM usage WHERE project = $1 AND month = $2
"""


async def get(db: Connection, project: int, month: str) -> Usage:
    """Return a month's usage."""
    row: Sequence[int] = await db.row(_GET, project, month) or ()
    return Usage(month, *row)


async def add(db: Connection, project: int, used: Usage, slot: int) -> None:
    """Add to a month's usage, in the row of a server."""
    values = (used.requests, used.messages, used.dialogues, used.stored_bytes)
    await db.execute(_ADD, project, used.month, slot, *values)


async def add_shared(db: Connection, project: int, used: Usage) -> Usage:
    """Add to a month's usage one after the other, whoever adds; returns the sum of the month."""
    await add(db, project, used, _SHARED)
    return await get(db, project, used.month)


class UsageLog:
    """What the operations of a transaction use, written once, right before its commit."""

    def __init__(self, slot: int) -> None:
        self._slot = slot
        self._recorded: list[tuple[int, Usage]] = []

    async def record(
        self, db: Connection, of: tuple[Project, int], used: Usage, options: WriteOptions
    ) -> None:
        """Record what an operation uses of a project (and its row id); QuotaExceeded."""
        project, row_id = of
        quotas = project.settings.quotas
        if options.over_request_quota or quotas != NO_QUOTAS:
            await db.execute(_LOCK, row_id, used.month)
            month = await get(db, row_id, used.month)
            for recorded_id, recorded in (*self._recorded, (row_id, used)):
                if (recorded_id, recorded.month) == (row_id, used.month):
                    add_up(month, recorded)
            check_quotas(quotas, used, month, requests_over=options.over_request_quota)
        self._recorded.append((row_id, used))

    def add(self, project: int, used: Usage) -> None:
        """Record what is used beyond any quota; by the project's row id."""
        self._recorded.append((project, used))

    async def write(self, db: Connection) -> None:
        """Write what is recorded, one row for a project and month."""
        totals = sums(self._recorded)
        self._recorded.clear()
        for (row_id, _), total in sorted(totals.items()):
            await add(db, row_id, total, self._slot)
