"""Selects the sentences that tell most, word for word and in their order."""

import re
from collections.abc import Sequence

from msgspec import Struct

from dialoguedb.ports.summaries import SummaryRequest, SummaryTurn
from dialoguedb.ports.tokens import TokenCounter
from dialoguedb.summarize.selection import SCRAP, Line, Selection, Weigh

_TOOLS = frozenset({"tool", "function"})
_LABELLED = re.compile(r"([^\s:][^:\n]{0,255}): (.*)")


class Extraction(Struct, frozen=True):
    """Counts tokens, weighs words, and keeps a share."""

    count: TokenCounter
    weigh: Weigh
    share: float

    def summarized(self, request: SummaryRequest) -> str:
        """Return a share of what was said."""
        lines = [_line(turn) for turn in request.turns]
        read = sum(self.count(f"\n{line}") for line in lines)
        selection = Selection(lines, self.count, self.weigh)
        share = min(int(read * self.share), request.tokens_max)
        # Of two short turns a quarter is no sentence, but what tells most is worth keeping.
        text = selection.best_one(request.tokens_max)
        if self.count(text) <= share:
            text = selection.best(share, SCRAP)
        return self.combined([request.previous or "", text], request.tokens_max)

    def combined(self, parts: Sequence[str], tokens_max: int) -> str:
        """Return what was selected as it is, or of it as much as fits."""
        text = "\n".join(part for part in parts if part.strip())
        if self.count(text) <= tokens_max:
            return text
        lines = [_read(line) for line in text.splitlines() if line.strip()]
        return Selection(lines, self.count, self.weigh).best(tokens_max)


def _line(turn: SummaryTurn) -> Line:
    speaker = " ".join((turn.name or turn.role).split())
    return Line(speaker, turn.text, from_tool=turn.role in _TOOLS)


def _read(line: str) -> Line:
    """Read a line of a summary; one that a model wrote may have no speaker."""
    labelled = _LABELLED.fullmatch(line)
    return Line(labelled[1], labelled[2]) if labelled else Line(None, line)
