"""What an engine counts of its writes, and whoever watches it reads."""

from dialoguedb.values.histograms import SECONDS, Histogram

_OPERATIONS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class WriterStatistics:
    """Figures of the commits since the engine was opened."""

    def __init__(self) -> None:
        self.operations = Histogram(_OPERATIONS)
        """In one commit."""

        self.seconds = Histogram(SECONDS[:-2])
        """Time of a commit."""

        self.waiting = 0
        """Operations behind the last one."""

    def record(self, operations: int, seconds: float, waiting: int) -> None:
        """Record a commit: how many operations, how long, how many wait behind it."""
        self.operations.observe(operations)
        self.seconds.observe(seconds)
        self.waiting = waiting
