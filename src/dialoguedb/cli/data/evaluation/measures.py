"""Recall and mean reciprocal rank, with bootstrap intervals over queries.

The intervals are percentiles of means of queries that were drawn with replacement (Efron and
Tibshirani, 1993, chapter 13); of two runs it is the differences of each query that are drawn.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from msgspec import Struct

K = TypeVar("K")

Ranks = Sequence[int | None]
"""Of each relevant object of a query: its position among those found, from 1; None when absent."""

_DEPTHS = (5, 10, 50)
_SAMPLES = 10_000
_INTERVAL_PERCENT = (2.5, 97.5)
_SEED = 1


def _recall(depth: int) -> Callable[[Ranks], float]:
    def of_query(ranks: Ranks) -> float:
        return sum(rank is not None and rank <= depth for rank in ranks) / len(ranks)

    return of_query


def _reciprocal_rank(ranks: Ranks) -> float:
    return max((1 / rank for rank in ranks if rank is not None), default=0.0)


MEASURES: Mapping[str, Callable[[Ranks], float]] = {
    **{f"R@{depth}": _recall(depth) for depth in _DEPTHS},
    "MRR": _reciprocal_rank,
}
"""The share of the relevant objects among the first so many; the first relevant one's 1/rank."""


class Estimate(Struct, frozen=True):
    """A mean over queries, and the interval that holds it with 95 %."""

    mean: float
    low: float
    high: float


def estimate(values: Sequence[float]) -> Estimate:
    """Return the mean of at least one value, with its interval."""
    samples, chance = np.asarray(values, np.float64), np.random.default_rng(_SEED)
    means = [chance.choice(samples, len(samples)).mean() for _ in range(_SAMPLES)]
    low, high = np.percentile(means, _INTERVAL_PERCENT)
    return Estimate(float(samples.mean()), float(low), float(high))


def estimates(ranks: Sequence[Ranks]) -> dict[str, Estimate]:
    """Return each measure over queries."""
    return {name: estimate([*map(of_query, ranks)]) for name, of_query in MEASURES.items()}


def differences(before: Mapping[K, Ranks], now: Mapping[K, Ranks]) -> dict[str, Estimate]:
    """Return how much higher each measure is now, over the queries of before."""
    return {
        name: estimate([of_query(now[key]) - of_query(ranks) for key, ranks in before.items()])
        for name, of_query in MEASURES.items()
    }
