"""When two memories say the same, or are about the same: by their words, then by their vectors."""

import unicodedata
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from dialoguedb.formats.search_text import memory_text
from dialoguedb.ports.search import Vectors
from dialoguedb.retrieval.normal_form import parts_of

LIKE_FROM = {"wordllama/256": 0.58}
"""The cosine from which two values are alike, by embedder; bench/similar.py calibrates it. Of an
embedder that is not listed, only equal values are found."""

_QUOTES = frozenset("\"'`\u201a\u201e\u300c\u300d\u300e\u300f")
_QUOTES_BY_CATEGORY = ("Pi", "Pf")
_ENDS_SENTENCES = frozenset(" .,;:!?\u3001\u3002")
"""What does not count at the end, as quotation marks do at neither. Other signs do: C is neither
C++ nor C#."""


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
            return without_differences(msgspec.json.decode(self.value, type=str))
        except msgspec.DecodeError:  # lone surrogates
            return self.value

    def is_of(self, other: "Remark") -> bool:
        """Tell whether it may be about the same: `yes` of one label is not `yes` of another."""
        labels = {without_differences(label) for label in (self.label, other.label) if label}
        return len(labels) < 2  # noqa: PLR2004 - one, or none


def without_differences(text: str) -> str:
    """Return a text without differences of case, width, spaces, and how its sentence ends."""
    parts = (unicodedata.normalize("NFKC", part).casefold() for part in parts_of(text))
    plain = " ".join("".join(parts).split())
    first, last = 0, len(plain)
    while first < last and _is_quote(plain[first]):
        first += 1
    while last > first and (_is_quote(plain[last - 1]) or plain[last - 1] in _ENDS_SENTENCES):
        last -= 1
    return plain[first:last] or plain


def _is_quote(char: str) -> bool:
    return char in _QUOTES or unicodedata.category(char) in _QUOTES_BY_CATEGORY


def likenesses(vectors: Vectors) -> list[float]:
    """Return how like the first vector each other one is, 0 to 1."""
    return [min(max(float(cosine), 0.0), 1.0) for cosine in vectors[1:] @ vectors[0]]


def best(found: Sequence[float], bound: float) -> int | None:
    """Return the index of the greatest likeness that reaches the bound."""
    greatest = max(range(len(found)), key=found.__getitem__, default=None)
    return greatest if greatest is not None and found[greatest] >= bound else None
