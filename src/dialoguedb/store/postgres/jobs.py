"""Summaries that are to be made: leased, read for, completed."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from collections.abc import Callable
from operator import attrgetter

from dialoguedb.model.projects import Usage
from dialoguedb.model.recipe import Recipe
from dialoguedb.model.rules import jobs as rules
from dialoguedb.model.rules.messages import StoredMessage
from dialoguedb.model.rules.summaries import StoredSummary
from dialoguedb.model.summaries import LLMUsage, Position, SummaryResult
from dialoguedb.ports.summaries import Former, Job, Reading
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.connection.readers import Readers
from dialoguedb.store.postgres.connection.writer import Transaction, Writer
from dialoguedb.store.postgres.rows import compaction, summary_rows
from dialoguedb.store.postgres.rows.pages import Shape, each, page
from dialoguedb.store.postgres.rows.summary_rows import SELECT, SummaryRow
from dialoguedb.values.lists import Slice, Window
from dialoguedb.values.timestamps import month_of

# `rules.is_due`, of the summaries that have no older one of their dialogue before them.
_DUE = """
    SELECT s.part, s.number FROM summaries s
    WHERE s.status = 'processing' AND s.due <= $1 AND s.leased_until <= $1
    AND NOT EXISTS (
        SELECT FROM summaries o WHERE o.part = s.part AND o.dialogue = s.dialogue
        AND o.number < s.number AND o.status = 'processing'
    )
    ORDER BY s.due, s.number LIMIT 1
"""
# Whoever changes a summary locks its row. One that is locked is being leased, completed or deleted
# by another server: not waited for, but passed over.
_TAKE = f"{_DUE} FOR UPDATE OF s SKIP LOCKED"
_BY_ROW_ID = f"{SELECT} WHERE r.part = $1 AND r.number = $2"
_OF_PROJECT = """
    SELECT p.id, d.label FROM summaries s JOIN projects p ON p.number = s.project
    JOIN dialogues d ON d.part = s.part AND d.number = s.dialogue
    WHERE s.part = $1 AND s.number = $2
"""
_PROJECT = "SELECT number FROM projects WHERE id = $1"
_FORMERS = f"""
    {SELECT} WHERE r.part = $1 AND r.dialogue = $2 AND r.status = 'completed'
    AND (r.from_created, r.from_seq) = ($3, $4) AND (r.to_created, r.to_seq) <= ($5, $6)
    ORDER BY r.to_created DESC, r.to_seq DESC, r.number DESC
"""
_FORMERS_PORTION = 4

Change = Callable[[SummaryRow | None, str], StoredSummary | None]


class PostgresSummaryJobs:
    """Implements `ports.SummaryJobs`."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def lease(self, lease: str, now: str, until: str) -> Job | None:
        """Lease one that is due and that nobody holds; None when there is none."""

        async def look(db: Connection) -> bool:
            return await db.row(_DUE, now) is not None

        async def operation(db: Transaction) -> Job | None:
            ref = await db.row(_TAKE, now)
            if ref is None:
                return None
            row = SummaryRow(*(await db.row(_BY_ROW_ID, *ref) or ()))
            leased = rules.lease(row, lease, until)
            await summary_rows.store(db, row.ref, leased)
            return Job.of(leased, *(await db.row(_OF_PROJECT, *ref) or ()))

        # Looking costs no commit, and mostly there is nothing.
        return await self._writer.write(operation) if await self._readers.read_once(look) else None

    async def renew(self, job: Job, until: str) -> bool:
        """Hold a lease longer; False when it is lost, or the summary deleted."""
        return await self._change(job, lambda row, lease: rules.renew(row, lease, until))

    async def former(self, job: Job, recipe: Recipe) -> Former | None:
        """Return the longest summary that can be built on."""

        async def query(db: Connection) -> Former | None:
            summary = await _get(db, job)
            if summary is None:
                return None
            start = (summary.from_created, summary.from_seq)
            bounds = (*summary.dialogue, *start, *summary.end)
            async for row in db.stream(_FORMERS, *bounds, portion=_FORMERS_PORTION):
                former = SummaryRow(*row)
                if rules.can_build_on(former, summary, recipe) and await summary_rows.is_same(
                    db, former, summary.last_seq
                ):
                    return Former.of(former)
            return None

        return None if job.rebuild else await self._readers.read(query)

    async def read(self, job: Job, after: Position | None, limit: int) -> Slice[Reading]:
        """Return messages of the job's range in order, after a position."""

        async def query(db: Connection) -> Slice[Reading]:
            row = await _get(db, job)
            if row is None:  # deleted meanwhile
                return Slice([])
            messages = summary_rows.messages_of(row, Window(limit, "asc", after))
            return await page(db, messages, _SHAPE)

        return await self._readers.read_much(query)

    async def complete(self, job: Job, outcome: SummaryResult, spent: LLMUsage, now: str) -> bool:
        """Store what was made; False when the lease is lost, or the summary deleted."""

        def change(row: SummaryRow | None, lease: str) -> StoredSummary | None:
            return rules.complete(row, lease, outcome, spent, now)

        used = Usage(month_of(now), stored_bytes=rules.stored_bytes(outcome))
        return await self._change(job, change, used)

    async def fail(self, job: Job, error: str, spent: LLMUsage, now: str) -> bool:
        """Give up; False when the lease is lost, or the summary deleted."""
        return await self._change(job, lambda row, lease: rules.fail(row, lease, error, spent, now))

    async def postpone(self, job: Job, due: str, spent: LLMUsage, *, failed: bool) -> None:
        """Release a job until it is due; it counts as an attempt when it failed."""
        await self._change(
            job, lambda row, lease: rules.postpone(row, lease, due, spent, failed=failed)
        )

    async def waiting(self) -> int:
        """Return how many summaries are being made or wait to be."""

        async def query(db: Connection) -> int:
            count = "SELECT count(*) FROM summaries WHERE status = 'processing'"
            return int(await db.value(count))

        return await self._readers.read_once(query)

    async def _change(self, job: Job, change: Change, used: Usage | None = None) -> bool:
        """Change a job's row; False when a rule refuses, because the lease is lost."""

        async def operation(db: Transaction) -> bool:
            project = await db.value(_PROJECT, job.project_id)
            row = project and await summary_rows.lock(db, project, job.id)
            after = change(row, job.lease)
            if row is None or after is None:
                return False
            await summary_rows.store(db, row.ref, after)
            if after.status == "failed":
                await compaction.forget_room(db, row.dialogue)
            if used:
                db.usage.add(row.project, used)
            return True

        return await self._writer.write(operation)


async def _get(db: Connection, job: Job) -> SummaryRow | None:
    project = await db.value(_PROJECT, job.project_id)
    return None if project is None else await summary_rows.get(db, project, job.id)


def _content_bytes(message: StoredMessage) -> int:
    return len(message.content)


_SHAPE: Shape[StoredMessage, Reading] = Shape(
    StoredMessage,
    each(Reading.of),
    _content_bytes,
    attrgetter("created", "seq"),
    "octet_length(r.content)",
)
