"""Auto-compaction in the transaction of an append: its room, and the summary when it is due.

The append has the dialogue locked, and so nobody else stores a summary of it meanwhile.
"""

from collections.abc import Sequence

from msgspec import structs

from dialoguedb.errors import QuotaExceeded
from dialoguedb.model.messages import Message
from dialoguedb.model.projects import AutoCompact, Project
from dialoguedb.model.rules import auto_compact
from dialoguedb.model.rules.auto_compact import Room, Sums, Tail
from dialoguedb.model.rules.messages import AppendPlan, StoredMessage
from dialoguedb.model.rules.summaries import Range, SummariesStored, plan_creation
from dialoguedb.model.rules.usage import usage_of
from dialoguedb.model.summaries import NewSummary
from dialoguedb.model.writes import CompactionRequest, WriteOptions
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.connection.writer import Transaction
from dialoguedb.store.postgres.rows import dialogue_rows, message_rows, summary_rows
from dialoguedb.store.postgres.rows.dialogue_rows import DialogueRow
from dialoguedb.store.postgres.rows.summary_rows import SUMS, SummaryRow
from dialoguedb.store.postgres.search_index.index import RowRef

_AFTER = f"""
    SELECT {SUMS} FROM messages WHERE part = $1 AND dialogue = $2 AND (created, seq) > ($3, $4)
"""
_TAIL = """
    SELECT coalesce(sum(tokens), 0)::bigint, count(*) FILTER (WHERE seq > $5) FROM messages
    WHERE part = $1 AND dialogue = $2 AND (created, seq) > ($3, $4)
"""
_LAST_SEQ = "SELECT last_seq FROM dialogues WHERE part = $1 AND number = $2"
_COME_SINCE = """
    SELECT coalesce(sum(tokens), 0)::bigint FROM messages
    WHERE part = $1 AND dialogue = $2 AND (created, seq) <= ($3, $4) AND seq > $5
"""
# One with instructions tells what somebody wanted to know once, not how the conversation went.
_WHOLE = """
    part = $1 AND dialogue = $2 AND start_id IS NULL AND to_created IS NOT NULL
    AND instructions IS NULL
"""
_COVERED_UNTIL = f"""
    SELECT number, to_created, to_seq, last_seq, tokens FROM summaries
    WHERE {_WHOLE} AND status <> 'failed' ORDER BY number DESC LIMIT 1
"""
_FAILED = f"""
    SELECT count(*), coalesce(max(modified), '') FROM summaries
    WHERE {_WHOLE} AND status = 'failed' AND number > $3
"""
_USE_ROOM = """
    UPDATE compaction_room SET tokens = tokens - $3 WHERE part = $1 AND dialogue = $2
    RETURNING tokens, above_tokens
"""
_SET_ROOM = """
    INSERT INTO compaction_room (part, dialogue, tokens, above_tokens) VALUES ($1, $2, $3, $4)
    ON CONFLICT (part, dialogue) DO UPDATE
    SET tokens = excluded.tokens, above_tokens = excluded.above_tokens
"""
_FORGET_ROOM = "DELETE FROM compaction_room WHERE part = $1 AND dialogue = $2"
_LAST = f"""
    {message_rows.SELECT} WHERE r.part = $1 AND r.dialogue = $2
    ORDER BY r.created DESC, r.seq DESC LIMIT $3
"""


async def compact(
    db: Transaction,
    of: tuple[Project, int],
    dialogue: RowRef,
    plan: AppendPlan | None,
    options: WriteOptions,
) -> bool:
    """Store what an append means for compaction; returns whether that is a summary to be made.

    It refuses nothing: what the quota does not allow is left out.
    """
    limits, request = of[0].settings.auto_compact, options.compaction
    if limits is None or request is None or plan is None or not plan.new:
        return False
    row = await db.row(_USE_ROOM, *dialogue, sum(message.tokens for message in plan.new))
    if row is not None and not auto_compact.is_due(Room(*row), limits):
        return False
    new, room = await _look(db, limits, dialogue, options.now)
    is_stored = new is not None and await _summarize(db, of, dialogue, (new, request, options.now))
    if new is not None and not is_stored:
        room = auto_compact.uncut_room(limits)
    await db.execute(_SET_ROOM, *dialogue, room.tokens, room.limit)
    return is_stored


async def _look(
    db: Connection, limits: AutoCompact, dialogue: RowRef, now: str
) -> tuple[NewSummary | None, Room]:
    """Return the summary that a due dialogue is to have, if any, and its room from then on."""
    tail = await tail_of(db, dialogue)
    room = auto_compact.room_of(limits, tail, now)
    if room is not None:
        return None, room
    last = await _last_messages(db, dialogue, auto_compact.messages_read(limits))
    return auto_compact.cut(limits, tail, last)


async def _last_messages(db: Connection, dialogue: RowRef, count: int) -> Sequence[Message]:
    """Return a dialogue's last messages, oldest first."""
    rows = await db.rows(_LAST, *dialogue, count)
    return [StoredMessage(*row).to_message("", "") for row in reversed(rows)]


async def _summarize(
    db: Transaction,
    of: tuple[Project, int],
    dialogue: RowRef,
    planned: tuple[NewSummary, CompactionRequest, str],
) -> bool:
    """Store a pending summary; False when the range has one already or the quota forbids it."""
    new, request, now = planned
    new = structs.replace(new, id=request.summary_id)
    row = await dialogue_rows.of_row_id(db, dialogue)
    covered = await _measure(db, row, new)
    stored = SummariesStored(
        None,
        await summary_rows.of_same_range(db, dialogue, covered),
        await summary_rows.newest(db, dialogue),
    )
    options = WriteOptions(now)
    summary = plan_creation(row, new, (covered, request.recipe), stored, options)
    if isinstance(summary, SummaryRow):
        return False
    try:
        await db.usage.record(db, of, usage_of(options, stored_bytes=new.stored_bytes), options)
    except QuotaExceeded:
        return False
    await summary_rows.insert(db, of[1], dialogue, summary)
    return True


async def _measure(db: Connection, dialogue: DialogueRow, new: NewSummary) -> Range:
    """Return the range of a new summary, without reading the part that a former one covers."""
    ends = await summary_rows.ends(db, dialogue.ref, new)
    if ends is None or dialogue.total_messages != dialogue.last_seq:
        return await summary_rows.measure(db, dialogue.ref, dialogue.last_seq, new)
    covering = await db.row(_COVERED_UNTIL, *dialogue.ref)
    tail = await tail_of(db, dialogue.ref)
    all_tokens = tail.tokens + (covering[-1] if covering else 0)
    after = Sums(*(await db.row(_AFTER, *dialogue.ref, *ends[1][:2]) or ()))
    sums = auto_compact.covered_sums(dialogue.last_seq, all_tokens, after)
    return Range(ends, dialogue.last_seq, *sums)


async def forget_room(db: Connection, dialogue: RowRef) -> None:
    """Have the next append look at a dialogue, of which a summary covers nothing any more."""
    await db.execute(_FORGET_ROOM, *dialogue)


async def tail_of(db: Connection, dialogue: RowRef) -> Tail:
    """Return what the newest summary from the dialogue's beginning, made or not, leaves out."""
    covering = await db.row(_COVERED_UNTIL, *dialogue)
    row_id, created, seq, last_seq, _ = covering or (0, "", 0, 0, 0)
    failures, failed = await db.row(_FAILED, *dialogue, row_id) or (0, "")
    tokens, arrived = await db.row(_TAIL, *dialogue, created, seq, last_seq) or (0, 0)
    # When all that has arrived since stands behind it, the long range itself need not be searched.
    if row_id and arrived != await db.value(_LAST_SEQ, *dialogue) - last_seq:
        tokens += await db.value(_COME_SINCE, *dialogue, created, seq, last_seq)
    return Tail(tokens, await summary_rows.newest(db, dialogue), failures, failed)
