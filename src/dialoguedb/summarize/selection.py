"""Chooses the sentences of a summary: those that together say most within a token budget.

Each word counts once, by how much it tells, so that sentences are chosen that say what no other
does (maximum coverage; Takamura and Okumura, 2009), the most per token first (Khuller, Moss and
Naor, 1999). Sentences that tell when something was, and answers to questions, count for more;
questions for less, for their answers tell what they asked.

The constants were chosen on four long conversations of people and measured on a fifth, with each
left out in turn.
"""

import heapq
import math
import re
from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from dialoguedb.ports.tokens import TokenCounter
from dialoguedb.summarize.sentences import asks, joined, sentences, words

Weigh = Callable[[Sequence[str]], NDArray[np.float32]]
"""Returns how much each word tells, 0 or more."""

_COST_EXPONENT = 0.7
"""At 1, scraps like "Nice hike!" would win, for they have few tokens."""

_TELLS_WHEN = 1.6
_ANSWERS = 1.35
_ASKS = 0.5
_TOOL = 0.3
"""What a tool returns is long, and its findings are mostly said again by who called it."""

_STAYS = 1.2
"""A second sentence of a turn reads better than one from anywhere."""

SCRAP = 0.3
"""Worth less than this share of the one before, a sentence would only fill what is left."""

_WHEN = re.compile(
    r"\b(?:yesterday|today|tonight|tomorrow|last|next|ago|since|weeks?|months?|years?|weekend"
    r"|mornings?|evening|(?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|january|february|march|april|june|july|august|september|october|november|december)\b",
    re.IGNORECASE,
)


class Line(Struct, frozen=True):
    """What a speaker says in one turn."""

    speaker: str | None
    text: str
    from_tool: bool = False

    @property
    def label(self) -> str:
        """The prefix of the line in a transcript."""
        return f"{self.speaker}: " if self.speaker else ""

    def __str__(self) -> str:
        """Return the line of a transcript."""
        return f"{self.label}{self.text}"


class _Sentence(Struct, frozen=True):
    line: int
    text: str
    words: frozenset[str]
    tokens: int
    factor: float


class Selection:
    """Chooses the best sentences of lines."""

    def __init__(self, lines: Sequence[Line], count: TokenCounter, weigh: Weigh) -> None:
        self._lines = lines
        self._count = count
        self._sentences: list[_Sentence] = []
        self._of_line: dict[int, range] = {}
        self._weights: dict[str, float] = {}
        labels = {line.label for line in lines}
        self._label_tokens = {label: count(f"\n{label.rstrip()}") for label in labels}
        self._read()
        unknown = sorted(set().union(*(one.words for one in self._sentences)))
        if unknown:
            self._weights = dict(zip(unknown, weigh(unknown).tolist(), strict=True))
        for speaker in {line.speaker for line in lines if line.speaker}:
            self._weights |= dict.fromkeys(words(speaker), 0.0)  # labels tell it already

    def best(self, tokens_max: int, scrap: float = 0.0) -> str:
        """Return the best sentences that fit, in their order, each line with its speaker."""
        chosen = self._chosen(tokens_max, scrap)
        text = self._written(chosen)
        while chosen and self._count(text) > tokens_max:  # a label may cost more than by itself
            chosen.pop()
            text = self._written(chosen)
        return text

    def best_one(self, tokens_max: int) -> str:
        """Return the one sentence that is worth most of those that fit."""
        sentences_of_all = enumerate(self._sentences)
        fitting = [at for at, one in sentences_of_all if self._cost(one, set()) <= tokens_max]
        if not fitting:
            return ""
        worths = {at: self._worth(self._sentences[at], set(), set()) for at in fitting}
        return self._written([max(worths, key=worths.__getitem__)])

    def _read(self) -> None:
        asker: str | None = None
        was_question = False
        for index, line in enumerate(self._lines):
            texts = sentences(line.text)
            answers = was_question and line.speaker != asker
            first = len(self._sentences)
            self._sentences += [self._sentence(index, text, answers=answers) for text in texts]
            self._of_line[index] = range(first, len(self._sentences))
            if texts:
                asker, was_question = line.speaker, asks(texts[-1])

    def _sentence(self, line: int, text: str, *, answers: bool) -> _Sentence:
        factor = _TOOL if self._lines[line].from_tool else 1.0
        if asks(text):
            factor *= _ASKS
        elif answers:
            factor *= _ANSWERS
        if _WHEN.search(text):
            factor *= _TELLS_WHEN
        return _Sentence(line, text, words(text), max(self._count(text), 1), factor)

    def _chosen(self, tokens_max: int, scrap: float) -> list[int]:
        """Return the indexes of sentences in the order in which they were chosen.

        Lazy greedy selection (Minoux, 1978): the worth of a sentence only falls while others are
        chosen, except for the first of its line, so the first in the heap whose noted worth still
        holds is the best.
        """
        left, least, covered, begun = tokens_max, 0.0, set[str](), set[int]()
        chosen: dict[int, None] = {}
        heap = [(-self._worth(one, covered, begun), at) for at, one in enumerate(self._sentences)]
        heapq.heapify(heap)
        while heap:
            noted, at = heapq.heappop(heap)
            one = self._sentences[at]
            worth, cost = self._worth(one, covered, begun), self._cost(one, begun)
            if at in chosen or worth <= least or cost > left:
                continue
            if worth < -noted:
                heapq.heappush(heap, (-worth, at))
                continue
            left, least = left - cost, worth * scrap
            chosen[at] = None
            covered |= one.words
            if one.line not in begun:
                begun.add(one.line)
                for near in self._of_line[one.line]:
                    worth = self._worth(self._sentences[near], covered, begun)
                    heapq.heappush(heap, (-worth, near))
        return list(chosen)

    def _worth(self, one: _Sentence, covered: set[str], begun: set[int]) -> float:
        gain = math.fsum(self._weights[word] for word in one.words if word not in covered)
        stays = _STAYS if one.line in begun else 1.0
        return gain * one.factor * stays / math.pow(self._cost(one, begun), _COST_EXPONENT)

    def _cost(self, one: _Sentence, begun: set[int]) -> int:
        if one.line in begun:
            return one.tokens
        return one.tokens + self._label_tokens[self._lines[one.line].label]

    def _written(self, chosen: Sequence[int]) -> str:
        texts: dict[int, str] = {}
        for one in map(self._sentences.__getitem__, sorted(chosen)):
            before = texts.get(one.line)
            texts[one.line] = joined(before, one.text) if before else one.text
        return "\n".join(f"{self._lines[line].label}{text}" for line, text in texts.items())
