"""Rows of summaries: their ranges, found, stored, listed."""

import apsw

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
from dialoguedb.store.sqlite.rows import message_rows
from dialoguedb.store.sqlite.rows.columns import assignments
from dialoguedb.store.sqlite.rows.list_queries import SelectBuilder, placeholders
from dialoguedb.values.lists import Window

_NAMES = {"lease": "claim", "leased_until": "claimed_until"}
"""Columns that have another name than the field."""

_OF_DIALOGUE = {
    "dialogue_id": "d.id",
    "namespace": "d.namespace",
    "dialogue_status": "d.status",
    "dialogue_last_seq": "d.last_seq",
}


class SummaryRow(StoredSummary, gc=False):
    """A summary as it is stored."""

    row_id: int
    dialogue: int
    """The row id of its dialogue."""


_COLUMNS = columns_of(
    SummaryRow,
    row_id="r.number",
    **_OF_DIALOGUE,
    **{field: f"r.{column}" for field, column in _NAMES.items()},
)
SELECT = f"SELECT {_COLUMNS} FROM summaries r JOIN dialogues d ON d.number = r.dialogue"
_ONE = f"{SELECT} WHERE r.project = ? AND r.id = ?"
_FIELDS = tuple(name for name in StoredSummary.__struct_fields__ if name not in _OF_DIALOGUE)
_STORED = tuple(_NAMES.get(name, name) for name in _FIELDS)
_INSERT = (
    f"INSERT INTO summaries (project, dialogue, {', '.join(_STORED)})"
    f" VALUES ({placeholders((*_STORED, 'project', 'dialogue'))})"
)
_UPDATE = f"UPDATE summaries SET {assignments(*_STORED)} WHERE number = ?"


def get(db: apsw.Connection, project: int, summary_id: str) -> SummaryRow | None:
    """Return a summary's row, if there is one."""
    row = db.execute(_ONE, (project, summary_id)).fetchone()
    return SummaryRow(*row) if row else None


def find_row(
    db: apsw.Connection, project: int, namespace: str | None, summary_id: str
) -> SummaryRow:
    """Return a summary's row; SummaryNotFound."""
    row = get(db, project, summary_id)
    if row is None:
        raise summary_not_found(summary_id)
    check_found(row, namespace)
    return row


def insert(db: apsw.Connection, project: int, dialogue: int, summary: StoredSummary) -> None:
    """Store a new summary."""
    db.execute(_INSERT, (project, dialogue, *_values(summary)))


def store(db: apsw.Connection, row_id: int, summary: StoredSummary) -> None:
    """Store a summary as it is after a change."""
    db.execute(_UPDATE, (*_values(summary), row_id))


def _values(summary: StoredSummary) -> tuple[object, ...]:
    return tuple(getattr(summary, name) for name in _FIELDS)


_END = """
    SELECT created, seq, id FROM messages WHERE dialogue = ?
    ORDER BY created {order}, seq {order} LIMIT 1
"""
_NAMED = "SELECT created, seq, id FROM messages WHERE dialogue = ? AND id = ?"
_WITHIN = "dialogue = ? AND (created, seq) >= (?, ?) AND (created, seq) <= (?, ?)"
_MEASURE = f"""
    SELECT count(*), coalesce(sum(seq), 0), coalesce(sum(tokens), 0) FROM messages WHERE {_WITHIN}
"""
_IS_SAME = f"""
    SELECT count(*) = ? AND coalesce(sum(seq), 0) = ? FROM messages WHERE {_WITHIN} AND seq <= ?
"""


def ends(
    db: apsw.Connection, dialogue: int, new: NewSummary
) -> tuple[MessageEnd, MessageEnd] | None:
    """Return the ends of the range that is asked for; MessageNotFound, InvalidRequest."""
    start = _end(db, dialogue, new.start_id, "asc")
    return range_ends(new, start, _end(db, dialogue, new.end_id, "desc"))


def measure(db: apsw.Connection, dialogue: int, last_seq: int, new: NewSummary) -> Range:
    """Return the range that is asked for, as it is now; MessageNotFound, InvalidRequest."""
    bounded = ends(db, dialogue, new)
    if bounded is None:
        return Range(None, last_seq)
    first, last = bounded
    bounds = (first.created, first.seq, last.created, last.seq)
    return Range(bounded, last_seq, *db.execute(_MEASURE, (dialogue, *bounds)).get)


def _end(
    db: apsw.Connection, dialogue: int, message_id: str | None, order: str
) -> MessageEnd | None:
    if message_id is None:
        row = db.execute(_END.format(order=order), (dialogue,)).fetchone()
    else:
        row = db.execute(_NAMED, (dialogue, message_id)).fetchone()
    return MessageEnd(*row) if row else None


def is_same(db: apsw.Connection, row: SummaryRow, last_seq: int) -> bool:
    """Tell whether the range of a summary still holds the messages that it was made of."""
    bounds = (row.dialogue, row.from_created, row.from_seq, row.to_created, row.to_seq)
    return bool(db.execute(_IS_SAME, (row.messages, row.seq_sum, *bounds, last_seq)).get)


_COVERING = f"""
    {SELECT} WHERE r.dialogue = ?1 AND (r.from_created, r.from_seq) <= (?2, ?3)
    AND (r.to_created, r.to_seq) >= (?2, ?3) AND r.last_seq >= ?3
"""
_LEFT_END = f"""
    SELECT created, seq, id FROM messages WHERE {_WITHIN} AND seq <= ?
    ORDER BY created {{order}}, seq {{order}} LIMIT 1
"""


def covering(db: apsw.Connection, dialogue: int, message: StoredMessage) -> list[SummaryRow]:
    """Return the summaries in whose range a message is."""
    rows = db.execute(_COVERING, (dialogue, message.created, message.seq))
    return [SummaryRow(*row) for row in rows]


def left_of(db: apsw.Connection, row: SummaryRow) -> Range:
    """Return what is left of the range of a summary."""
    bounds = (row.from_created, row.from_seq, row.to_created, row.to_seq)
    values = (row.dialogue, *bounds, row.last_seq)
    ends = [
        MessageEnd(*found)
        for order in ("asc", "desc")
        for found in db.execute(_LEFT_END.format(order=order), values)
    ]
    if not ends:
        return Range(None, row.last_seq)
    measured = db.execute(f"{_MEASURE} AND seq <= ?", values).get
    return Range((ends[0], ends[-1]), row.last_seq, *measured)


_SAME_RANGE = f"""
    {SELECT} WHERE r.dialogue = ?
    AND (r.from_created, r.from_seq, r.to_created, r.to_seq) = (?, ?, ?, ?)
    AND (r.messages, r.seq_sum) = (?, ?) ORDER BY r.number DESC
"""


def of_same_range(db: apsw.Connection, dialogue: int, covered: Range) -> list[SummaryRow]:
    """Return a dialogue's summaries of the same messages, the newest first."""
    if covered.ends is None:
        return []
    first, last = covered.ends
    bounds = (first.created, first.seq, last.created, last.seq)
    rows = db.execute(_SAME_RANGE, (dialogue, *bounds, covered.messages, covered.seq_sum))
    return [SummaryRow(*row) for row in rows]


def newest(db: apsw.Connection, dialogue: int) -> str | None:
    """Return the id of a dialogue's newest summary."""
    found = "SELECT id FROM summaries WHERE dialogue = ? ORDER BY number DESC LIMIT 1"
    summary_id: str | None = db.execute(found, (dialogue,)).get
    return summary_id


def template_prompt(db: apsw.Connection, project: int, name: str | None) -> str | None:
    """Return a template's prompt; None when there is no such template."""
    if name is None:
        return None
    found = "SELECT prompt FROM templates WHERE project = ? AND name = ?"
    prompt: str | None = db.execute(found, (project, name)).get
    return prompt


def messages_of(row: SummaryRow, window: Window) -> SelectBuilder:
    """Return the SELECT of the messages that a summary covers."""
    query = SelectBuilder(message_rows.SELECT, ("r.created", "r.seq"), window)
    query.fixed["r.dialogue"] = row.dialogue
    # A later page's own bound takes the place of the range's, or each page would begin with that.
    if window.after is None or window.order == "desc":
        query.add("(r.created, r.seq) >= (?, ?)", row.from_created, row.from_seq)
    if window.after is None or window.order == "asc":
        query.add("(r.created, r.seq) <= (?, ?)", row.to_created, row.to_seq)
    query.add("r.seq <= ?", row.last_seq)
    return query
