"""When two memories say the same, or are about the same: by their words, then by their vectors."""

import unicodedata
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from dialoguedb.formats.search_text import memory_text
from dialoguedb.ports.search import Vectors

LIKE_FROM = {"wordllama/256": 0.58}
"""The cosine from which two values are alike, by embedder; bench/similar.py calibrates it. Of an
embedder that is not listed, only equal values are found."""

_AT_ENDS = ("P", "S", "Z", "C")
"""Categories of characters that do not count at the ends: punctuation, symbols, spaces."""


class Remark(Struct, frozen=True):
    """What of a memory is compared."""

    value: bytes
    """As JSON."""

    label: str | None

    @property
    def text(self) -> str:
        """The value as it is searched for."""
        return memory_text(self.value, None, None)

    @property
    def normal(self) -> str | bytes:
        """What equal values have in common; of one that is no text, its JSON."""
        if self.value[:1] != b'"':
            return self.value
        try:
            return normalized(msgspec.json.decode(self.value, type=str))
        except msgspec.DecodeError:  # lone surrogates
            return self.value

    def is_of(self, other: "Remark") -> bool:
        """Tell whether it may be about the same: `yes` of one label is not `yes` of another."""
        labels = {normalized(label) for label in (self.label, other.label) if label}
        return len(labels) < 2  # noqa: PLR2004 - one, or none


def normalized(text: str) -> str:
    """Return a text without differences of case, width, spaces, and punctuation at its ends."""
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    first, last = 0, len(plain)
    while first < last and unicodedata.category(plain[first]).startswith(_AT_ENDS):
        first += 1
    while last > first and unicodedata.category(plain[last - 1]).startswith(_AT_ENDS):
        last -= 1
    return plain[first:last] or plain


def likenesses(vectors: Vectors) -> list[float]:
    """Return how like the first vector each other one is, 0 to 1."""
    return [min(max(float(cosine), 0.0), 1.0) for cosine in vectors[1:] @ vectors[0]]


def best(found: Sequence[float], bound: float) -> int | None:
    """Return the index of the greatest likeness that reaches the bound."""
    greatest = max(range(len(found)), key=found.__getitem__, default=None)
    return greatest if greatest is not None and found[greatest] >= bound else None
