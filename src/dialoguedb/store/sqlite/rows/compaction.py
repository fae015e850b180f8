"""Auto-compaction in the transaction of an append: its room, and the summary when it is due."""

from collections.abc import Sequence

import apsw
from msgspec import structs

from dialoguedb.errors import QuotaExceeded
from dialoguedb.model.messages import Message
from dialoguedb.model.projects import Project
from dialoguedb.model.rules import auto_compact
from dialoguedb.model.rules.auto_compact import Room, Sums, Tail
from dialoguedb.model.rules.messages import AppendPlan, StoredMessage
from dialoguedb.model.rules.summaries import Range, SummariesStored, plan_creation
from dialoguedb.model.rules.usage import usage_of
from dialoguedb.model.summaries import NewSummary
from dialoguedb.model.writes import CompactionRequest, WriteOptions
from dialoguedb.store.sqlite.connection.usage import UsageLog
from dialoguedb.store.sqlite.rows import dialogue_rows, message_rows, summary_rows
from dialoguedb.store.sqlite.rows.dialogue_rows import DialogueRow
from dialoguedb.store.sqlite.rows.summary_rows import SummaryRow

_AFTER = """
    SELECT count(*), coalesce(sum(seq), 0), coalesce(sum(tokens), 0) FROM messages
    WHERE dialogue = ? AND (created, seq) > (?, ?)
"""
_TAIL = """
    SELECT coalesce(sum(tokens), 0), count(*) FILTER (WHERE seq > ?) FROM messages
    WHERE dialogue = ? AND (created, seq) > (?, ?)
"""
_LAST_SEQ = "SELECT last_seq FROM dialogues WHERE number = ?"
_COME_SINCE = """
    SELECT coalesce(sum(tokens), 0) FROM messages
    WHERE dialogue = ? AND (created, seq) <= (?, ?) AND seq > ?
"""
# One with instructions tells what somebody wanted to know once, not how the conversation went.
_WHOLE = "dialogue = ? AND start_id IS NULL AND to_created IS NOT NULL AND instructions IS NULL"
_COVERED_UNTIL = f"""
    SELECT number, to_created, to_seq, last_seq, tokens FROM summaries
    WHERE {_WHOLE} AND status <> 'failed' ORDER BY number DESC LIMIT 1
"""
_FAILED = f"""
    SELECT count(*), coalesce(max(modified), '') FROM summaries
    WHERE {_WHOLE} AND status = 'failed' AND number > ?
"""
_GET_ROOM = "SELECT tokens, above_tokens FROM compaction_room WHERE dialogue = ?"
_SET_ROOM = """
    INSERT INTO compaction_room (dialogue, tokens, above_tokens) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET tokens = excluded.tokens, above_tokens = excluded.above_tokens
"""
_LAST = f"{message_rows.SELECT} WHERE r.dialogue = ? ORDER BY r.created DESC, r.seq DESC LIMIT ?"


class CompactionRows:
    """Implements `auto_compact.CompactionSource`."""

    def __init__(self, db: apsw.Connection, dialogue: int) -> None:
        self._db = db
        self._dialogue = dialogue

    def tail(self) -> Tail:
        """Return what no summary from the dialogue's beginning covers."""
        return tail_of(self._db, self._dialogue)

    def last_messages(self, count: int) -> Sequence[Message]:
        """Return its last messages, oldest first."""
        rows = [*self._db.execute(_LAST, (self._dialogue, count))]
        return [StoredMessage(*row).to_message("", "") for row in reversed(rows)]


def compact(
    db: apsw.Connection,
    of: tuple[Project, int],
    dialogue: int,
    plan: AppendPlan | None,
    options: WriteOptions,
    usage: UsageLog,
) -> bool:
    """Store what an append means for compaction; returns whether that is a summary to be made.

    It refuses nothing: what the quota does not allow is left out.
    """
    limits, request = of[0].settings.auto_compact, options.compaction
    if limits is None or request is None or plan is None or not plan.new:
        return False
    row = db.execute(_GET_ROOM, (dialogue,)).fetchone()
    room = Room(*row).less(sum(message.tokens for message in plan.new)) if row else None
    new = None
    if room is None or auto_compact.is_due(room, limits):
        new, room = auto_compact.look(limits, CompactionRows(db, dialogue), options.now)
    is_stored = new is not None and _summarize(db, of, dialogue, (new, request, options.now), usage)
    if new is not None and not is_stored:
        room = auto_compact.uncut_room(limits)
    db.execute(_SET_ROOM, (dialogue, room.tokens, room.limit))
    return is_stored


def _summarize(
    db: apsw.Connection,
    of: tuple[Project, int],
    dialogue: int,
    planned: tuple[NewSummary, CompactionRequest, str],
    usage: UsageLog,
) -> bool:
    """Store a pending summary; False when the range has one already or the quota forbids it."""
    new, request, now = planned
    new = structs.replace(new, id=request.summary_id)
    row = dialogue_rows.of_row_id(db, dialogue)
    covered = _measure(db, row, new)
    stored = SummariesStored(
        None,
        summary_rows.of_same_range(db, dialogue, covered),
        summary_rows.newest(db, dialogue),
    )
    options = WriteOptions(now)
    summary = plan_creation(row, new, (covered, request.recipe), stored, options)
    if isinstance(summary, SummaryRow):
        return False
    try:
        usage.record(db, of, usage_of(options, stored_bytes=new.stored_bytes), options)
    except QuotaExceeded:
        return False
    summary_rows.insert(db, of[1], dialogue, summary)
    return True


def _measure(db: apsw.Connection, dialogue: DialogueRow, new: NewSummary) -> Range:
    """Return the range of a new summary, without reading the part that a former one covers."""
    ends = summary_rows.ends(db, dialogue.row_id, new)
    if ends is None or dialogue.total_messages != dialogue.last_seq:
        return summary_rows.measure(db, dialogue.row_id, dialogue.last_seq, new)
    covering = db.execute(_COVERED_UNTIL, (dialogue.row_id,)).fetchone()
    all_tokens = tail_of(db, dialogue.row_id).tokens + (covering[-1] if covering else 0)
    after = Sums(*db.execute(_AFTER, (dialogue.row_id, *ends[1][:2])).get)
    sums = auto_compact.covered_sums(dialogue.last_seq, all_tokens, after)
    return Range(ends, dialogue.last_seq, *sums)


def forget_room(db: apsw.Connection, dialogue: int) -> None:
    """Have the next append look at a dialogue, of which a summary covers nothing any more."""
    db.execute("DELETE FROM compaction_room WHERE dialogue = ?", (dialogue,))


def tail_of(db: apsw.Connection, dialogue: int) -> Tail:
    """Return what the newest summary from the dialogue's beginning, made or not, leaves out."""
    covering = db.execute(_COVERED_UNTIL, (dialogue,)).fetchone()
    row_id, created, seq, last_seq, _ = covering or (0, "", 0, 0, 0)
    failures, failed = db.execute(_FAILED, (dialogue, row_id)).get
    tokens, arrived = db.execute(_TAIL, (last_seq, dialogue, created, seq)).get
    # When all that has arrived since stands behind it, the long range itself need not be searched.
    if row_id and arrived != db.execute(_LAST_SEQ, (dialogue,)).get - last_seq:
        tokens += db.execute(_COME_SINCE, (dialogue, created, seq, last_seq)).get
    return Tail(tokens, summary_rows.newest(db, dialogue), failures, failed)
