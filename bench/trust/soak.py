"""A mixed load for ten minutes: what of memory, descriptors and the log still grows at its end.

Readers, writers, searches, windows, summaries, uploads and clients that hang up or hardly read, at
a rate that leaves the machine time. Old dialogues are deleted, so that the data stops growing; the
slopes are those of the last two thirds.
"""

import asyncio
import itertools
import random
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression

from bench.client import Client
from bench.findings import Finding, Goal
from bench.plan import BenchError, Plan
from bench.server import Server, serving
from bench.trust import attacks
from bench.trust.probing import probed

NAME = "soak"
MIB = 1024 * 1024
_WORKERS = 4
_INTERVAL_S = 0.02
_DIALOGUES_KEPT = 100
_SAMPLE_EVERY_S = 1.0
_ATTACK_EVERY_S = 5.0
_TEXT = "the train from the coast was late again, so we walked home along the river"
_MEMORY_GOAL = Goal(1, at_least=False, unit=" MiB/min")
_FILES_GOAL = Goal(0.5, at_least=False, unit=" /min")
_LOG_GOAL = Goal(80, at_least=False, unit=" MiB")


@dataclass
class Samples:
    """What was seen of a server, second by second."""

    at: list[float] = field(default_factory=list)
    memory_bytes: list[int] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)
    log_bytes: list[int] = field(default_factory=list)

    def take(self, server: Server) -> None:
        """Look once."""
        log = server.data / "dialoguedb.sqlite3-wal"
        self.at.append(time.monotonic())
        self.memory_bytes.append(server.program.resident_bytes() or 0)
        self.descriptors.append(server.program.descriptors() or 0)
        self.log_bytes.append(log.stat().st_size if log.exists() else 0)

    def per_minute(self, values: list[int]) -> float:
        """Return the slope of the last two thirds."""
        start = len(values) // 3
        return 60 * linear_regression(self.at[start:], values[start:]).slope


def measure(plan: Plan) -> list[Finding]:
    """Load a server, and look at it each second."""
    seconds = 600 if plan.name == "full" else 30
    load = _Load(time.monotonic() + seconds)
    samples = Samples()
    with (
        plan.directory() as directory,
        serving(plan, directory / "data", ["--no-rate-limits"]) as server,
        probed(server) as latencies,
    ):
        threads = load.start(server)
        while time.monotonic() < load.until:
            samples.take(server)
            time.sleep(_SAMPLE_EVERY_S)
        for thread in threads:
            thread.join()
        size = sum(file.stat().st_size for file in Path(server.data).iterdir())
    if load.failed:
        raise BenchError(f"the load failed: {load.failed[0]}")
    done = f"{load.done:,} requests in {seconds} s, {size / MIB:.0f} MiB of data at the end"
    return [*_slopes(samples, done), Finding(NAME, "p99 of /health", latencies.p99_ms, " ms")]


def _slopes(samples: Samples, done: str) -> list[Finding]:
    last = samples.memory_bytes[-1] / MIB
    return [
        Finding(
            NAME,
            "slope of memory",
            samples.per_minute(samples.memory_bytes) / MIB,
            " MiB/min",
            _MEMORY_GOAL,
            f"{last:.0f} MiB at the end, {max(samples.memory_bytes) / MIB:.0f} at most; {done}",
        ),
        Finding(
            NAME,
            "slope of open descriptors",
            samples.per_minute(samples.descriptors),
            " /min",
            _FILES_GOAL,
            f"{samples.descriptors[-1]} at the end, {max(samples.descriptors)} at most",
        ),
        Finding(
            NAME,
            "largest log",
            max(samples.log_bytes) / MIB,
            " MiB",
            _LOG_GOAL,
            f"slope {samples.per_minute(samples.log_bytes) / MIB:.2f} MiB/min",
        ),
    ]


class _Load:
    """Threads that send requests until a time, and what came of them."""

    def __init__(self, until: float) -> None:
        self.until = until
        self.failed: list[Exception] = []
        self._sent = itertools.count()
        self.done = 0

    def start(self, server: Server) -> list[threading.Thread]:
        """Begin to send."""
        threads = [
            *(threading.Thread(target=self._run, args=(server, n)) for n in range(_WORKERS)),
            threading.Thread(target=self._attack, args=(server,)),
        ]
        for thread in threads:
            thread.start()
        return threads

    def _run(self, server: Server, number: int) -> None:
        chosen = random.Random(number)  # noqa: S311 - no secret
        dialogues: list[str] = []
        try:
            with closing(server.client()) as client:
                while time.monotonic() < self.until:
                    _turn(client, chosen, dialogues, number)
                    self.done = next(self._sent)
                    time.sleep(_INTERVAL_S)
        except Exception as error:  # noqa: BLE001 - of a thread: it is raised where it is joined
            self.failed.append(error)

    def _attack(self, server: Server) -> None:
        path = "/memory?limit=1000"
        target = attacks.Target(server, (path,))
        while time.monotonic() < self.until:
            asyncio.run(_attacks(target))
            time.sleep(_ATTACK_EVERY_S)


async def _attacks(target: attacks.Target) -> None:
    body = b'{"role":"user","content":"%s"}' % (b"x" * 900_000)
    await asyncio.gather(
        attacks.hang_ups(target, 5, 1),
        attacks.slow_readers(target, 3, 3),
        attacks.uploads(target, 2, body, 1),
        attacks.idle(target, 20, 1),
    )


def _turn(client: Client, chosen: random.Random, dialogues: list[str], number: int) -> None:
    """Make one request of some kind."""
    if not dialogues or chosen.random() < 0.03:
        name = f"{number}-{chosen.getrandbits(60):x}"
        client.call("POST", "/dialogue", {"id": name})
        dialogues.append(name)
        client.call("POST", "/memory", {"id": name, "value": _TEXT * 50})
        if len(dialogues) > _DIALOGUES_KEPT // _WORKERS:
            oldest = dialogues.pop(0)
            client.call("DELETE", f"/dialogue/{oldest}")
            client.call("DELETE", f"/memory/{oldest}")
        return
    path = f"/dialogue/{chosen.choice(dialogues)}"
    message = {"role": "user", "content": f"{chosen.random()} {_TEXT}"}
    search = {"object": "message", "query": "late train", "limit": 10}
    requests: list[tuple[str, str, object]] = [
        *[("POST", f"{path}/messages", message)] * 5,
        *[("GET", f"{path}/messages?limit=20&order=desc", None)] * 5,
        ("GET", f"{path}/messages?limit=1000", None),
        ("PATCH", f"{path}/state", {"a": chosen.random()}),
        ("POST", f"{path}/context", {"maxTokens": 2_000, "query": "river"}),
        ("POST", "/search", search),
        ("POST", f"{path}/compact", {}),
        ("GET", "/dialogue?limit=100", None),
    ]
    client.call(*chosen.choice(requests))
