"""Summaries that are to be made: leased, read for, completed."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from collections.abc import Callable
from operator import attrgetter

import apsw

from dialoguedb.model.projects import Usage
from dialoguedb.model.recipe import Recipe
from dialoguedb.model.rules import jobs as rules
from dialoguedb.model.rules.messages import StoredMessage
from dialoguedb.model.rules.summaries import StoredSummary
from dialoguedb.model.summaries import LLMUsage, Position, SummaryResult
from dialoguedb.ports.summaries import Former, Job, Reading
from dialoguedb.store.sqlite.connection import usage
from dialoguedb.store.sqlite.connection.reader import Reader, Readers, Shape, each
from dialoguedb.store.sqlite.connection.writer import Writer
from dialoguedb.store.sqlite.rows import compaction, summary_rows
from dialoguedb.store.sqlite.rows.summary_rows import SELECT, SummaryRow
from dialoguedb.values.lists import Slice, Window
from dialoguedb.values.timestamps import month_of

# `rules.is_due`, of the summaries that have no older one of their dialogue before them.
_DUE = """
    SELECT s.number FROM summaries s
    WHERE s.status = 'processing' AND s.due <= ?1 AND s.claimed_until <= ?1
    AND NOT EXISTS (
        SELECT 1 FROM summaries o WHERE o.dialogue = s.dialogue AND o.number < s.number
        AND o.status = 'processing'
    )
    ORDER BY s.due, s.number LIMIT 1
"""
_OF_PROJECT = """
    SELECT p.id, d.label FROM summaries s JOIN projects p ON p.number = s.project
    JOIN dialogues d ON d.number = s.dialogue WHERE s.number = ?
"""
_OF_JOB = f"{SELECT} JOIN projects p ON p.number = r.project WHERE p.id = ? AND r.id = ?"
_FORMERS = f"""
    {SELECT} WHERE r.dialogue = ? AND r.status = 'completed'
    AND (r.from_created, r.from_seq) = (?, ?) AND (r.to_created, r.to_seq) <= (?, ?)
    ORDER BY r.to_created DESC, r.to_seq DESC, r.number DESC
"""
_BY_ROW_ID = f"{SELECT} WHERE r.number = ?"

Change = Callable[[SummaryRow | None, str], StoredSummary | None]


class SQLiteSummaryJobs:
    """Implements `ports.SummaryJobs`."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def lease(self, lease: str, now: str, until: str) -> Job | None:
        """Lease one that is due and that nobody holds; None when there is none."""

        def look(reader: Reader) -> bool:
            return reader.db.execute(_DUE, (now,)).get is not None

        def operation(db: apsw.Connection) -> Job | None:
            row_id = db.execute(_DUE, (now,)).get
            if row_id is None:
                return None
            row = SummaryRow(*db.execute(_BY_ROW_ID, (row_id,)).get)
            leased = rules.lease(row, lease, until)
            summary_rows.store(db, row_id, leased)
            return Job.of(leased, *db.execute(_OF_PROJECT, (row_id,)).get)

        # Looking costs no commit, and mostly there is nothing.
        return await self._writer.write(operation) if await self._readers.read(look) else None

    async def renew(self, job: Job, until: str) -> bool:
        """Hold a lease longer; False when it is lost, or the summary deleted."""
        return await self._change(job, lambda row, lease: rules.renew(row, lease, until))

    async def former(self, job: Job, recipe: Recipe) -> Former | None:
        """Return the longest summary that can be built on."""

        def query(reader: Reader) -> Former | None:
            summary = _get(reader.db, job)
            if summary is None:
                return None
            start = (summary.from_created, summary.from_seq)
            bounds = (summary.dialogue, *start, *summary.end)
            for row in reader.db.execute(_FORMERS, bounds):
                former = SummaryRow(*row)
                if rules.can_build_on(former, summary, recipe) and summary_rows.is_same(
                    reader.db, former, summary.last_seq
                ):
                    return Former.of(former)
            return None

        return None if job.rebuild else await self._readers.run(query)

    async def read(self, job: Job, after: Position | None, limit: int) -> Slice[Reading]:
        """Return messages of the job's range in order, after a position."""

        def query(reader: Reader) -> Slice[Reading]:
            row = _get(reader.db, job)
            if row is None:  # deleted meanwhile
                return Slice([])
            window = Window(limit, "asc", after)
            rows = summary_rows.messages_of(row, window).rows(reader.db)
            return reader.page(rows, window, _SHAPE)

        return await self._readers.run(query)

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
        count = "SELECT count(*) FROM summaries WHERE status = 'processing'"
        return await self._readers.read(lambda reader: int(reader.db.execute(count).get))

    async def _change(self, job: Job, change: Change, used: Usage | None = None) -> bool:
        """Change a job's row; False when a rule refuses, because the lease is lost."""

        def operation(db: apsw.Connection) -> bool:
            row = _get(db, job)
            after = change(row, job.lease)
            if row is None or after is None:
                return False
            summary_rows.store(db, row.row_id, after)
            if after.status == "failed":
                compaction.forget_room(db, row.dialogue)
            if used:
                of_project = "SELECT project FROM summaries WHERE number = ?"
                usage.add(db, db.execute(of_project, (row.row_id,)).get, used)
            return True

        return await self._writer.write(operation)


def _get(db: apsw.Connection, job: Job) -> SummaryRow | None:
    row = db.execute(_OF_JOB, (job.project_id, job.id)).fetchone()
    return SummaryRow(*row) if row else None


def _content_bytes(message: StoredMessage) -> int:
    return len(message.content)


_SHAPE: Shape[StoredMessage, Reading] = Shape(
    StoredMessage, each(Reading.of), _content_bytes, attrgetter("created", "seq")
)
