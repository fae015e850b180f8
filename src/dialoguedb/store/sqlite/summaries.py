"""Summaries: asked for, found, listed, deleted. What makes them works in `jobs`."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from functools import partial
from operator import attrgetter

import apsw
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
from dialoguedb.store.sqlite.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.sqlite.connection.reader import Reader, Readers, Shape, each
from dialoguedb.store.sqlite.connection.writer import Writer
from dialoguedb.store.sqlite.rows import (
    compaction,
    dialogue_rows,
    message_rows,
    quoting_rows,
    summary_rows,
)
from dialoguedb.store.sqlite.rows.dialogue_rows import DialogueRow
from dialoguedb.store.sqlite.rows.idempotency import at_most_once
from dialoguedb.store.sqlite.rows.list_queries import SelectBuilder
from dialoguedb.store.sqlite.rows.message_rows import find_head
from dialoguedb.store.sqlite.rows.quoting_rows import Quoted
from dialoguedb.store.sqlite.rows.summary_rows import SummaryRow
from dialoguedb.values.lists import Slice, Window


class SQLiteSummaries:
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
        project_row = self._row_ids.of(project)
        # Counting what it covers may take long: that is not for the transaction others wait for.
        covered = await self._readers.read(partial(_measure, project_row, dialogue, new))

        def operation(db: apsw.Connection) -> Versioned[Summary]:
            row = dialogue_rows.find(db, project_row, *dialogue)
            if not isinstance(covered, Range):
                raise covered
            prompt = summary_rows.template_prompt(db, project_row, new.template)
            made = (covered, structs.replace(recipe, prompt=prompt_of(new, prompt)))
            stored = _stored(db, (project_row, row), new, covered)
            summary = plan_creation(row, new, made, stored, options)
            if not isinstance(summary, SummaryRow):
                summary_rows.insert(db, project_row, row.row_id, summary)
                used = usage_of(options, stored_bytes=new.stored_bytes)
                self._writer.usage.record(db, (project, project_row), used, options)
            return Versioned(summary.to_summary(project), row.revision)

        def quoted(db: apsw.Connection, result: Versioned[Summary]) -> Quoted | None:
            if result.value.content is None:
                return None
            return Quoted("summary", dialogue_rows.find(db, project_row, *dialogue).row_id)

        return await self._writer.write(at_most_once(operation, project_row, options, quoted))

    async def get(self, project: Project, namespace: str | None, summary_id: str) -> Summary:
        """Return one summary; SummaryNotFound."""
        project_row = self._row_ids.of(project)

        def query(reader: Reader) -> Summary:
            row = summary_rows.find_row(reader.db, project_row, namespace, summary_id)
            return row.to_summary(project)

        return await self._readers.read(query)

    async def list(
        self, project: Project, dialogue: DialogueRef, filters: SummaryFilter, window: Window
    ) -> Slice[Summary]:
        """Return a window of a dialogue's summaries by `created`; DialogueNotFound."""
        project_row = self._row_ids.of(project)

        def make(row: SummaryRow) -> Summary:
            return row.to_summary(project)

        def query(reader: Reader) -> Slice[Summary]:
            head = find_head(reader.db, project_row, *dialogue)
            listed = SelectBuilder(summary_rows.SELECT, ("r.created", "r.id"), window)
            listed.fixed["r.dialogue"] = head.row_id
            if filters.status is not None:
                listed.add("r.status = ?", filters.status)
            if filters.completed_before is not None:
                listed.add("r.completed_seq < ?", filters.completed_before)
            shape = Shape(SummaryRow, each(make), summary_bytes, attrgetter("created", "id"))
            return reader.page(listed.rows(reader.db), window, shape)

        return await self._readers.read(query)

    async def covered(
        self, project: Project, namespace: str | None, summary_id: str, window: Window
    ) -> Slice[Message]:
        """Return a window of the messages that a summary covers; SummaryNotFound."""
        project_row = self._row_ids.of(project)

        def query(reader: Reader) -> Slice[Message]:
            row = summary_rows.find_row(reader.db, project_row, namespace, summary_id)
            if row.from_created is None:
                return Slice([])
            ref = DialogueRef(row.namespace, row.dialogue_id)
            of = message_rows.ListedDialogue(project_row, ref)
            shape = message_rows.shape_of(reader, of)
            rows = summary_rows.messages_of(row, window).rows(reader.db)
            return reader.page(rows, window, shape)

        return await self._readers.read(query)

    async def tail(self, project: Project, namespace: str, dialogue_id: str) -> Tail:
        """Return what the newest summary from the dialogue's beginning, made or not, leaves out."""
        project_row = self._row_ids.of(project)

        def query(reader: Reader) -> Tail:
            dialogue = find_head(reader.db, project_row, namespace, dialogue_id).row_id
            return compaction.tail_of(reader.db, dialogue)

        return await self._readers.read(query)

    async def delete(
        self, project: Project, namespace: str | None, summary_id: str, options: WriteOptions
    ) -> None:
        """Delete one summary, being made or not; SummaryNotFound, DialogueImmutable."""
        project_row = self._row_ids.of(project)

        def operation(db: apsw.Connection) -> None:
            row = summary_rows.find_row(db, project_row, namespace, summary_id)
            check_deletable(row)
            db.execute("DELETE FROM summaries WHERE number = ?", (row.row_id,))
            compaction.forget_room(db, row.dialogue)
            quoting_rows.summary_deleted(db, row.dialogue)

        await self._writer.write(at_most_once(operation, project_row, options))
        self._writer.has_deleted = True


def _measure(
    project_row: int, dialogue: DialogueRef, new: NewSummary, reader: Reader
) -> Range | Exception:
    """Return the range, or why there is none: a kept response comes before that."""
    try:
        head = find_head(reader.db, project_row, *dialogue)
        return summary_rows.measure(reader.db, head.row_id, head.last_seq, new)
    except DialogueDBError as error:
        return error


def _stored(
    db: apsw.Connection, of: tuple[int, DialogueRow], new: NewSummary, covered: Range
) -> SummariesStored:
    project_row, dialogue = of
    return SummariesStored(
        summary_rows.get(db, project_row, new.id) if new.named else None,
        summary_rows.of_same_range(db, dialogue.row_id, covered),
        summary_rows.newest(db, dialogue.row_id),
    )
