"""What summaries need: summarizers, and what they are asked and answer."""

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct


class Turn(Struct, frozen=True, kw_only=True):
    """One message, as a summarizer reads it."""

    role: str
    name: str | None = None
    """Who speaks, when that is known better than by the role."""

    text: str
    created: str
    tokens: int


Prompt = Callable[[str, str | None], str]
"""What to ask of a model, given a transcript and the summary of what came before, if there is one.

A summarizer may call it several times, with parts of the transcript when it is too long at once.
"""


class SummaryRequest(Struct, frozen=True, kw_only=True):
    """Turns to summarize, oldest first."""

    turns: Sequence[Turn]
    previous: str | None = None
    """The summary of what came before; the answer takes its place, and so tells of both."""

    prompt: Prompt
    tokens_max: int
    """Of the answer, whatever it is made of."""


class CombineRequest(Struct, frozen=True, kw_only=True):
    """Summaries of what followed one upon the other, to make one of."""

    parts: Sequence[str]
    previous: str | None = None
    """The summary of what came before all of them; the answer takes its place."""

    prompt: Prompt
    tokens_max: int


class SummaryText(Struct, frozen=True, kw_only=True):
    """A summary, and what it took."""

    content: str
    """Empty when there was nothing to say."""

    input_tokens: int = 0
    output_tokens: int = 0
    """As the model's provider counted them."""

    calls: int = 0
    """Requests to the provider, those that failed included."""


class Summarizer(Protocol):
    """Makes summaries."""

    @property
    def name(self) -> str:
        """Which kind it is, such as `extractive` or `openai`."""
        ...

    @property
    def model(self) -> str | None:
        """The model it asks; None when it asks none."""
        ...

    async def summarize(self, request: SummaryRequest) -> SummaryText:
        """Summarize turns, and with them what came before.

        SummarizerUnavailable when it cannot now; SummarizerRefused when it never will.
        """
        ...

    async def combine(self, request: CombineRequest) -> SummaryText:
        """Make one summary of several, in their order; fails as `summarize` does."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
