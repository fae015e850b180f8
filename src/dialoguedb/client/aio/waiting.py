"""Waiting for what is made in the background."""

import time

from dialoguedb.client.aio.api import AsyncApi
from dialoguedb.client.occasions import async_pause
from dialoguedb.client.records import SummaryRecord

_FIRST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 1.0


async def until_done(api: AsyncApi, summary: SummaryRecord, wait_s: float) -> SummaryRecord:
    """Return a summary when it is made or has failed, or as it is when the time is over."""
    deadline, pause_s = time.monotonic() + wait_s, _FIRST_PAUSE_S
    while summary.status == "processing" and time.monotonic() < deadline:
        await async_pause(pause_s)
        pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
        summary = await api.summary.get(summary.id, namespace=summary.namespace or "")
    return summary
