"""The background work on summaries, put together and kept running."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dialoguedb.bootstrap.background_tasks import running
from dialoguedb.bootstrap.ids import Ids
from dialoguedb.bootstrap.summarizers import chosen_summarizer
from dialoguedb.bootstrap.tokens import count_tokens
from dialoguedb.ports.summaries import SummaryJobs
from dialoguedb.service.making import Budgets, Maker
from dialoguedb.service.summaries import Workshop
from dialoguedb.service.summarizing import Around, Summarizing, SummaryMeter
from dialoguedb.settings import Settings
from dialoguedb.values import timestamps


@asynccontextmanager
async def summarizing(
    store: SummaryJobs, settings: Settings, meter: SummaryMeter | None = None
) -> AsyncIterator[Workshop]:
    """Make the summaries that are asked for; InvalidSetting."""
    summarizer = chosen_summarizer(settings)
    work = Summarizing(Maker(store, summarizer, count_tokens, _budgets(settings)), _around(meter))
    try:
        async with running(work.run()):
            yield Workshop(summarizer.name, summarizer.model, work.wake, work.drop)
    finally:
        await summarizer.close()


def _around(meter: SummaryMeter | None) -> Around:
    return Around(
        clock=timestamps.now,
        new_id=Ids(),
        sleep=asyncio.sleep,
        random=random.random,
        meter=meter,
    )


def _budgets(settings: Settings) -> Budgets:
    return Budgets(
        chunk_tokens=settings.summarizer_chunk_tokens,
        summary_tokens=settings.summarizer_tokens,
        parallel=settings.summarizer_parallel,
    )
