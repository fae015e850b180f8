"""What an engine counts of its writes, and whoever watches it reads."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from dialoguedb.model.summaries import LLMUsage

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Bounds for what takes from half a millisecond to seconds."""

_OPERATIONS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Histogram:
    """How many values fell below each bound."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Record a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def buckets(self) -> list[tuple[str, float]]:
        """Return the cumulative counts: of all values up to each bound."""
        total = 0
        buckets: list[tuple[str, float]] = []
        for bound, count in zip((*self.bounds, "+Inf"), self.counts, strict=True):
            total += count
            buckets.append((str(bound), total))
        return buckets


class WriterStatistics:
    """Figures of the commits since the engine was opened."""

    def __init__(self) -> None:
        self.operations = Histogram(_OPERATIONS)
        """In one commit."""

        self.seconds = Histogram(SECONDS[:-2])
        """Time of a commit."""

        self.waiting = 0
        """Operations behind the last one."""

        self.log_bytes: Callable[[], int] = int
        """Measures the log of what was committed and is not in the database file yet."""

    def record(self, operations: int, seconds: float, waiting: int) -> None:
        """Record a commit: how many operations, how long, how many wait behind it."""
        self.operations.observe(operations)
        self.seconds.observe(seconds)
        self.waiting = waiting


JobOutcome = Literal["completed", "failed", "retried", "cancelled"]


class SummaryMeter(Protocol):
    """Metrics of summaries."""

    def summarizing(self, running: int) -> None:
        """Record how many are in progress."""
        ...

    def summarized(self, end: JobOutcome, usage: LLMUsage) -> None:
        """Record the outcome of a job and its usage."""
        ...
