"""What becomes of a summary when a message that it may repeat is deleted."""

from msgspec import structs

from dialoguedb.model.rules.messages import StoredMessage
from dialoguedb.model.rules.summaries import NOT_MADE, Range, StoredSummary, covers


def quotes(summary: StoredSummary, message: StoredMessage) -> bool:
    """Tell whether a summary may repeat a message, or is being made of it.

    One that nobody has begun will be made of what is there by then.
    """
    is_begun = summary.status != "processing" or summary.lease is not None
    return is_begun and covers(summary, message)


def without_deleted(summary: StoredSummary, left: Range, now: str) -> StoredSummary:
    """Return a summary that is to be made again, of what is left of its range.

    Whoever is making it loses the lease, and with it what was made of the deleted message.
    """
    start, end = left.ends or (None, None)
    nothing = None if left.messages else 0
    return structs.replace(
        summary,
        status="processing" if left.messages else "completed",
        completed_seq=None if left.messages else summary.dialogue_last_seq,
        from_created=start and start.created,
        from_seq=start and start.seq,
        from_id=start and start.id,
        to_created=end and end.created,
        to_seq=end and end.seq,
        to_id=end and end.id,
        messages=left.messages,
        seq_sum=left.seq_sum,
        tokens=left.tokens,
        summarized=nothing,
        skipped=nothing,
        chunks=nothing,
        modified=max(summary.modified, now),
        due=now,
        **NOT_MADE,
    )
