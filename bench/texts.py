"""Texts like those people write: sentences whose words follow Zipf's law.

The words are those of the meaning test set and of Python's own documentation, about 4,000, in the
order of their frequency there; names and running numbers stand for the long tail of real ones.
"""

import re
from bisect import bisect
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate, chain
from pydoc_data.topics import topics
from random import Random

from bench.meaning import domains

_WORD = re.compile(r"\b[a-z]{2,}\b")
_COMMON = 150
"""So many of the most frequent words say little; nobody would search for them."""

_PATTERNS = (
    "{0}.",
    "{0}, {1}.",
    "{0}? {1}.",
    "I think {0}, but {1}.",
    "Could you tell me {0}?",
    "{0} because {1}. {2}.",
    "Thanks! {0}.",
    "Yes, {0} and {1}.",
    "About order {number}: {0}.",
    "My name is {name}, {0}.",
    "{0} on the {day}th, then {1}. {2}?",
    "No, {0}. {1}, {2}. {3}.",
)
_LENGTHS = (4, 5, 6, 7, 8, 9, 12, 15)
_NAMES = (
    "Ana",
    "Bo",
    "Chen",
    "Dara",
    "Emil",
    "Fatima",
    "Goran",
    "Hana",
    "Ivo",
    "Jun",
    "Kira",
    "Lu",
)


def _by_frequency() -> list[str]:
    own = (text for domain in domains() for text in chain(domain.distractors, *domain.pairs))
    texts = chain(topics.values(), own)
    counts = Counter(word for text in texts for word in _WORD.findall(text.lower()))
    return [word for word, _ in counts.most_common()]


class Texts:
    """An endless source of different texts, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 -- nothing is kept secret with it
        self._words = _by_frequency()
        self._shares = list(accumulate(1 / rank for rank in range(1, len(self._words) + 1)))

    def text(self) -> str:
        """Make one message, of about 20 words."""
        pattern = self._random.choice(_PATTERNS)
        clauses = (self._clause() for _ in range(4))
        random = self._random
        number, day, name = random.randrange(1_000_000), random.randrange(4, 31), self._name()
        made = pattern.format(*clauses, number=number, day=day, name=name)
        return made[:1].upper() + made[1:]

    def query(self) -> str:
        """Make one query, of one to four words that are not the commonest."""
        count = self._random.randrange(1, 5)
        return " ".join(self._drawn(self._shares[_COMMON]) for _ in range(count))

    def texts(self, count: int) -> Iterator[str]:
        """Make many messages."""
        return (self.text() for _ in range(count))

    def _clause(self) -> str:
        return " ".join(self._drawn(0.0) for _ in range(self._random.choice(_LENGTHS)))

    def _drawn(self, least: float) -> str:
        return self._words[
            bisect(self._shares, self._random.uniform(least, self._shares[-1] - 1e-9))
        ]

    def _name(self) -> str:
        return f"{self._random.choice(_NAMES)} {self._random.choice(self._words).title()}"
