# Generated from dialoguedb.client.aio by `make sync`; change it there.
"""Waiting for what is made in the background."""

import time

from dialoguedb.client.occasions import pause
from dialoguedb.client.records import SummaryRecord
from dialoguedb.client.sync.api import Api

_FIRST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 1.0


def until_done(api: Api, summary: SummaryRecord, wait_s: float) -> SummaryRecord:
    """Return a summary when it is made or has failed, or as it is when the time is over."""
    deadline, pause_s = time.monotonic() + wait_s, _FIRST_PAUSE_S
    while summary.status == "processing" and time.monotonic() < deadline:
        pause(pause_s)
        pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
        summary = api.summary.get(summary.id, namespace=summary.namespace or "")
    return summary
