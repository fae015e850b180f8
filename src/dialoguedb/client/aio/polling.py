"""Waits for summaries, which the server makes in the background."""

import time

from dialoguedb.client.aio.api import AsyncApi
from dialoguedb.client.records import SummaryRecord
from dialoguedb.client.transport.execution import async_sleep

_FIRST_INTERVAL_S = 0.02
_LONGEST_INTERVAL_S = 1.0


async def completed_summary(api: AsyncApi, summary: SummaryRecord, wait_s: float) -> SummaryRecord:
    """Return a summary when it is completed or has failed; after `wait_s`, as it is then."""
    deadline, interval_s = time.monotonic() + wait_s, _FIRST_INTERVAL_S
    while summary.status == "processing" and time.monotonic() < deadline:
        await async_sleep(interval_s)
        interval_s = min(interval_s * 2, _LONGEST_INTERVAL_S)
        summary = await api.summary.get(summary.id, namespace=summary.namespace or "")
    return summary
