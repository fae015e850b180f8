"""Searches in namespaces of 1,000 messages, by PostgreSQL and by the embedded engine.

Both hold the same messages, with vectors. Searches are sent one after another on one connection,
to each engine in turn.
"""

import json
import time
from collections.abc import Iterator
from statistics import quantiles

from bench.client import Client
from bench.findings import Finding, Goal
from bench.generator import request_bytes, send_all
from bench.plan import SMALL, Plan
from bench.postgres.database import database
from bench.searching import MODES, await_index, search
from bench.server import Server, serving
from bench.texts import Texts

NAME = "postgres_searches"
_GOAL = Goal(2.5, at_least=False)
_NAMESPACES = 20
_DIALOGUE = 250
_WARM_UP = 20
_SEED = 7
_MILLISECONDS = 1e3


def measure(plan: Plan) -> list[Finding]:
    """Fill both engines, and search them in turn."""
    with plan.directory() as directory, database() as server:
        options = ("--database", server.new_database())
        with (
            serving(plan, directory / "embedded") as embedded,
            serving(plan, directory / "postgres", options) as postgres,
        ):
            clients = [_filled(one) for one in (postgres, embedded)]
            found = [_compared(plan, mode, *clients) for mode in MODES]
            for client in clients:
                client.close()
    return found


def _filled(server: Server) -> Client:
    send_all((server.host, server.port), _dialogues(server), connections=2)
    client = server.client()
    await_index(client)
    return client


def _dialogues(server: Server) -> Iterator[bytes]:
    texts = Texts(_SEED)
    for start in range(0, _NAMESPACES * SMALL, _DIALOGUE):
        messages = [{"role": "user", "content": texts.text()} for _ in range(_DIALOGUE)]
        body = {"namespace": f"user-{start // SMALL}", "messages": messages}
        yield request_bytes("POST", "/dialogue", server.key, json.dumps(body).encode())


def _compared(plan: Plan, mode: str, postgres: Client, embedded: Client) -> Finding:
    texts = Texts(_SEED + 1)
    times: dict[Client, list[float]] = {postgres: [], embedded: []}
    for number in range(plan.searches + _WARM_UP):
        query, namespace = texts.query(), f"user-{number % _NAMESPACES}"
        for client, taken in times.items():
            began = time.perf_counter()
            search(client, query, mode=mode, namespace=namespace)
            taken.append((time.perf_counter() - began) * _MILLISECONDS)
    ours, theirs = (_p95(taken[_WARM_UP:]) for taken in times.values())
    detail = f"{ours:.2f} ms against {theirs:.2f} ms"
    what = f"p95 of a {mode} search in a namespace of {SMALL:,}, PostgreSQL / embedded engine"
    return Finding(NAME, what, ours / theirs, " ×", _GOAL, detail)


def _p95(times: list[float]) -> float:
    return quantiles(times, n=100)[94]
