"""The load of the server, for Prometheus: memory for large bodies, and how late the loop comes."""

import asyncio
from collections.abc import Iterator, Mapping

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from dialoguedb.http.memory_budget import MemoryBudget
from dialoguedb.ports.statistics import SECONDS, Histogram

_OBSERVED_EVERY_SECONDS = 0.1


class LoadMetrics(Collector):
    """How much memory large bodies and answers hold, and the delay of the event loop."""

    def __init__(self) -> None:
        self.budgets: Mapping[str, MemoryBudget] = {}
        """By what they are for."""

        self._delay = Histogram(SECONDS)

    async def observe_delay(self) -> None:
        """Observe how late a timer of the loop comes, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _OBSERVED_EVERY_SECONDS
            await asyncio.sleep(_OBSERVED_EVERY_SECONDS)
            self._delay.observe(max(0.0, loop.time() - due))

    def collect(self) -> Iterator[Metric]:
        """Return all metric families, as `prometheus_client` asks for them."""
        held = GaugeMetricFamily(
            "dialoguedb_http_bytes_in_flight",
            "Memory that large bodies hold, uploads and answers.",
            labels=["kind"],
        )
        waiting = GaugeMetricFamily(
            "dialoguedb_http_waiting_for_memory",
            "Requests that wait for memory that others hold.",
            labels=["kind"],
        )
        refused = CounterMetricFamily(
            "dialoguedb_http_refused_for_memory",
            "Requests refused with 503 because others held the memory.",
            labels=["kind"],
        )
        for kind, budget in self.budgets.items():
            held.add_metric([kind], budget.held_bytes)
            waiting.add_metric([kind], budget.waiting)
            refused.add_metric([kind], budget.refused)
        yield from (held, waiting, refused)
        yield HistogramMetricFamily(
            "dialoguedb_event_loop_delay_seconds",
            "How late the event loop comes to what is due, observed ten times a second.",
            buckets=self._delay.buckets(),
            sum_value=self._delay.sum,
        )
