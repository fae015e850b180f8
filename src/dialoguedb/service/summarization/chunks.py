"""Splits the messages of a job into chunks that fit into one request to a summarizer."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence

import msgspec
from msgspec import Struct

from dialoguedb.model.summaries import Position
from dialoguedb.ports.summaries import Job, SummaryJobs, SummaryTurn
from dialoguedb.ports.tokens import TokenCounter

_READ_AT_ONCE = 500
"""Messages read at once."""

_SHORT_CHARS = 4_096
"""Longer texts are counted apart from the event loop."""

_SAFETY_FACTOR = 0.9
"""Parts of a text differ in characters per token, so pieces are cut shorter than average."""

_SPACE = re.compile(r"\s")


class MessageCounts(Struct):
    """How many messages had text, and how many were skipped as they had none."""

    summarized: int = 0
    skipped: int = 0


class Chunks:
    """Reads the messages of jobs in chunks of so many tokens."""

    def __init__(self, store: SummaryJobs, count: TokenCounter, tokens_max: int) -> None:
        self._store = store
        self._count = count
        self._tokens_max = tokens_max

    async def of(
        self, job: Job, after: Position | None, counts: MessageCounts
    ) -> AsyncIterator[Sequence[SummaryTurn]]:
        """Yield the turns of a job after a position, chunk by chunk, counting its messages."""
        chunk: list[SummaryTurn] = []
        tokens = 0
        async for turn in self._turns(job, after, counts):
            if chunk and tokens + turn.tokens > self._tokens_max:
                yield chunk
                chunk, tokens = [], 0
            chunk.append(turn)
            tokens += turn.tokens
        if chunk:
            yield chunk

    async def _turns(
        self, job: Job, after: Position | None, counts: MessageCounts
    ) -> AsyncIterator[SummaryTurn]:
        while True:
            portion = await self._store.read(job, after, _READ_AT_ONCE)
            for reading in portion.items:
                if not reading.turn.text.strip():
                    counts.skipped += 1
                    continue
                counts.summarized += 1
                for turn in await self._fitting(reading.turn):
                    yield turn
            if portion.more_after is None:
                return
            after = portion.items[-1].position

    async def _fitting(self, turn: SummaryTurn) -> Sequence[SummaryTurn]:
        """Return a turn as it is, or in pieces when it is too long for a chunk."""
        if turn.tokens <= self._tokens_max:  # it includes images, so it is no less than the text's
            return [turn]
        tokens = await self._counted(turn.text)
        if tokens <= self._tokens_max:
            return [msgspec.structs.replace(turn, tokens=tokens)]
        return await asyncio.to_thread(lambda: [*self._pieces(turn, tokens)])

    async def _counted(self, text: str) -> int:
        if len(text) <= _SHORT_CHARS:
            return self._count(text)
        return await asyncio.to_thread(self._count, text)

    def _pieces(self, turn: SummaryTurn, tokens: int) -> Iterator[SummaryTurn]:
        text = turn.text
        chars = max(1, int(len(text) * self._tokens_max / tokens * _SAFETY_FACTOR))
        start = 0
        while start < len(text):
            end = _cut(text, start, chars)
            piece = text[start:end].strip()
            if piece:
                counted = self._count(piece)
                yield msgspec.structs.replace(turn, text=piece, tokens=counted)
            start = end


def _cut(text: str, start: int, chars: int) -> int:
    """Return the end of a piece: after a space in its second half, if there is one."""
    end = start + chars
    if end >= len(text):
        return len(text)
    spaces = [match.end() for match in _SPACE.finditer(text, start + chars // 2, end)]
    return spaces[-1] if spaces else end
