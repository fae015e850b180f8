"""What a measure hands back, and the arithmetic shared by all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

TIMES = " ×"


@dataclass(frozen=True)
class Goal:
    """A bound that a figure should keep."""

    bound: float
    at_least: bool
    unit: str = TIMES

    def __str__(self) -> str:
        """Spell the bound as the report prints it."""
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}{self.unit}"

    def met_by(self, figure: float) -> bool:
        """Tell whether the figure keeps the bound."""
        return figure >= self.bound if self.at_least else figure <= self.bound


@dataclass(frozen=True)
class Finding:
    """One line of the report: a figure, its goal if it has one, and what it was made of."""

    measure: str
    what: str
    figure: float | None
    unit: str = ""
    goal: Goal | None = None
    detail: str = ""

    @property
    def verdict(self) -> str:
        """Say whether the goal is met, or nothing where there is none."""
        if self.goal is None or self.figure is None:
            return ""
        return "met" if self.goal.met_by(self.figure) else "MISSED"

    @property
    def shown(self) -> str:
        """Spell the figure as the report prints it."""
        if self.figure is None:
            return "–"
        digits = ",.0f" if self.figure >= 1_000 else ".3g"
        return f"{self.figure:{digits}}{self.unit}"


@dataclass(frozen=True)
class Figures:
    """A table of figures that belong side by side."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]


Measurement = Finding | Figures


def compared(
    measure: str,
    what: str,
    ours: Sequence[float],
    baseline: Sequence[float],
    goal: Goal | None = None,
    note: str = "",
) -> Finding:
    """Make the finding of two rates taken in turn: the median of the rounds' own ratios.

    A machine that drifts moves that least.
    """
    ratios = [a / b for a, b in zip(ours, baseline, strict=True)]
    rounds = f"rounds {min(ratios):.2f} to {max(ratios):.2f}"
    made_of = f"{per_second(ours)} against {per_second(baseline)}, {rounds}"
    detail = f"{made_of}; {note}" if note else made_of
    return Finding(measure, what, median(ratios), TIMES, goal, detail)


def per_second(rates: Sequence[float]) -> str:
    """Spell the median of some rates."""
    return f"{median(rates):,.0f}/s"
