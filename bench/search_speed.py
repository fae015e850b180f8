"""Searches on 1,000, 100,000 and 1,000,000 messages: what growth costs in time and memory.

One server whose data grows. Every namespace contains 1,000 messages in four dialogues. At each size
the server is restarted and searched once across the project while its index is still being loaded,
and then searched repeatedly, each time for something else: within one namespace, across the
project, and across the project for a tag that one message in 10,000 has.
"""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import quantiles

from bench.client import Client
from bench.findings import Figures, Finding, Goal, Measurement
from bench.generator import request_bytes, send_all
from bench.plan import SMALL, Plan
from bench.processes import output_of
from bench.searching import MODES, index_gauges, search
from bench.server import Server, serving
from bench.texts import Texts

NAME = "search_speed"
_SIZES = (1_000, 100_000)
_LARGE = 1_000_000
_DIALOGUE = 250
_RARE = 10_000
_TAG = "rare"
_SEED = 7
_WARM_UP = 20
_MILLISECONDS = 1e3
_MIB = 1024 * 1024
_WITHIN = f"namespace of {SMALL:,}"
_ACROSS = "project"
_TAGGED = f"project, tag of 1 in {_RARE:,}"
_GOALS = {_WITHIN: 20.0, _ACROSS: 60.0}
_COLUMNS = ("messages", "searched in", "mode", "p50 ms", "p95 ms", "p99 ms", "found")


@dataclass(frozen=True)
class _Latencies:
    """The latencies of one kind of search, and how many objects it found on average."""

    where: str
    mode: str
    p50_ms: float
    p95_ms: float
    p99_ms: float
    found: float


@dataclass(frozen=True)
class _Stage:
    """What was measured at one size."""

    messages: int
    loaded_per_second: float
    start_seconds: float
    first_search_seconds: float
    resident_bytes: int
    own_bytes: int
    index_bytes: int
    disk_bytes: int
    searches: list[_Latencies]


def measure(plan: Plan) -> list[Measurement]:
    """Fill, start and search at each size, then rebuild the index."""
    sizes = sorted({*_SIZES, plan.messages})
    texts = Texts(_SEED)
    with plan.directory() as directory, serving(plan, directory / "data") as server:
        stages = [
            _stage(plan, server, texts, size, already, directory / "data")
            for already, size in pairwise((0, *sizes))
        ]
        server.program.stop()
        rebuilding = list(_rebuild(plan, directory / "data"))
    return [*_findings(stages), *rebuilding, _table(stages)]


def _stage(plan: Plan, server: Server, texts: Texts, size: int, already: int, data: Path) -> _Stage:
    began = time.perf_counter()
    requests = _dialogues(server, texts, already, size)
    send_all((server.host, server.port), requests, connections=2)
    loading = time.perf_counter() - began
    server.program.stop()
    start_seconds = server.start()
    client = server.client()
    began = time.perf_counter()
    search(client, texts.query())
    first = time.perf_counter() - began
    searches = list(_searched(client, texts, size, plan.searches))
    in_memory = round(index_gauges(client)["memory_bytes"])
    client.close()
    held = (server.program.resident_bytes() or 0, server.program.own_bytes() or 0, in_memory)
    on_disk = sum(file.stat().st_size for file in data.iterdir())
    rate = (size - already) / loading
    return _Stage(size, rate, start_seconds, first, *held, on_disk, searches)


def _dialogues(server: Server, texts: Texts, first: int, last: int) -> Iterator[bytes]:
    for start in range(first, last, _DIALOGUE):
        numbers = range(start, start + _DIALOGUE)
        body = {"namespace": _namespace(start), "messages": [_message(texts, n) for n in numbers]}
        yield request_bytes("POST", "/dialogue", server.key, json.dumps(body).encode())


def _namespace(number: int) -> str:
    return f"user-{number // SMALL}"


def _message(texts: Texts, number: int) -> dict[str, object]:
    message: dict[str, object] = {"role": "assistant" if number % 2 else "user"}
    message["content"] = texts.text()
    if number % _RARE == 0:
        message["tags"] = [_TAG]
    return message


def _searched(client: Client, texts: Texts, size: int, count: int) -> Iterator[_Latencies]:
    random = Random(_SEED)  # noqa: S311 -- nothing is kept secret with it
    for mode in MODES:
        for where in (_WITHIN, _ACROSS, _TAGGED):
            requests: list[dict[str, object]] = [{"mode": mode} for _ in range(count + _WARM_UP)]
            for one in requests:
                if where == _WITHIN:
                    one["namespace"] = _namespace(random.randrange(size))
                elif where == _TAGGED:
                    one["tags"] = [_TAG]
            yield _measured(client, texts, where, requests)


def _measured(
    client: Client, texts: Texts, where: str, requests: Sequence[dict[str, object]]
) -> _Latencies:
    latencies, found = [], 0
    for one in requests:
        query = texts.query()
        began = time.perf_counter()
        found += len(search(client, query, **one))
        latencies.append((time.perf_counter() - began) * _MILLISECONDS)
    marks = quantiles(latencies[_WARM_UP:], n=100)
    mode = str(requests[0]["mode"])
    return _Latencies(where, mode, marks[49], marks[94], marks[98], found / len(requests))


def _rebuild(plan: Plan, data: Path) -> Iterator[Finding]:
    began = time.perf_counter()
    output_of([*plan.command, "reindex", "--data", str(data)])
    rate = plan.messages / (time.perf_counter() - began)
    yield Finding(NAME, f"rebuilding the index of {plan.messages:,}", rate, " messages/s")


def _findings(stages: list[_Stage]) -> Iterator[Finding]:
    for stage in stages:
        yield from _of_stage(stage)
    last = stages[-1]
    for searches in last.searches:
        if searches.mode == "hybrid" and searches.where in _GOALS:
            goal = Goal(_GOALS[searches.where], at_least=False, unit=" ms")
            what = f"p95, hybrid, {searches.where}, among {last.messages:,}"
            yield Finding(NAME, what, searches.p95_ms, " ms", goal)
    yield from _memory(stages[0], last)


def _memory(first: _Stage, last: _Stage) -> Iterator[Finding]:
    """Tell what each further message took once everything was searched."""
    more = last.messages - first.messages
    is_large = last.messages >= _LARGE  # among few, what is fixed weighs most
    goal = Goal(1_000, at_least=False, unit=" bytes") if is_large else None
    sizes = (last.own_bytes, first.own_bytes, last.index_bytes)
    own, small, index = (f"{size / _MIB:,.0f} MiB" for size in sizes)
    detail = f"{own}, of which {index} index; {small} among {first.messages:,}"
    what = f"memory a further message, among {last.messages:,}"
    yield Finding(NAME, what, (last.own_bytes - first.own_bytes) / more, " bytes", goal, detail)
    resident = f"{last.resident_bytes / _MIB:,.0f} MiB; the system can take back pages of the file"
    figure = (last.resident_bytes - first.resident_bytes) / more
    yield Finding(NAME, "the same with mapped pages of the file", figure, " bytes", detail=resident)


def _of_stage(stage: _Stage) -> Iterator[Finding]:
    size = f"{stage.messages:,}"
    disk = f"{stage.disk_bytes / stage.messages:,.0f} bytes a message on disk"
    yield Finding(NAME, f"loading up to {size}", stage.loaded_per_second, "/s", detail=disk)
    start = stage.start_seconds
    yield Finding(NAME, f"start on {size}", start, " s", Goal(2, at_least=False, unit=" s"))
    first = stage.first_search_seconds
    detail = "it may have to read what the server does not hold in memory yet"
    yield Finding(NAME, f"first search after a start on {size}", first, " s", detail=detail)


def _table(stages: list[_Stage]) -> Figures:
    rows = [
        (
            f"{stage.messages:,}",
            searches.where,
            searches.mode,
            *(f"{figure:.2f}" for figure in (searches.p50_ms, searches.p95_ms, searches.p99_ms)),
            f"{searches.found:.1f}",
        )
        for stage in stages
        for searches in stage.searches
    ]
    return Figures("Time of a search", _COLUMNS, rows)
