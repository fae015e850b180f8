"""Summaries: asked for, found, listed, deleted. What makes them works in `jobs`."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from functools import partial
from operator import attrgetter

from msgspec import structs

from dialoguedb.errors import DialogueDBError
from dialoguedb.model.messages import Message
from dialoguedb.model.projects import Project
from dialoguedb.model.recipe import Recipe
from dialoguedb.model.refs import DialogueRef
from dialoguedb.model.rules.auto_compact import Tail
from dialoguedb.model.rules.summaries import (
    Range,
    SummariesStored,
    check_deletable,
    plan_creation,
    prompt_of,
    summary_bytes,
)
from dialoguedb.model.rules.usage import usage_of
from dialoguedb.model.summaries import NewSummary, Summary, SummaryFilter
from dialoguedb.ports import Versioned, WriteOptions
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.postgres.connection.readers import Readers
from dialoguedb.store.postgres.connection.writer import Transaction, Writer
from dialoguedb.store.postgres.rows import (
    compaction,
    dialogue_rows,
    message_rows,
    quoting_rows,
    summary_rows,
)
from dialoguedb.store.postgres.rows.dialogue_rows import DialogueRow
from dialoguedb.store.postgres.rows.idempotency import at_most_once
from dialoguedb.store.postgres.rows.list_queries import SelectBuilder
from dialoguedb.store.postgres.rows.message_rows import find_head
from dialoguedb.store.postgres.rows.pages import Shape, each, page
from dialoguedb.store.postgres.rows.quoting_rows import Quoted
from dialoguedb.store.postgres.rows.summary_rows import SummaryRow
from dialoguedb.values.lists import Slice, Window

_STORED_BYTES = """
    octet_length(r.metadata) + octet_length(r.tags) + coalesce(octet_length(r.content), 0)
"""


class PostgresSummaries:
    """Implements `ports.SummaryStore`."""

    def __init__(self, writer: Writer, readers: Readers, row_ids: ProjectRowIds) -> None:
        self._writer = writer
        self._readers = readers
        self._row_ids = row_ids

    async def create(
        self,
        project: Project,
        dialogue: DialogueRef,
        new: NewSummary,
        recipe: Recipe,
        options: WriteOptions,
    ) -> Versioned[Summary]:
        """Have a summary made of a dialogue."""
        project_row = await self._row_ids.of(project)
        # Counting what it covers may take long: that is not for a transaction others wait for.
        covered = await self._readers.read(partial(_measure, project_row, dialogue, new))

        async def operation(db: Transaction) -> Versioned[Summary]:
            row = await dialogue_rows.find(db, project_row, *dialogue, lock=True)
            if not isinstance(covered, Range):
                raise covered
            prompt = await summary_rows.template_prompt(db, project_row, new.template)
            made = (covered, structs.replace(recipe, prompt=prompt_of(new, prompt)))
            stored = await _stored(db, (project_row, row), new, covered)
            summary = plan_creation(row, new, made, stored, options)
            if not isinstance(summary, SummaryRow):
                await summary_rows.insert(db, project_row, row.ref, summary)
                used = usage_of(options, stored_bytes=new.stored_bytes)
                await db.usage.record(db, (project, project_row), used, options)
            return Versioned(summary.to_summary(project), row.revision)

        async def quoted(db: Connection, result: Versioned[Summary]) -> Quoted | None:
            if result.value.content is None:
                return None
            found = await find_head(db, project_row, *dialogue)
            return Quoted("summary", found.row_id)

        return await self._writer.write(
            at_most_once(operation, project_row, options, quoted),
            repeatable=options.idempotency is not None,
        )

    async def get(self, project: Project, namespace: str | None, summary_id: str) -> Summary:
        """Return one summary; SummaryNotFound."""
        project_row = await self._row_ids.of(project)

        async def query(db: Connection) -> Summary:
            row = await summary_rows.get(db, project_row, summary_id)
            return summary_rows.found(row, namespace, summary_id).to_summary(project)

        return await self._readers.read(query)

    async def list(
        self, project: Project, dialogue: DialogueRef, filters: SummaryFilter, window: Window
    ) -> Slice[Summary]:
        """Return a window of a dialogue's summaries by `created`; DialogueNotFound."""
        project_row = await self._row_ids.of(project)

        def make(row: SummaryRow) -> Summary:
            return row.to_summary(project)

        async def query(db: Connection) -> Slice[Summary]:
            head = await find_head(db, project_row, *dialogue)
            listed = SelectBuilder(summary_rows.SELECT, ("r.created", "r.id"), window)
            listed.fixed["r.part"], listed.fixed["r.dialogue"] = head.ref
            if filters.status is not None:
                listed.add("r.status = ?", filters.status)
            if filters.completed_before is not None:
                listed.add("r.completed_seq < ?", filters.completed_before)
            key = attrgetter("created", "id")
            shape = Shape(SummaryRow, each(make), summary_bytes, key, _STORED_BYTES)
            return await page(db, listed, shape)

        return await self._readers.read(query)

    async def covered(
        self, project: Project, namespace: str | None, summary_id: str, window: Window
    ) -> Slice[Message]:
        """Return a window of the messages that a summary covers; SummaryNotFound."""
        project_row = await self._row_ids.of(project)

        async def query(db: Connection) -> Slice[Message]:
            found = await summary_rows.get(db, project_row, summary_id)
            row = summary_rows.found(found, namespace, summary_id)
            if row.from_created is None:
                return Slice([])
            ref = DialogueRef(row.namespace, row.dialogue_id)
            of = message_rows.ListedDialogue(project_row, ref)
            shape = message_rows.shape_of(db, of)
            return await page(db, summary_rows.messages_of(row, window), shape)

        return await self._readers.read(query)

    async def tail(self, project: Project, namespace: str, dialogue_id: str) -> Tail:
        """Return what the newest summary from the dialogue's beginning, made or not, leaves out."""
        project_row = await self._row_ids.of(project)

        async def query(db: Connection) -> Tail:
            head = await find_head(db, project_row, namespace, dialogue_id)
            return await compaction.tail_of(db, head.ref)

        return await self._readers.read(query)

    async def delete(
        self, project: Project, namespace: str | None, summary_id: str, options: WriteOptions
    ) -> None:
        """Delete one summary, being made or not; SummaryNotFound, DialogueImmutable."""
        project_row = await self._row_ids.of(project)

        async def operation(db: Transaction) -> None:
            locked = await summary_rows.lock(db, project_row, summary_id)
            row = summary_rows.found(locked, namespace, summary_id)
            check_deletable(row)
            await summary_rows.delete(db, row)
            await compaction.forget_room(db, row.dialogue)
            await quoting_rows.summary_deleted(db, row.dialogue)

        await self._writer.write(
            at_most_once(operation, project_row, options),
            repeatable=options.idempotency is not None,
        )


async def _measure(
    project_row: int, dialogue: DialogueRef, new: NewSummary, db: Connection
) -> Range | Exception:
    """Return the range, or why there is none: a kept response comes before that."""
    try:
        head = await find_head(db, project_row, *dialogue)
        return await summary_rows.measure(db, head.ref, head.last_seq, new)
    except DialogueDBError as error:
        return error


async def _stored(
    db: Connection, of: tuple[int, DialogueRow], new: NewSummary, covered: Range
) -> SummariesStored:
    project_row, dialogue = of
    return SummariesStored(
        await summary_rows.get(db, project_row, new.id) if new.named else None,
        await summary_rows.of_same_range(db, dialogue.ref, covered),
        await summary_rows.newest(db, dialogue.ref),
    )
