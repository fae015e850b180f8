"""The metrics of the server, for Prometheus.

Requests are counted in plain numbers on the thread of the event loop; they become metric families
only when Prometheus collects them.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from dialoguedb.http.load_metrics import LoadMetrics
from dialoguedb.http.summary_metrics import SummaryMetrics
from dialoguedb.ports.search import IndexStatus
from dialoguedb.ports.statistics import SECONDS, Histogram, WriterStatistics

REQUEST_SECONDS = SECONDS

_INDEX = {
    "vectors": "Vectors that serve.",
    "vector_bytes": "Bytes of the vectors that serve, in the database.",
    "memory_bytes": "Bytes of them in this server's memory.",
    "waiting": "Objects that are found by words and wait for their vectors.",
    "lag_seconds": "Age of the oldest of those that wait.",
    "to_reindex": "Objects that a rebuild has still to index.",
}

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


class Metrics(Collector):
    """Counts of requests and of the engine's commits."""

    def __init__(self) -> None:
        self.in_flight = 0
        self._responses: Counter[tuple[str, str, int]] = Counter()
        self._seconds: dict[tuple[str, str], Histogram] = {}
        self._received_bytes = 0
        self._sent_bytes = 0
        self._projects: Counter[tuple[str, int]] = Counter()
        self.commits = WriterStatistics()
        """The engine fills them."""

        self._search_seconds: dict[tuple[str, str], Histogram] = {}
        self._index = dict.fromkeys(_INDEX, 0.0)
        self.summaries = SummaryMetrics()
        self.load = LoadMetrics()
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._registry.register(self.summaries)
        self._registry.register(self.load)
        self._registry_of_projects = CollectorRegistry()
        self._registry_of_projects.register(_ByProject(self._projects))

    def record_response(self, method: str, route: str, status: int, seconds: float) -> None:
        """Record a response; the route is its template, so that no label holds an id."""
        self._responses[method, route, status] += 1
        histogram = self._seconds.get((method, route))
        if histogram is None:
            histogram = self._seconds[method, route] = Histogram(REQUEST_SECONDS)
        histogram.counts[bisect_left(REQUEST_SECONDS, seconds)] += 1  # `observe`, without the call
        histogram.sum += seconds

    def record_bytes(self, received_bytes: int, sent_bytes: int) -> None:
        """Record the bytes of a request's body and of its response."""
        self._received_bytes += received_bytes
        self._sent_bytes += sent_bytes

    def record_search(self, of: str, mode: str, seconds: float) -> None:
        """Record a search: for which kind of object, in which mode, how long."""
        histogram = self._search_seconds.get((of, mode))
        if histogram is None:
            histogram = self._search_seconds[of, mode] = Histogram(REQUEST_SECONDS)
        histogram.observe(seconds)

    def set_index_status(self, status: IndexStatus, now: str) -> None:
        """Set the figures of the index."""
        oldest = datetime.fromisoformat(status.oldest_waiting or now)
        lag_s = (datetime.fromisoformat(now) - oldest).total_seconds()
        self._index = {
            "vectors": status.vectors,
            "vector_bytes": status.vector_bytes,
            "memory_bytes": status.cache_bytes,
            "waiting": status.waiting,
            "lag_seconds": max(0.0, lag_s),
            "to_reindex": status.to_reindex,
        }

    def record_project(self, project_id: str, status: int) -> None:
        """Record a response to a project."""
        self._projects[project_id, status] += 1

    def render(self) -> bytes:
        """Return all but the per-project series in the text format of Prometheus."""
        return generate_latest(self._registry)

    def render_projects(self) -> bytes:
        """Return the per-project series in the text format of Prometheus."""
        return generate_latest(self._registry_of_projects)

    def collect(self) -> Iterator[Metric]:
        """Return all metric families, as `prometheus_client` asks for them."""
        yield from self._requests()
        yield from self._engine()
        yield from self._searches()

    def _requests(self) -> Iterator[Metric]:
        responses = CounterMetricFamily(
            "dialoguedb_http_requests",
            "Requests answered, by route and status.",
            labels=["method", "route", "status"],
        )
        for (method, route, status), count in self._responses.items():
            responses.add_metric([method, route, str(status)], count)
        yield responses
        seconds = HistogramMetricFamily(
            "dialoguedb_http_request_seconds",
            "Time from a request's head to its answer.",
            labels=["method", "route"],
        )
        for (method, route), histogram in self._seconds.items():
            seconds.add_metric([method, route], histogram.buckets(), histogram.sum)
        yield seconds
        yield GaugeMetricFamily(
            "dialoguedb_http_requests_in_flight", "Requests being served.", value=self.in_flight
        )
        yield CounterMetricFamily(
            "dialoguedb_http_received_bytes", "Bytes of bodies read.", value=self._received_bytes
        )
        yield CounterMetricFamily(
            "dialoguedb_http_sent_bytes", "Bytes of bodies answered.", value=self._sent_bytes
        )

    def _engine(self) -> Iterator[Metric]:
        yield _family(
            "dialoguedb_commit_acts", "Operations in one commit.", self.commits.operations
        )
        yield _family("dialoguedb_commit_seconds", "Time of a commit.", self.commits.seconds)
        yield GaugeMetricFamily(
            "dialoguedb_writer_queue_acts",
            "Operations waiting behind the last commit.",
            value=self.commits.waiting,
        )
        yield GaugeMetricFamily(
            "dialoguedb_log_bytes",
            "Bytes of the write-ahead log beside the database.",
            value=self.commits.log_bytes(),
        )

    def _searches(self) -> Iterator[Metric]:
        seconds = HistogramMetricFamily(
            "dialoguedb_search_seconds",
            "Time of a search, by what was looked for and how.",
            labels=["object", "mode"],
        )
        for (of, mode), histogram in self._search_seconds.items():
            seconds.add_metric([of, mode], histogram.buckets(), histogram.sum)
        yield seconds
        for name, documentation in _INDEX.items():
            value = self._index[name]
            yield GaugeMetricFamily(f"dialoguedb_index_{name}", documentation, value=value)


class _ByProject(Collector):
    def __init__(self, responses: Counter[tuple[str, int]]) -> None:
        self._responses = responses

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(
            "dialoguedb_project_requests",
            "Requests answered, by project and status.",
            labels=["project", "status"],
        )
        for (project, status), count in self._responses.items():
            family.add_metric([project, str(status)], count)
        yield family


def _family(name: str, documentation: str, histogram: Histogram) -> HistogramMetricFamily:
    return HistogramMetricFamily(
        name, documentation, buckets=histogram.buckets(), sum_value=histogram.sum
    )
