"""The summarizer that is built in: it asks no model, and says nothing that was not said."""

import asyncio
import re
from collections.abc import Sequence

from dialoguedb.ports.summaries import CombineRequest, SummaryRequest, SummaryText, SummaryTurn
from dialoguedb.ports.tokens import TokenCounter
from dialoguedb.summarize.selection import SCRAP, Line, Selection, Weigh

_SHARE = 0.25
"""Of the tokens that it reads."""

_TOOLS = frozenset({"tool", "function"})
_LABELLED = re.compile(r"([^\s:][^:\n]{0,255}): (.*)")


class ExtractiveSummarizer:
    """Keeps the sentences that tell most, word for word and in their order."""

    name = "extractive"
    model = None

    def __init__(self, count: TokenCounter, weigh: Weigh, share: float = _SHARE) -> None:
        self._count = count
        self._weigh = weigh
        self._share = share

    async def summarize(self, request: SummaryRequest) -> SummaryText:
        """Keep a share of what was said; prompts are for models, and not read."""
        return SummaryText(content=await asyncio.to_thread(self._summarized, request))

    async def combine(self, request: CombineRequest) -> SummaryText:
        """Keep as much of the parts as fits."""
        parts = [request.previous or "", *request.parts]
        content = await asyncio.to_thread(self._combined, parts, request.tokens_max)
        return SummaryText(content=content)

    async def close(self) -> None:
        """Do nothing: there are no connections."""

    def _summarized(self, request: SummaryRequest) -> str:
        lines = [_line(turn) for turn in request.turns]
        read = sum(self._count(f"\n{line}") for line in lines)
        selection = Selection(lines, self._count, self._weigh)
        share = min(int(read * self._share), request.tokens_max)
        # Of two short turns a quarter is no sentence, but what tells most is worth keeping.
        text = selection.best_one(request.tokens_max)
        if self._count(text) <= share:
            text = selection.best(share, SCRAP)
        return self._combined([request.previous or "", text], request.tokens_max)

    def _combined(self, parts: Sequence[str], tokens_max: int) -> str:
        """Return what was selected as it is, or of it as much as fits."""
        text = "\n".join(part for part in parts if part.strip())
        if self._count(text) <= tokens_max:
            return text
        lines = [_read(line) for line in text.splitlines() if line.strip()]
        return Selection(lines, self._count, self._weigh).best(tokens_max)


def _line(turn: SummaryTurn) -> Line:
    speaker = " ".join((turn.name or turn.role).split())
    return Line(speaker, turn.text, from_tool=turn.role in _TOOLS)


def _read(line: str) -> Line:
    """Read a line of a summary; one that a model wrote may have no speaker."""
    labelled = _LABELLED.fullmatch(line)
    return Line(labelled[1], labelled[2]) if labelled else Line(None, line)
