"""Summaries: asked for, found, listed, deleted. What makes them works in `summary_jobs`."""

from __future__ import annotations  # those of inner functions would be evaluated at each call

from functools import partial

import apsw
from msgspec import UNSET, structs

from dialoguedb.errors import DialogueDBError, DuplicateId, ErrorDetail, VersionConflict
from dialoguedb.model.lifecycle import check_changeable, check_version
from dialoguedb.model.messages import Message
from dialoguedb.model.projects import Project, Usage
from dialoguedb.model.summaries import NewSummary, Recipe, Summary, SummaryFilter
from dialoguedb.ports import Versioned, WriteOptions
from dialoguedb.ports.summaries import Tail
from dialoguedb.store.sqlite.connection.project_row_ids import Numbers
from dialoguedb.store.sqlite.connection.reader import Reader, Readers, Shape
from dialoguedb.store.sqlite.connection.writer import Writer
from dialoguedb.store.sqlite.rows import summary_rows as rows
from dialoguedb.store.sqlite.rows.dialogue_rows import DialogueRow
from dialoguedb.store.sqlite.rows.dialogue_rows import find as find_dialogue
from dialoguedb.store.sqlite.rows.idempotency import at_most_once
from dialoguedb.store.sqlite.rows.list_queries import Listing
from dialoguedb.store.sqlite.rows.message_rows import find_place, to_message
from dialoguedb.values.lists import Slice, Window
from dialoguedb.values.timestamps import month_of

_TAIL = """
    SELECT coalesce(sum(tokens), 0) FROM messages WHERE dialogue = ? AND (created, seq) > (?, ?)
"""
_COME_SINCE = """
    SELECT coalesce(sum(tokens), 0) FROM messages
    WHERE dialogue = ? AND (created, seq) <= (?, ?) AND seq > ?
"""
# One with instructions tells what somebody wanted to know once, not how the conversation went.
_WHOLE = "dialogue = ? AND start_id IS NULL AND to_created IS NOT NULL AND instructions IS NULL"
_COVERED_UNTIL = f"""
    SELECT number, to_created, to_seq, last_seq FROM summaries
    WHERE {_WHOLE} AND status <> 'failed' ORDER BY number DESC LIMIT 1
"""
_FAILED = f"""
    SELECT count(*), coalesce(max(modified), '') FROM summaries
    WHERE {_WHOLE} AND status = 'failed' AND number > ?
"""
_NEWEST = "SELECT max(number) FROM summaries WHERE dialogue = ?"


class SQLiteSummaries:
    """Implements `ports.SummaryStore`."""

    def __init__(self, writer: Writer, readers: Readers, numbers: Numbers) -> None:
        self._writer = writer
        self._readers = readers
        self._numbers = numbers

    async def create(
        self,
        project: Project,
        place: tuple[str, str],
        new: NewSummary,
        recipe: Recipe,
        options: WriteOptions,
    ) -> Versioned[Summary]:
        """Have a summary made of the dialogue at `(namespace, dialogue id)`."""
        number = self._numbers.of(project)
        # Counting what it covers may take long, so it is not for the act, which others wait for.
        covered = await self._readers.read(partial(_measure, number, place, new))

        def act(db: apsw.Connection) -> Versioned[Summary]:
            row = find_dialogue(db, number, *place)
            if not isinstance(covered, rows.Range):
                raise covered
            by = structs.replace(recipe, prompt=rows.prompt_of(db, number, new.template))
            known = _twin(db, number, row, new) if new.named else None
            if known is None:
                check_changeable(row.id, row.status)
                check_version(options.expected, row.revision)
                if not (new.named or new.rebuild):
                    known = rows.alike(db, row.number, new, (covered, by))
            if known:
                return Versioned(known.to_summary(project), row.revision)
            _check_newest(db, row, new)
            rows.insert(db, (number, row.number), new, (covered, by), options.now)
            used = Usage(month_of(options.now), stored_bytes=new.stored_bytes)
            self._writer.tally.charge(db, project, number, used, options)
            stored = rows.find(db, number, None, new.id)
            return Versioned(stored.to_summary(project), row.revision)

        return await self._writer.write(at_most_once(act, number, options))

    async def get(self, project: Project, namespace: str | None, summary_id: str) -> Summary:
        """Return one summary; SummaryNotFound."""
        number = self._numbers.of(project)

        def query(reader: Reader) -> Summary:
            return rows.find(reader.db, number, namespace, summary_id).to_summary(project)

        return await self._readers.read(query)

    async def list(
        self, project: Project, place: tuple[str, str], wanted: SummaryFilter, window: Window
    ) -> Slice[Summary]:
        """Return a window of a dialogue's summaries by `created`; DialogueNotFound."""
        number = self._numbers.of(project)

        def query(reader: Reader) -> Slice[Summary]:
            dialogue = find_place(reader.db, number, *place)
            listing = Listing(rows.SELECT, ("r.created", "r.id"), window)
            listing.scope["r.dialogue"] = dialogue.number
            if wanted.status is not None:
                listing.add("r.status = ?", wanted.status)
            return reader.page(listing.rows(reader.db), window, rows.shape_of(project))

        return await self._readers.read(query)

    async def covered(
        self, project: Project, namespace: str | None, summary_id: str, window: Window
    ) -> Slice[Message]:
        """Return a window of the messages that a summary covers; SummaryNotFound."""
        number = self._numbers.of(project)

        def query(reader: Reader) -> Slice[Message]:
            row = rows.find(reader.db, number, namespace, summary_id)
            if row.from_created is None:
                return Slice([])
            make = partial(to_message, row.dialogue_id, row.namespace)
            shape = Shape(make, lambda one: len(one[4]) + len(one[6]) + len(one[7]), slice(0, 2))
            return reader.page(rows.messages_of(row, window).rows(reader.db), window, shape)

        return await self._readers.read(query)

    async def tail(self, project: Project, namespace: str, dialogue_id: str) -> Tail:
        """Return what the newest summary from the dialogue's beginning, made or not, leaves out."""
        number = self._numbers.of(project)

        def query(reader: Reader) -> Tail:
            dialogue = find_place(reader.db, number, namespace, dialogue_id).number
            covering = reader.db.execute(_COVERED_UNTIL, (dialogue,)).fetchone()
            made, created, seq, last_seq = covering or (0, "", 0, 0)
            failures, failed = reader.db.execute(_FAILED, (dialogue, made)).get
            tokens: int = reader.db.execute(_TAIL, (dialogue, created, seq)).get
            if made:
                tokens += reader.db.execute(_COME_SINCE, (dialogue, created, seq, last_seq)).get
            return Tail(
                tokens=tokens,
                newest=reader.db.execute(_NEWEST, (dialogue,)).get,
                failures=failures,
                failed=failed,
            )

        return await self._readers.read(query)

    async def delete(
        self, project: Project, namespace: str | None, summary_id: str, options: WriteOptions
    ) -> None:
        """Delete one summary, being made or not; SummaryNotFound, DialogueImmutable."""
        number = self._numbers.of(project)

        def act(db: apsw.Connection) -> None:
            row = rows.find(db, number, namespace, summary_id)
            check_changeable(row.dialogue_id, row.dialogue_status)
            db.execute("DELETE FROM summaries WHERE number = ?", (row.number,))

        await self._writer.write(at_most_once(act, number, options))


def _measure(
    number: int, place: tuple[str, str], new: NewSummary, reader: Reader
) -> rows.Range | Exception:
    """Return the range, or why there is none: a recorded answer comes before that."""
    try:
        dialogue = find_place(reader.db, number, *place)
        return rows.measure(reader.db, dialogue.number, dialogue.last_seq, new)
    except DialogueDBError as error:
        return error


def _twin(
    db: apsw.Connection, project: int, dialogue: DialogueRow, new: NewSummary
) -> rows.SummaryRow | None:
    """Return the summary that has the id and is the same; DuplicateId when it is another."""
    stored = rows.get(db, project, new.id)
    if stored is None or stored.is_twin(dialogue.number, new):
        return stored
    check_changeable(dialogue.id, dialogue.status)
    message = f"Summary '{new.id}' exists already, and is not the same"
    raise DuplicateId(message, [ErrorDetail("id", "INVALID", message)])


def _check_newest(db: apsw.Connection, dialogue: DialogueRow, new: NewSummary) -> None:
    if new.newest is not UNSET and new.newest != db.execute(_NEWEST, (dialogue.number,)).get:
        raise VersionConflict(f"Dialogue '{dialogue.id}' is being summarized already")
