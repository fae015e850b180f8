"""Rows of summaries: their ranges, found, stored, listed."""

from collections.abc import Sequence

from dialoguedb.model.rules.messages import StoredMessage
from dialoguedb.model.rules.summaries import (
    MessageEnd,
    Range,
    StoredSummary,
    check_found,
    range_ends,
    summary_not_found,
)
from dialoguedb.model.summaries import NewSummary
from dialoguedb.store.columns import columns_of
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.rows import message_rows, object_ids
from dialoguedb.store.postgres.rows.columns import assignments, placeholders
from dialoguedb.store.postgres.rows.list_queries import SelectBuilder
from dialoguedb.store.postgres.search_index.index import RowRef
from dialoguedb.values.lists import Window

_OF_DIALOGUE = {
    "dialogue_id": "d.id",
    "namespace": "d.namespace",
    "dialogue_status": "d.status",
    "dialogue_last_seq": "d.last_seq",
}


class SummaryRow(StoredSummary, gc=False):
    """A summary as it is stored."""

    project: int
    """The row id of its project."""

    part: int
    row_id: int
    dialogue_row: int

    @property
    def ref(self) -> RowRef:
        """Its row."""
        return RowRef(self.part, self.row_id)

    @property
    def dialogue(self) -> RowRef:
        """The row of its dialogue."""
        return RowRef(self.part, self.dialogue_row)


_COLUMNS = columns_of(SummaryRow, row_id="r.number", dialogue_row="r.dialogue", **_OF_DIALOGUE)
SELECT = (
    f"SELECT {_COLUMNS} FROM summaries r"
    " JOIN dialogues d ON d.part = r.part AND d.number = r.dialogue"
)
_ONE = f"{SELECT} WHERE r.part = $1 AND r.number = $2"
_FIELDS = tuple(name for name in StoredSummary.__struct_fields__ if name not in _OF_DIALOGUE)
_INSERT = (
    f"INSERT INTO summaries (part, dialogue, project, {', '.join(_FIELDS)})"
    f" VALUES ({placeholders(3 + len(_FIELDS))}) RETURNING number"
)
_UPDATE = f"UPDATE summaries SET {assignments(*_FIELDS, first=3)} WHERE part = $1 AND number = $2"
_LOCK_DIALOGUE = """
    SELECT number FROM dialogues WHERE part = $1 AND number = (
        SELECT dialogue FROM summaries WHERE part = $1 AND number = $2
    ) FOR NO KEY UPDATE
"""


async def get(db: Connection, project: int, summary_id: str) -> SummaryRow | None:
    """Return a summary's row, if there is one."""
    ref = await object_ids.find(db, project, "summary", summary_id)
    row = await db.row(_ONE, *ref) if ref else None
    return SummaryRow(*row) if row else None


async def lock(db: Connection, project: int, summary_id: str) -> SummaryRow | None:
    """Return a summary's row, if there is one, with its dialogue locked, then the row itself."""
    ref = await object_ids.find(db, project, "summary", summary_id)
    if ref is None or await db.value(_LOCK_DIALOGUE, *ref) is None:
        return None
    row = await db.row(f"{_ONE} FOR UPDATE OF r", *ref)
    return SummaryRow(*row) if row else None


def found(row: SummaryRow | None, namespace: str | None, summary_id: str) -> SummaryRow:
    """Return a row that was found in a namespace; SummaryNotFound."""
    if row is None:
        raise summary_not_found(summary_id)
    check_found(row, namespace)
    return row


async def insert(db: Connection, project: int, dialogue: RowRef, summary: StoredSummary) -> None:
    """Store a new summary of a dialogue that is locked, so that their row ids grow in order."""
    row_id = await db.value(_INSERT, *dialogue, project, *_values(summary))
    await object_ids.add(db, project, "summary", summary.id, RowRef(dialogue.part, row_id))


async def store(db: Connection, ref: RowRef, summary: StoredSummary) -> None:
    """Store a summary as it is after a change."""
    await db.execute(_UPDATE, *ref, *_values(summary))


def _values(summary: StoredSummary) -> tuple[object, ...]:
    return tuple(_value(getattr(summary, name)) for name in _FIELDS)


def _value(value: object) -> object:
    return int(value) if isinstance(value, bool) else value


async def delete(db: Connection, row: SummaryRow) -> None:
    """Delete a summary, and let its id be used again."""
    await db.execute("DELETE FROM summaries WHERE part = $1 AND number = $2", *row.ref)
    await object_ids.remove(db, row.project, "summary", [row.id])


async def delete_of(db: Connection, project: int, dialogues: Sequence[RowRef]) -> int:
    """Delete the summaries of dialogues, which are locked; returns their number."""
    rows = await db.rows(
        "DELETE FROM summaries r"
        " USING unnest($1::bigint[], $2::bigint[]) gone (part, number)"
        " WHERE r.part = gone.part AND r.dialogue = gone.number RETURNING r.id",
        [one.part for one in dialogues],
        [one.row_id for one in dialogues],
    )
    await object_ids.remove(db, project, "summary", [row[0] for row in rows])
    return len(rows)


_END = """
    SELECT created, seq, id FROM messages WHERE part = $1 AND dialogue = $2
    ORDER BY created {order}, seq {order} LIMIT 1
"""
_NAMED = "SELECT created, seq, id FROM messages WHERE part = $1 AND dialogue = $2 AND id = $3"
_WITHIN = """
    part = $1 AND dialogue = $2 AND (created, seq) >= ($3, $4) AND (created, seq) <= ($5, $6)
"""
SUMS = "count(*), coalesce(sum(seq), 0)::bigint, coalesce(sum(tokens), 0)::bigint"
"""What makes the sums of some messages."""

_MEASURE = f"SELECT {SUMS} FROM messages WHERE {_WITHIN}"
_IS_SAME = f"""
    SELECT count(*) = $8 AND coalesce(sum(seq), 0) = $9
    FROM messages WHERE {_WITHIN} AND seq <= $7
"""


async def ends(
    db: Connection, dialogue: RowRef, new: NewSummary
) -> tuple[MessageEnd, MessageEnd] | None:
    """Return the ends of the range that is asked for; MessageNotFound, InvalidRequest."""
    start = await _end(db, dialogue, new.start_id, "asc")
    return range_ends(new, start, await _end(db, dialogue, new.end_id, "desc"))


async def measure(db: Connection, dialogue: RowRef, last_seq: int, new: NewSummary) -> Range:
    """Return the range that is asked for, as it is now; MessageNotFound, InvalidRequest."""
    bounded = await ends(db, dialogue, new)
    if bounded is None:
        return Range(None, last_seq)
    first, last = bounded
    bounds = (first.created, first.seq, last.created, last.seq)
    return Range(bounded, last_seq, *(await db.row(_MEASURE, *dialogue, *bounds) or ()))


async def _end(
    db: Connection, dialogue: RowRef, message_id: str | None, order: str
) -> MessageEnd | None:
    if message_id is None:
        row = await db.row(_END.format(order=order), *dialogue)
    else:
        row = await db.row(_NAMED, *dialogue, message_id)
    return MessageEnd(*row) if row else None


async def is_same(db: Connection, row: SummaryRow, last_seq: int) -> bool:
    """Tell whether the range of a summary still holds the messages that it was made of."""
    bounds = (row.from_created, row.from_seq, row.to_created, row.to_seq)
    of = (*row.dialogue, *bounds, last_seq)
    return bool(await db.value(_IS_SAME, *of, row.messages, row.seq_sum))


# Locked, for one that another server leases meanwhile would be made of the message.
_COVERING = f"""
    {SELECT} WHERE r.part = $1 AND r.dialogue = $2
    AND (r.from_created, r.from_seq) <= ($3, $4)
    AND (r.to_created, r.to_seq) >= ($3, $4) AND r.last_seq >= $4
    ORDER BY r.number FOR UPDATE OF r
"""
_LEFT_END = f"""
    SELECT created, seq, id FROM messages WHERE {_WITHIN} AND seq <= $7
    ORDER BY created {{order}}, seq {{order}} LIMIT 1
"""


async def covering(db: Connection, dialogue: RowRef, message: StoredMessage) -> list[SummaryRow]:
    """Return the summaries in whose range a message is, locked as their dialogue is."""
    rows = await db.rows(_COVERING, *dialogue, message.created, message.seq)
    return [SummaryRow(*row) for row in rows]


async def left_of(db: Connection, row: SummaryRow) -> Range:
    """Return what is left of the range of a summary."""
    bounds = (row.from_created, row.from_seq, row.to_created, row.to_seq)
    values = (*row.dialogue, *bounds, row.last_seq)
    first = await db.row(_LEFT_END.format(order="asc"), *values)
    last = await db.row(_LEFT_END.format(order="desc"), *values)
    if first is None or last is None:
        return Range(None, row.last_seq)
    measured = await db.row(f"{_MEASURE} AND seq <= $7", *values)
    return Range((MessageEnd(*first), MessageEnd(*last)), row.last_seq, *(measured or ()))


_SAME_RANGE = f"""
    {SELECT} WHERE r.part = $1 AND r.dialogue = $2
    AND (r.from_created, r.from_seq, r.to_created, r.to_seq) = ($3, $4, $5, $6)
    AND (r.messages, r.seq_sum) = ($7, $8) ORDER BY r.number DESC
"""
_NEWEST = """
    SELECT id FROM summaries WHERE part = $1 AND dialogue = $2 ORDER BY number DESC LIMIT 1
"""


async def of_same_range(db: Connection, dialogue: RowRef, covered: Range) -> list[SummaryRow]:
    """Return a dialogue's summaries of the same messages, the newest first."""
    if covered.ends is None:
        return []
    first, last = covered.ends
    bounds = (first.created, first.seq, last.created, last.seq)
    sums = (covered.messages, covered.seq_sum)
    rows = await db.rows(_SAME_RANGE, *dialogue, *bounds, *sums)
    return [SummaryRow(*row) for row in rows]


async def newest(db: Connection, dialogue: RowRef) -> str | None:
    """Return the id of a dialogue's newest summary."""
    summary_id: str | None = await db.value(_NEWEST, *dialogue)
    return summary_id


async def template_prompt(db: Connection, project: int, name: str | None) -> str | None:
    """Return a template's prompt; None when there is no such template."""
    if name is None:
        return None
    kept = "SELECT prompt FROM templates WHERE project = $1 AND name = $2"
    prompt: str | None = await db.value(kept, project, name)
    return prompt


def messages_of(row: SummaryRow, window: Window) -> SelectBuilder:
    """Return the SELECT of the messages that a summary covers."""
    query = SelectBuilder(message_rows.SELECT, ("r.created", "r.seq"), window)
    query.fixed["r.part"] = row.part
    query.fixed["r.dialogue"] = row.dialogue_row
    # A later page's own bound takes the place of the range's, or each page would begin with that.
    if window.after is None or window.order == "desc":
        query.add("(r.created, r.seq) >= (?, ?)", row.from_created, row.from_seq)
    if window.after is None or window.order == "asc":
        query.add("(r.created, r.seq) <= (?, ?)", row.to_created, row.to_seq)
    query.add("r.seq <= ?", row.last_seq)
    return query
