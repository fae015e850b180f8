"""A summarizer that does as the test says, and the work that asks it."""

import asyncio
import random
import time
from contextlib import asynccontextmanager, suppress

from dialoguedb.model.summaries import LLMUsage
from dialoguedb.ports.summaries import SummaryText
from dialoguedb.service.ids import IdGenerator
from dialoguedb.service.summarization.maker import Budgets, SummaryMaker
from dialoguedb.service.summarization.worker import SummaryWorker, WorkerEnvironment


def words(text):
    """Count the words of a text, which are this test's tokens."""
    return len(text.split())


class Scripted:
    """Answers with what it was asked; the next in its script first, which may be an error."""

    name = "scripted"
    model = "m-1"

    def __init__(self):
        self.requests = []
        self.input_tokens = 10
        self.script = []
        self.asking = 0
        self.asking_max = 0
        self.begun = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()

    async def summarize(self, request):
        text = ", ".join(turn.text for turn in request.turns)
        prompt = request.prompt(text, request.previous)
        return await self._answer("summarize", f"[{text}]", request, prompt)

    async def combine(self, request):
        text = " + ".join(request.parts)
        prompt = request.prompt(text, request.previous)
        return await self._answer("combine", f"<{text}>", request, prompt)

    async def close(self):
        pass

    async def _answer(self, operation, text, request, prompt):
        self.requests.append((operation, request, prompt))
        self.asking += 1
        self.asking_max = max(self.asking, self.asking_max)
        self.begun.set()
        try:
            await asyncio.sleep(0)  # lets others ask meanwhile
            await self.open.wait()
        finally:
            self.asking -= 1
        if self.script:
            raise self.script.pop(0)
        content = f"{request.previous} then {text}" if request.previous else text
        return SummaryText(
            content=content, input_tokens=self.input_tokens, output_tokens=3, calls=1
        )


class Ends:
    """Notes how the making of summaries ended."""

    def __init__(self):
        self.ends = []
        self.running = 0
        self.spent = LLMUsage()
        self._changed = asyncio.Event()

    def summarizing(self, running):
        self.running = running
        self._changed.set()

    def summarized(self, end, spent):
        self.ends.append(end)
        self.spent.add(spent)
        self._changed.set()

    async def until(self, holds):
        async with asyncio.timeout(60):
            while not holds(self):
                self._changed.clear()
                await self._changed.wait()


class Work:
    """The background work on a store, with a summarizer of the test's."""

    def __init__(self, store, clock, **budgets):
        self.summarizer = Scripted()
        self.ends = Ends()
        maker = SummaryMaker(store.jobs, self.summarizer, words, Budgets(**budgets))
        self.around = WorkerEnvironment(
            clock=clock,
            new_id=IdGenerator(time.time_ns),
            sleep=asyncio.sleep,
            random=random.random,
            meter=self.ends,
        )
        self.summarizing = SummaryWorker(maker, self.around)

    @asynccontextmanager
    async def going_on(self):
        """Work as long as the block lasts."""
        task = asyncio.create_task(self.summarizing.run())
        try:
            yield self
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def until(self, *ends):
        """Wait until that many have ended, and these ways."""
        await self.ends.until(lambda seen: len(seen.ends) >= len(ends) and not seen.running)
        assert sorted(self.ends.ends) == sorted(ends)

    async def do(self, *ends):
        """Work until that many have ended, and these ways."""
        self.ends.ends.clear()
        async with self.going_on():
            await self.until(*ends)

    @property
    def texts(self):
        """The texts of every request, each with its operation."""
        return [
            (name, [turn.text for turn in request.turns] if name == "summarize" else request.parts)
            for name, request, _ in self.summarizer.requests
        ]
