"""The metrics of summaries, for Prometheus."""

from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from dialoguedb.model.summaries import LLMUsage
from dialoguedb.ports.statistics import JobOutcome


class SummaryMetrics(Collector):
    """Counts of summaries and of what they used; implements `SummaryMeter` of the service."""

    def __init__(self) -> None:
        self.waiting = 0
        """Of all servers, those that are being made included."""

        self._running = 0
        self._ends: Counter[JobOutcome] = Counter()
        self._spent = LLMUsage()

    def summarizing(self, running: int) -> None:
        """Note how many are being made."""
        self._running = running

    def summarized(self, end: JobOutcome, spent: LLMUsage) -> None:
        """Note how the making of one ended, and what it used."""
        self._ends[end] += 1
        self._spent.add(spent)

    def collect(self) -> Iterator[Metric]:
        """Return all metric families, as `prometheus_client` asks for them."""
        yield GaugeMetricFamily(
            "dialoguedb_summaries_running",
            "Summaries that this server is making.",
            value=self._running,
        )
        yield GaugeMetricFamily(
            "dialoguedb_summaries_waiting",
            "Summaries asked for and not made yet, those being made included.",
            value=self.waiting,
        )
        ends = CounterMetricFamily(
            "dialoguedb_summaries",
            "Summaries that were completed, failed, put off to be tried again, or cancelled.",
            labels=["end"],
        )
        for end, count in self._ends.items():
            ends.add_metric([end], count)
        yield ends
        yield CounterMetricFamily(
            "dialoguedb_summarizer_calls",
            "Requests to the summarizer's provider.",
            value=self._spent.calls,
        )
        tokens = CounterMetricFamily(
            "dialoguedb_summarizer_tokens",
            "Tokens sent to the summarizer's provider, and answered by it.",
            labels=["direction"],
        )
        tokens.add_metric(["input"], self._spent.input_tokens)
        tokens.add_metric(["output"], self._spent.output_tokens)
        yield tokens
