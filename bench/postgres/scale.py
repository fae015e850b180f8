"""Searches across a project of 100,000 and of 1,000,000 messages, and what growth costs the rest.

The database is filled by COPY, see `bulk`, in namespaces of 1,000 messages. Then it is searched
across the project over HTTP, one search after another on one connection, each for something else:
for anything, and for what one message in 10,000 has: a word, a tag, a role, or a value of its
metadata. Appends and last pages take turns with those of a second server, whose database has just
been made.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from statistics import quantiles
from typing import Any

from bench.filling import filled_dialogue
from bench.findings import Figures, Finding, Goal, Measurement, compared
from bench.load import Load, appends, reads, send
from bench.plan import PAGE, SMALL, Plan
from bench.postgres import bulk
from bench.postgres.database import database
from bench.searching import MODES, await_index, search
from bench.server import Server, serving
from bench.texts import Texts

NAME = "postgres_scale"
_FIRST = 100_000
_P95_MS = {_FIRST: 60.0, 1_000_000: 150.0}
_RARE = 10_000
_RARE_P95_MS = 30.0
_GROWTH = Goal(1.5, at_least=False)
_LIMIT = 10
_WORD = "zanzibar"
_ANY = "anything"
_SEARCHED: dict[str, dict[str, Any]] = {
    _ANY: {},
    "a word of 1 in 10,000": {},
    "a tag of 1 in 10,000": {"tags": ["rare"]},
    "a role of 1 in 10,000": {"role": "auditor"},
    "metadata of 1 in 10,000": {"metadata": {"case": "rare"}},
}
_BY_WORD = "a word of 1 in 10,000"
_SEED = 7
_WARM_UP = 20
_WARM_UP_SECONDS = 1.0
_MILLISECONDS = 1e3
_COLUMNS = ("messages", "searched for", "mode", "p50 ms", "p95 ms", "p99 ms", "found at least")


@dataclass(frozen=True)
class _Latencies:
    """What searches of one kind took, and how many messages each found at least."""

    messages: int
    what: str
    mode: str
    p50_ms: float
    p95_ms: float
    p99_ms: float
    found: int

    @property
    def row(self) -> tuple[str, ...]:
        times = (self.p50_ms, self.p95_ms, self.p99_ms)
        shown = (f"{time:.1f}" for time in times)
        return f"{self.messages:,}", self.what, self.mode, *shown, str(self.found)


def measure(plan: Plan) -> list[Measurement]:
    """Fill, search and write at each size."""
    sizes = sorted({_FIRST, plan.messages})
    found: list[Measurement] = []
    searches: list[_Latencies] = []
    with plan.directory() as directory, database() as server, ExitStack() as stack:
        sides = []
        for name in ("new", "filled"):
            url = server.new_database()
            options = ("--database", url)
            sides.append((stack.enter_context(serving(plan, directory / name, options)), url))
        (new, _), (filled, url) = sides
        filled_dialogue(filled, 1)
        texts = Texts(_SEED)
        for already, size in pairwise((0, *sizes)):
            began = time.perf_counter()
            asyncio.run(_fill(url, texts, range(already, size)))
            rate = (size - already) / (time.perf_counter() - began)
            found.append(Finding(NAME, f"filling up to {size:,}, indexes included", rate, "/s"))
            searches += _searched(filled, size, plan.searches)
            found += _growth(plan, new, filled, size)
    return [*_findings(searches), *found, _table(searches)]


async def _fill(url: str, texts: Texts, numbers: range) -> None:
    import asyncpg  # noqa: PLC0415 - of the development extra

    db = await asyncpg.connect(url)
    try:
        await bulk.fill(db, _namespace, lambda number: _message(texts, number), numbers)
    finally:
        await db.close()


def _namespace(number: int) -> str:
    return f"user-{number // SMALL}"


def _message(texts: Texts, number: int) -> bulk.Message:
    message: bulk.Message = {
        "role": "assistant" if number % 2 else "user",
        "content": texts.text(),
        "metadata": {"n": number, "case": "usual", "channel": ("web", "phone")[number % 3 % 2]},
    }
    if number % _RARE == 0:
        message["content"] += f" {_WORD}"
        message |= {"role": "auditor", "tags": ["rare"]}
        message["metadata"]["case"] = "rare"
    return message


# --- Searches -------------------------------------------------------------------------------------


def _searched(server: Server, size: int, count: int) -> Iterator[_Latencies]:
    client = server.client()
    await_index(client)
    for mode in MODES:
        for what, filters in _SEARCHED.items():
            texts = Texts(_SEED + 1)
            taken: list[float] = []
            least = _LIMIT
            for _ in range(count + _WARM_UP):
                query = _WORD if what == _BY_WORD else texts.query()
                began = time.perf_counter()
                hits = search(client, query, mode=mode, limit=_LIMIT, **filters)
                taken.append((time.perf_counter() - began) * _MILLISECONDS)
                least = min(least, len(hits))
            marks = quantiles(taken[_WARM_UP:], n=100)
            yield _Latencies(size, what, mode, marks[49], marks[94], marks[98], least)
    client.close()


def _findings(searches: list[_Latencies]) -> Iterator[Finding]:
    for one in searches:
        # A word finds nothing but what holds it in this mode alone, and filters in any.
        if one.mode != ("keyword" if one.what == _BY_WORD else "hybrid"):
            continue
        bound = _P95_MS.get(one.messages) if one.what == _ANY else _RARE_P95_MS
        goal = Goal(bound, at_least=False, unit=" ms") if bound else None
        what = f"p95, {one.mode}, {one.what}, among {one.messages:,}"
        detail = f"each found {one.found} of {_LIMIT} at least"
        yield Finding(NAME, what, one.p95_ms, " ms", goal, detail)


def _table(searches: list[_Latencies]) -> Figures:
    return Figures("Time of a search across a project", _COLUMNS, [one.row for one in searches])


# --- Growth ---------------------------------------------------------------------------------------


def _growth(plan: Plan, new: Server, filled: Server, size: int) -> Iterator[Finding]:
    """Compare what a dialogue of 1,000 messages takes among many and among few."""
    kinds: tuple[tuple[str, Callable[[Server, str], Load]], ...] = (
        ("an append", lambda server, dialogue: appends(server, [dialogue])),
        (f"the last {PAGE} messages", _last_page),
    )
    for what, load in kinds:
        rates: dict[Server, list[float]] = {new: [], filled: []}
        loads = {one: load(one, filled_dialogue(one, SMALL)) for one in rates}
        for one in loads.values():
            send(one, _WARM_UP_SECONDS)
        for _ in range(plan.rounds):
            for server, one in loads.items():
                rates[server].append(send(one, plan.seconds / 2).rate)
        title = f"time of {what} among {size:,} / in a new database"
        yield compared(NAME, title, rates[new], rates[filled], _GROWTH)


def _last_page(server: Server, dialogue: str) -> Load:
    return reads(server, f"/dialogue/{dialogue}/messages?order=desc&limit={PAGE}")
