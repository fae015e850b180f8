"""What was just written is found by the very next search, while others write.

Each pair stores a message and searches for its text as soon as it is answered: every other one in
its namespace, the rest across the project. Eight connections append all the while.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import quantiles
from threading import Event, Thread

from bench.client import Client
from bench.filling import create_dialogue
from bench.findings import Finding, Goal
from bench.load import Load, appends, send
from bench.plan import BenchError, Plan
from bench.searching import MODES, search
from bench.server import Server, serving
from bench.texts import Texts

NAME = "written"
_CONNECTIONS = 8
_SEED = 11
_PERCENT = 100
_LIMIT = 100
"""Some texts are of words that all messages share: many are as relevant as they are."""
_NAMESPACE = "written"
_DIALOGUE = "written"
_MILLISECONDS = 1e3


def measure(plan: Plan) -> list[Finding]:
    """Write and search in each mode, under load."""
    texts = Texts(_SEED)
    with plan.directory() as directory, serving(plan, directory / "data") as server:
        client = server.client()
        client.call("POST", "/dialogue", {"id": _DIALOGUE, "namespace": _NAMESPACE})
        with _under_load(plan, server):
            found = [_pairs(client, texts, mode, plan.pairs) for mode in MODES]
        client.close()
    return found


@contextmanager
def _under_load(plan: Plan, server: Server) -> Iterator[None]:
    load = Load(**vars(appends(server, [create_dialogue(server)])) | {"connections": _CONNECTIONS})
    ended = Event()
    failures: list[BenchError] = []

    def keep_sending() -> None:
        while not ended.is_set() and not failures:
            try:
                send(load, plan.seconds)
            except BenchError as error:
                failures.append(error)

    thread = Thread(target=keep_sending)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    if failures:
        raise failures[0]


def _pairs(client: Client, texts: Texts, mode: str, count: int) -> Finding:
    path = f"/dialogue/{_DIALOGUE}/messages"
    found, latencies = 0, []
    for number in range(count):
        text = texts.text()
        message = {"role": "user", "content": text, "namespace": _NAMESPACE}
        stored = client.call("POST", path, message)["id"]
        within = {"namespace": _NAMESPACE} if number % 2 else {}
        began = time.perf_counter()
        items = search(client, text, mode=mode, limit=_LIMIT, **within)
        latencies.append((time.perf_counter() - began) * _MILLISECONDS)
        found += any(item["id"] == stored for item in items)
    marks = quantiles(latencies, n=100)
    detail = f"{count:,} pairs; search p50 {marks[49]:.1f} ms, p95 {marks[94]:.1f} ms under load"
    goal = Goal(100, at_least=True, unit=" %")
    figure = _PERCENT * found / count
    return Finding(NAME, f"just written and found, {mode}", figure, " %", goal, detail)
