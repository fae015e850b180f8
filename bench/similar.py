"""Which likeness tells that two memories are about the same: `python -m bench.similar`.

150 pairs of memories (memories/pairs.jsonl), a third each: the same in other words, contradicting
(a correction of the other), unrelated (some about the same person or with the same verb). The first
two kinds are to be found, the last is not. Half of the pairs of each kind chooses the bound, the
other half states what it is worth. A wrong find hides what is true and a missed one only keeps two,
so the highest bound is taken that still finds 95 % in the half that chooses. (The best F0.5 there
would choose 0.44, which is wrong in every eighth find of the other half.)

Left out: other languages than English, and texts of more than a sentence.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dialoguedb.embed.wordllama import WordLlama
from dialoguedb.ports.search import Embedder
from dialoguedb.retrieval.likeness import LIKE_FROM

_HERE = Path(__file__).parent
_PAIRS = _HERE / "memories" / "pairs.jsonl"
_RESULTS = _HERE / "similar-results.md"
_BOUNDS = [round(0.3 + 0.01 * step, 2) for step in range(66)]
_SHOWN = [0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8, 0.9]
_RECALL = 0.95
"""What the bound finds at least in the half that chooses it."""


class Pair(NamedTuple):
    """Two memories and how like they are."""

    kind: str
    half: str
    likeness: float

    @property
    def is_near(self) -> bool:
        """Whether it is to be found."""
        return self.kind != "unrelated"


class Score(NamedTuple):
    """What a bound finds in some pairs."""

    precision: float
    recall: float
    same: float
    """The recall of those that say the same."""

    contradicting: float


def measured(embedder: Embedder) -> list[Pair]:
    """Return all pairs with the likeness of an embedder's vectors."""
    lines = [json.loads(line) for line in _PAIRS.read_text().splitlines()]
    first, second = (embedder.embed([line[name] for line in lines]) for name in ("first", "second"))
    cosines = np.sum(first * second, axis=1).tolist()
    return [
        Pair(line["kind"], line["half"], cosine)
        for line, cosine in zip(lines, cosines, strict=True)
    ]


def score(pairs: Sequence[Pair], bound: float) -> Score:
    """Return what a bound finds."""
    found = [pair for pair in pairs if pair.likeness >= bound]
    right = sum(pair.is_near for pair in found)

    def share(kinds: Sequence[str]) -> float:
        of = [pair for pair in pairs if pair.kind in kinds]
        return sum(pair.likeness >= bound for pair in of) / len(of)

    return Score(
        precision=right / len(found) if found else 1.0,
        recall=share(("same", "contradicting")),
        same=share(("same",)),
        contradicting=share(("contradicting",)),
    )


def chosen(pairs: Sequence[Pair]) -> float:
    """Return the bound that the first half of the pairs chooses."""
    dev = of_half(pairs, "dev")
    return max(bound for bound in _BOUNDS if score(dev, bound).recall >= _RECALL)


def of_half(pairs: Sequence[Pair], half: str) -> list[Pair]:
    """Return the pairs that choose (`dev`), or those that state (`test`)."""
    return [pair for pair in pairs if pair.half == half]


def report(embedder: Embedder) -> str:
    """Return the results of an embedder as a page."""
    pairs = measured(embedder)
    bound = chosen(pairs)
    lines = ["# Likeness of memories", "", (__doc__ or "").partition("\n\n")[2].strip(), ""]
    lines += [f"The bound of `{embedder.name}` is **{bound}**.", ""]
    columns = ("half", "bound", "precision", "recall", "of same", "of contradicting")
    lines += [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for half in ("dev", "test"):
        for one in sorted({*_SHOWN, bound}):
            result = score(of_half(pairs, half), one)
            figures = " | ".join(f"{figure:.2f}" for figure in result)
            name = f"**{one:.2f}**" if one == bound else f"{one:.2f}"
            lines.append(f"| {half} | {name} | {figures} |")
    lines += ["", "Contradicting pairs are on the whole more alike than pairs that say the same:"]
    lines += ["likeness tells what a memory is about, not which of two is true.", ""]
    return "\n".join(lines)


def main() -> None:
    """Write the results."""
    embedder = WordLlama()
    _RESULTS.write_text(report(embedder))
    bound = chosen(measured(embedder))
    print(f"{embedder.name}: {bound}, in use {LIKE_FROM[embedder.name]}")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
