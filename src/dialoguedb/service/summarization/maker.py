"""Makes one summary: of the former summary and new chunks, map-reduce when there are several."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from functools import partial

from msgspec import Struct

from dialoguedb.errors import SummarizerRefused, SummarizerUnavailable
from dialoguedb.model.recipe import Recipe
from dialoguedb.model.summaries import LLMUsage, SummaryResult
from dialoguedb.model.templates import BUILT_IN, PromptValues, fill_prompt
from dialoguedb.ports.summaries import (
    CombineRequest,
    Former,
    Job,
    Summarizer,
    SummaryJobs,
    SummaryRequest,
    SummaryText,
    SummaryTurn,
)
from dialoguedb.ports.tokens import TokenCounter
from dialoguedb.service.summarization.chunks import Chunks, MessageCounts

_PARTS = "(The conversation is long. These are summaries of its parts, in their order.)\n\n"


class Budgets(Struct, frozen=True):
    """Tokens of one request to a summarizer, and of its response."""

    chunk_tokens: int = 12_000
    summary_tokens: int = 2_000
    parallel: int = 4
    """The most concurrent requests, and the most summaries in progress."""


class SummaryMaker:
    """Makes the summaries of jobs."""

    def __init__(
        self, store: SummaryJobs, summarizer: Summarizer, count: TokenCounter, budgets: Budgets
    ) -> None:
        self.store = store
        self.summarizer = summarizer
        self.count = count
        self.budgets = budgets
        self.chunks = Chunks(store, count, budgets.chunk_tokens)
        self.limiter = asyncio.Semaphore(budgets.parallel)
        """Bounds the requests of all summaries in progress."""

    async def make(self, job: Job, usage: LLMUsage) -> SummaryResult:
        """Make a summary, recording its usage; SummarizerUnavailable, SummarizerRefused."""
        return await _SummaryRun(self, job, usage).make()


class _SummaryRun:
    """One summary in progress."""

    def __init__(self, maker: SummaryMaker, job: Job, usage: LLMUsage) -> None:
        self._maker = maker
        self._job = job
        self._usage = usage
        self._counts = MessageCounts()
        self._tokens_max = maker.budgets.summary_tokens

    async def make(self) -> SummaryResult:
        former = await self._maker.store.former(self._job, self._recipe())
        if former and former.until == self._job.until:
            return await self._outcome(former.content, 0, former)
        after = former.until if former else None
        previous = former.content if former else None
        chunks = self._maker.chunks.of(self._job, after, self._counts)
        first, second = await anext(chunks, None), await anext(chunks, None)
        if first is None:
            return await self._outcome(previous, 0, former)
        if second is None:
            return await self._outcome(await self._summarize(first, previous), 1, former)
        parts = await self._map([first, second], chunks)
        content = await self._combine(parts, previous)
        return await self._outcome(content, len(parts), former)

    async def _outcome(
        self, content: str | None, chunks: int, former: Former | None
    ) -> SummaryResult:
        text = (content or "").replace("\0", " ").strip().encode("utf-8", "replace").decode()
        return SummaryResult(
            provider=self._maker.summarizer.name,
            model=self._maker.summarizer.model,
            content=text or None,
            content_tokens=await asyncio.to_thread(self._maker.count, text) if text else 0,
            summarized=self._counts.summarized + (former.summarized if former else 0),
            skipped=self._counts.skipped + (former.skipped if former else 0),
            chunks=chunks,
            previous=former.id if former else None,
        )

    async def _map(
        self, begun: Sequence[Sequence[SummaryTurn]], rest: AsyncIterator[Sequence[SummaryTurn]]
    ) -> list[str]:
        """Map: summarize each chunk by itself, a few at a time; return the summaries in order."""
        tasks: list[asyncio.Task[str]] = []
        room = asyncio.Semaphore(self._maker.budgets.parallel)  # or all chunks would be in memory

        async def one(chunk: Sequence[SummaryTurn]) -> str:
            try:
                return await self._summarize(chunk, None)
            finally:
                room.release()

        try:
            async with asyncio.TaskGroup() as group:
                for chunk in begun:
                    await room.acquire()
                    tasks.append(group.create_task(one(chunk)))
                async for chunk in rest:
                    await room.acquire()
                    tasks.append(group.create_task(one(chunk)))
        except ExceptionGroup as failed:
            raise _decisive(failed) from failed
        return [task.result() for task in tasks]

    async def _combine(self, parts: Sequence[str], previous: str | None) -> str:
        """Reduce: combine the summaries into one, in rounds while they exceed one request."""
        parts = [part for part in parts if part.strip()]
        while parts:
            groups = self._groups(parts)
            if len(groups) == 1:
                break
            try:
                async with asyncio.TaskGroup() as tasks:
                    summary = [tasks.create_task(self._join(group, None)) for group in groups]
            except ExceptionGroup as failed:
                raise _decisive(failed) from failed
            parts = [task.result() for task in summary]
        if not parts:
            return previous or ""
        if len(parts) == 1 and previous is None:
            return parts[0]
        return await self._join(parts, previous)

    def _groups(self, parts: Sequence[str]) -> list[list[str]]:
        """Group neighbours that fit into one request; at least two, so that rounds end."""
        groups: list[list[str]] = []
        room = 0
        for part in parts:
            tokens = self._maker.count(part)
            if groups and (tokens <= room or len(groups[-1]) < 2):  # noqa: PLR2004 - a pair
                groups[-1].append(part)
            else:
                groups.append([part])
                room = self._maker.budgets.chunk_tokens
            room -= tokens
        return groups

    async def _join(self, parts: Sequence[str], previous: str | None) -> str:
        if len(parts) == 1 and previous is None:
            return parts[0]
        text, values = self._prompt()

        def prompt(messages: str, before: str | None) -> str:
            return fill_prompt(text, values, _PARTS + messages, before)

        request = CombineRequest(
            parts=parts, previous=previous, prompt=prompt, tokens_max=self._tokens_max
        )
        async with self._maker.limiter:
            return await self._recording_usage(self._maker.summarizer.combine(request))

    async def _summarize(self, turns: Sequence[SummaryTurn], previous: str | None) -> str:
        request = SummaryRequest(
            turns=turns,
            previous=previous,
            prompt=partial(fill_prompt, *self._prompt()),
            tokens_max=self._tokens_max,
        )
        async with self._maker.limiter:
            return await self._recording_usage(self._maker.summarizer.summarize(request))

    def _recipe(self) -> Recipe:
        """Return the recipe: with the summarizer of this process, whichever one was requested."""
        by = self._maker.summarizer
        return Recipe(by.name, by.model, self._job.instructions, self._job.prompt)

    def _prompt(self) -> tuple[str, PromptValues]:
        values = PromptValues(self._job.instructions, self._job.label, self._tokens_max)
        return self._job.prompt or BUILT_IN, values

    async def _recording_usage(self, call: Awaitable[SummaryText]) -> str:
        """Record the usage, also when it fails."""
        try:
            summary = await call
        except (SummarizerRefused, SummarizerUnavailable) as error:
            self._usage.add(LLMUsage(*error.took))
            raise
        self._usage.add(LLMUsage(summary.input_tokens, summary.output_tokens, summary.calls))
        return summary.content


def _decisive(failed: "ExceptionGroup[Exception]") -> Exception:
    """Return the error that decides what happens next: a permanent one if there is any."""
    refused = (one for one in failed.exceptions if isinstance(one, SummarizerRefused))
    return next(refused, failed.exceptions[0])
