"""Summaries that are to be made: claimed, read for, completed."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

import apsw
from msgspec import structs

from dialoguedb.formats.search_text import message_text
from dialoguedb.model.projects import Usage
from dialoguedb.model.summaries import LLMUsage, Position, Recipe, SummaryResult
from dialoguedb.ports.summaries import Former, Job, Reading, Turn
from dialoguedb.store.sqlite.connection import usage
from dialoguedb.store.sqlite.connection.reader import Reader, Readers, Row, Shape
from dialoguedb.store.sqlite.connection.writer import Writer
from dialoguedb.store.sqlite.rows import summary_rows as rows
from dialoguedb.values.lists import Slice, Window
from dialoguedb.values.timestamps import month_of

# Of one dialogue one after another, so that each can build on the one before, and none is made
# twice. A due one that waits for another is passed over.
_DUE = """
    SELECT s.number FROM summaries s
    WHERE s.status = 'processing' AND s.due <= ?1 AND s.claimed_until <= ?1
    AND NOT EXISTS (
        SELECT 1 FROM summaries o WHERE o.dialogue = s.dialogue AND o.number < s.number
        AND o.status = 'processing'
    )
    ORDER BY s.due, s.number LIMIT 1
"""
# Who ends lets go of the claim, so one that is there ran out.
_CLAIM = """
    UPDATE summaries SET attempts = attempts + (claim IS NOT NULL), claim = ?, claimed_until = ?
    WHERE number = ?
"""
_JOB = """
    SELECT s.number, s.claim, p.id, s.id, d.label, s.prompt, s.instructions, s.rebuild,
           s.to_created, s.to_seq, s.attempts
    FROM summaries s JOIN projects p ON p.number = s.project
    JOIN dialogues d ON d.number = s.dialogue WHERE s.number = ?
"""
_MINE = "WHERE number = ? AND claim = ? AND status = 'processing'"
_RENEW = f"UPDATE summaries SET claimed_until = ? {_MINE}"
_SPEND = (
    "input_tokens = input_tokens + ?, output_tokens = output_tokens + ?, calls = calls + ?,"
    " claim = NULL, claimed_until = ''"
)
_COMPLETE = f"""
    UPDATE summaries SET status = 'completed', content = ?, content_tokens = ?, summarized = ?,
    skipped = ?, chunks = ?, previous = ?, provider = ?, model = ?, error = NULL,
    modified = max(modified, ?), {_SPEND}
    {_MINE}
"""
_FAIL = f"""
    UPDATE summaries SET status = 'failed', error = ?, modified = max(modified, ?), {_SPEND}
    {_MINE}
"""
_POSTPONE = f"UPDATE summaries SET due = ?, attempts = attempts + ?, {_SPEND} {_MINE}"

_FORMERS = f"""
    {rows.SELECT} JOIN summaries j ON j.number = ? AND j.dialogue = r.dialogue
    WHERE r.status = 'completed' AND r.number <> j.number
    AND (r.from_created, r.from_seq) = (j.from_created, j.from_seq)
    AND (r.to_created, r.to_seq) <= (j.to_created, j.to_seq)
    AND (r.provider, r.model, r.instructions, r.prompt) IS (?, ?, ?, ?)
    ORDER BY r.to_created DESC, r.to_seq DESC, r.number DESC
"""
_ROW = f"{rows.SELECT} WHERE r.number = ?"


class SQLiteSummaryJobs:
    """Implements `ports.SummaryJobs`."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def claim(self, claim: str, now: str, until: str) -> Job | None:
        """Take one that is due and that nobody holds; None when there is none."""

        def look(reader: Reader) -> bool:
            return reader.db.execute(_DUE, (now,)).get is not None

        def act(db: apsw.Connection) -> Job | None:
            number = db.execute(_DUE, (now,)).get
            if number is None:
                return None
            db.execute(_CLAIM, (claim, until, number))
            return _to_job(db.execute(_JOB, (number,)).get)

        # Looking costs no commit, and mostly there is nothing.
        return await self._writer.write(act) if await self._readers.read(look) else None

    async def renew(self, job: Job, until: str) -> bool:
        """Hold a claim longer; False when it is lost, or the summary deleted."""
        return await self._change(_RENEW, (until,), job)

    async def former(self, job: Job, recipe: Recipe) -> Former | None:
        """Return the longest summary that can be built on."""

        def query(reader: Reader) -> Former | None:
            last_seq = reader.db.execute(
                "SELECT last_seq FROM summaries WHERE number = ?", (job.number,)
            ).get
            for row in reader.db.execute(_FORMERS, (job.number, *structs.astuple(recipe))):
                former = rows.SummaryRow(*row)
                if rows.is_same(reader.db, former, last_seq):
                    return _to_former(former)
            return None

        return None if job.rebuild else await self._readers.run(query)

    async def read(self, job: Job, after: Position | None, limit: int) -> Slice[Reading]:
        """Return messages of the job's range in order, after a position."""

        def query(reader: Reader) -> Slice[Reading]:
            row = reader.db.execute(_ROW, (job.number,)).fetchone()
            if row is None:  # deleted meanwhile
                return Slice([])
            window = Window(limit, "asc", after)
            listing = rows.messages_of(rows.SummaryRow(*row), window)
            return reader.page(listing.rows(reader.db), window, _SHAPE)

        return await self._readers.run(query)

    async def complete(self, job: Job, outcome: SummaryResult, spent: LLMUsage, now: str) -> bool:
        """Store what was made; False when the claim is lost, or the summary deleted."""
        values = (
            outcome.content,
            outcome.content_tokens,
            outcome.summarized,
            outcome.skipped,
            outcome.chunks,
            outcome.previous,
            outcome.provider,
            outcome.model,
            now,
        )
        content_bytes = len((outcome.content or "").encode())
        return await self._change(_COMPLETE, (*values, *_spent(spent)), job, (now, content_bytes))

    async def fail(self, job: Job, error: str, spent: LLMUsage, now: str) -> bool:
        """Give up; False when the claim is lost, or the summary deleted."""
        return await self._change(_FAIL, (error, now, *_spent(spent)), job)

    async def postpone(self, job: Job, due: str, spent: LLMUsage, *, failed: bool) -> None:
        """Let go of a job until it is due; it counts as an attempt when it failed."""
        await self._change(_POSTPONE, (due, int(failed), *_spent(spent)), job)

    async def waiting(self) -> int:
        """Return how many summaries are being made or wait to be."""
        count = "SELECT count(*) FROM summaries WHERE status = 'processing'"
        return await self._readers.read(lambda reader: int(reader.db.execute(count).get))

    async def _change(
        self, sql: str, values: Row, job: Job, stored: tuple[str, int] | None = None
    ) -> bool:
        """Change a job's row while it is claimed; `stored` are bytes used at a moment."""

        def act(db: apsw.Connection) -> bool:
            db.execute(sql, (*values, job.number, job.claim))
            is_mine = bool(db.changes())
            if is_mine and stored:
                _use(db, job, *stored)
            return is_mine

        return await self._writer.write(act)


def _use(db: apsw.Connection, job: Job, now: str, stored_bytes: int) -> None:
    """Count what is stored for a project; no quota keeps what was begun from being completed."""
    project = db.execute("SELECT project FROM summaries WHERE number = ?", (job.number,)).get
    usage.add(db, project, Usage(month_of(now), stored_bytes=stored_bytes))


def _to_job(row: Row) -> Job:
    number, claim, project_id, summary_id, label, prompt, instructions, rebuild, *end = row
    created, seq, attempts = end
    return Job(
        number=number,
        claim=claim,
        project_id=project_id,
        id=summary_id,
        label=label,
        prompt=prompt,
        instructions=instructions,
        rebuild=bool(rebuild),
        until=(created, seq),
        attempts=attempts,
    )


def _to_former(row: rows.SummaryRow) -> Former:
    until = (row.to_created or "", row.to_seq or 0)
    return Former(row.id, row.content, until, row.summarized or 0, row.skipped or 0)


def _spent(spent: LLMUsage) -> tuple[int, int, int]:
    return spent.input_tokens, spent.output_tokens, spent.calls


def _to_reading(row: Row) -> Reading:
    created, seq, _, role, content, _, _, _, _, name, tokens = row
    text = message_text(content)
    turn = Turn(role=role, name=name, text=text, created=created, tokens=tokens)
    return Reading(turn, (created, seq))


_SHAPE = Shape(_to_reading, lambda row: len(row[4]), slice(0, 2))
