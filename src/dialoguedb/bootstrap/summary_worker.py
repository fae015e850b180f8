"""The background work on summaries, put together and kept running."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dialoguedb.bootstrap.background_tasks import running
from dialoguedb.bootstrap.summarizers import chosen_summarizer
from dialoguedb.embed.tokens import count_tokens
from dialoguedb.ports.statistics import SummaryMeter
from dialoguedb.ports.summaries import SummaryJobs
from dialoguedb.service.ids import IdGenerator
from dialoguedb.service.summarization.maker import Budgets, SummaryMaker
from dialoguedb.service.summarization.worker import SummaryWorker, WorkerEnvironment
from dialoguedb.service.summary_worker_handle import SummaryWorkerHandle
from dialoguedb.settings import Settings
from dialoguedb.values import timestamps


@asynccontextmanager
async def summarizing(
    store: SummaryJobs, settings: Settings, meter: SummaryMeter | None = None
) -> AsyncIterator[SummaryWorkerHandle]:
    """Make the summaries that are asked for; InvalidSetting."""
    summarizer = chosen_summarizer(settings)
    work = SummaryWorker(
        SummaryMaker(store, summarizer, count_tokens, _budgets(settings)), _around(meter)
    )
    try:
        async with running(work.run()):
            yield SummaryWorkerHandle(summarizer.name, summarizer.model, work.wake, work.drop)
    finally:
        await summarizer.close()


def _around(meter: SummaryMeter | None) -> WorkerEnvironment:
    return WorkerEnvironment(
        clock=timestamps.now,
        new_id=IdGenerator(time.time_ns),
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
