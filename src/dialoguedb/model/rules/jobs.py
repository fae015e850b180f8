"""Summaries that are to be made: leased, completed, failed, postponed.

Each rule returns the summary as it is to be stored. Those for the holder of a lease return None
when the lease is lost: it ran out and another took it, or the summary has ended.
"""

from msgspec import structs

from dialoguedb.model.recipe import Recipe
from dialoguedb.model.rules.summaries import StoredSummary, recipe_of
from dialoguedb.model.summaries import LLMUsage, SummaryResult


def is_due(summary: StoredSummary, now: str) -> bool:
    """Tell whether a summary can be leased, as far as it is for itself to say.

    Of one dialogue they are made one after another, so that each can build on the one before, and
    none is made twice: one whose dialogue has an older one in processing is passed over. Of those
    that are left, the one that is due first is leased.
    """
    return summary.status == "processing" and max(summary.due, summary.leased_until) <= now


def lease(summary: StoredSummary, lease_id: str, until: str) -> StoredSummary:
    """Lease a summary; a lease that ran out counts as an attempt, for its holder may have died."""
    # Whoever ends lets go of the lease, so one that is there ran out.
    attempts = summary.attempts + (summary.lease is not None)
    return structs.replace(summary, lease=lease_id, leased_until=until, attempts=attempts)


def renew(summary: StoredSummary | None, lease_id: str, until: str) -> StoredSummary | None:
    """Hold a lease longer."""
    held = _held(summary, lease_id)
    return held and structs.replace(held, leased_until=until)


def complete(
    summary: StoredSummary | None, lease_id: str, outcome: SummaryResult, spent: LLMUsage, now: str
) -> StoredSummary | None:
    """Store what was made."""
    held = _held(summary, lease_id)
    return held and _released(
        held,
        spent,
        status="completed",
        content=outcome.content,
        content_tokens=outcome.content_tokens,
        summarized=outcome.summarized,
        skipped=outcome.skipped,
        chunks=outcome.chunks,
        previous=outcome.previous,
        provider=outcome.provider,
        model=outcome.model,
        error=None,
        completed_seq=held.dialogue_last_seq,
        modified=max(held.modified, now),
    )


def stored_bytes(outcome: SummaryResult) -> int:
    """Return what a made summary uses; no quota keeps what was begun from being completed."""
    return len((outcome.content or "").encode())


def fail(
    summary: StoredSummary | None, lease_id: str, error: str, spent: LLMUsage, now: str
) -> StoredSummary | None:
    """Give a summary up."""
    held = _held(summary, lease_id)
    return held and _released(
        held, spent, status="failed", error=error, modified=max(held.modified, now)
    )


def postpone(
    summary: StoredSummary | None, lease_id: str, due: str, spent: LLMUsage, *, failed: bool
) -> StoredSummary | None:
    """Let go of a summary until it is due; it counts as an attempt when it failed."""
    held = _held(summary, lease_id)
    return held and _released(held, spent, due=due, attempts=held.attempts + failed)


def _held(summary: StoredSummary | None, lease_id: str) -> StoredSummary | None:
    if summary is None or summary.lease != lease_id or summary.status != "processing":
        return None
    return summary


def _released(held: StoredSummary, spent: LLMUsage, **changes: object) -> StoredSummary:
    return structs.replace(
        held,
        input_tokens=held.input_tokens + spent.input_tokens,
        output_tokens=held.output_tokens + spent.output_tokens,
        calls=held.calls + spent.calls,
        lease=None,
        leased_until="",
        **changes,
    )


def can_build_on(former: StoredSummary, summary: StoredSummary, recipe: Recipe) -> bool:
    """Tell whether a summary to be made by a recipe can build on a former one of its dialogue.

    If so, and if the messages of the former are still the same, only those behind it are read.
    """
    return (
        former.status == "completed"
        and former.id != summary.id
        and former.messages > 0
        and (former.from_created, former.from_seq) == (summary.from_created, summary.from_seq)
        and former.end <= summary.end
        and recipe_of(former) == recipe
    )
