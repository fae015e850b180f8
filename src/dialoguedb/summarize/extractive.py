"""The summarizer that is built in: it asks no model, and says nothing that was not said."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dialoguedb.ports.summaries import CombineRequest, SummaryRequest, SummaryText
from dialoguedb.ports.tokens import TokenCounter

if TYPE_CHECKING:
    from dialoguedb.summarize.extraction import Extraction
    from dialoguedb.summarize.selection import Weigh

_SHARE = 0.25
"""Of the tokens that it reads."""


class ExtractiveSummarizer:
    """Keeps the sentences that tell most, word for word and in their order."""

    name = "extractive"
    model = None

    def __init__(self, count: TokenCounter, weigh: "Weigh", share: float = _SHARE) -> None:
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

    def _extraction(self) -> "Extraction":
        from dialoguedb.summarize.extraction import Extraction  # noqa: PLC0415 - it loads numpy

        return Extraction(self._count, self._weigh, self._share)

    def _summarized(self, request: SummaryRequest) -> str:
        return self._extraction().summarized(request)

    def _combined(self, parts: Sequence[str], tokens_max: int) -> str:
        return self._extraction().combined(parts, tokens_max)
