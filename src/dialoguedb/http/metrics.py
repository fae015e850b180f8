"""What the server tells Prometheus about its work."""


class Metrics:
    """Counts of requests and of the engine's commits; the engine reports as to `ports.Meter`."""

    def batch(self, acts: int, seconds: float, waiting: int) -> None:
        """Note a commit: how many acts, how long, how many wait behind it."""
