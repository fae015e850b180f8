"""The words of texts and queries, as the index has them."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Term(NamedTuple):
    """A word of a text or query."""

    word: str
    """As it is written, without case and accents."""

    stem: str
    """As the index has it: equal to the stems of texts that are to be found by it."""


TermGroup = tuple[Term, ...]
"""Words of which any counts, and all together count once."""


class Tokenizer(Protocol):
    """Splits texts the way the index of words does."""

    def tokenize(self, texts: Sequence[str]) -> list[list[Term]]:
        """Return the words of each text in order, repeated as they are."""
        ...
