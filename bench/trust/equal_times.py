"""Whether the time of an answer tells a stranger that something exists in another project.

For each route with an id, a stranger asks 2,000 times for what is absent and for what is another
project's, in pairs whose order is drawn by lot; the medians are compared. A route whose medians
differ by more than the goal is measured again, up to three times in all.
"""

import random
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from statistics import median

from bench.client import Client
from bench.findings import Figures, Finding, Goal, Measurement
from bench.plan import BenchError, Plan
from bench.processes import output_of
from bench.server import Server, serving

NAME = "equal_times"
_GOAL = Goal(5, at_least=False, unit=" %")
_PAIRS_QUICK = 200
_PAIRS = 2_000
_WARM_UP = 50
_ATTEMPTS = 3
_HELLO = {"role": "user", "content": "hello"}
_VERSION = {
    "version": 1,
    "value": "v",
    "written": "2026-03-01T09:00:00.000Z",
    "replaced": "2026-06-01T09:00:00.000Z",
}
_MESSAGE_PATHS = (
    "/message/{message}?dialogueId={dialogue}",
    "/dialogue/{dialogue}/messages/{message}",
)


@dataclass(frozen=True)
class Route:
    """A call that names something by its id."""

    method: str
    path: str
    body: object = None

    def __str__(self) -> str:
        """Spell it for the report."""
        return f"{self.method} {self.path}"


ROUTES = (
    Route("GET", "/dialogue/{dialogue}"),
    Route("GET", "/dialogue/{dialogue}?messages=5"),
    Route("PUT", "/dialogue/{dialogue}", {"label": "l"}),
    Route("DELETE", "/dialogue/{dialogue}"),
    Route("GET", "/dialogue/{dialogue}/state"),
    Route("PUT", "/dialogue/{dialogue}/state", {"a": 1}),
    Route("PATCH", "/dialogue/{dialogue}/state", {"a": 1}),
    Route("GET", "/dialogue/{dialogue}/messages"),
    Route("GET", "/messages?dialogueId={dialogue}"),
    Route("POST", "/dialogue/{dialogue}/messages", _HELLO),
    Route("POST", "/message?dialogueId={dialogue}", _HELLO),
    *(
        Route(method, f"/dialogue/{{dialogue}}/{action}", {})
        for method in ("POST", "PUT")
        for action in ("end", "archive", "reopen", "compact")
    ),
    Route("POST", "/dialogue/{dialogue}/context", {"maxTokens": 99}),
    Route("GET", "/dialogue/{dialogue}/context?maxTokens=99"),
    Route("GET", "/dialogue/{dialogue}/check"),
    Route("GET", "/dialogue/{dialogue}/repair?provider=openai"),
    *(Route("GET", path) for path in _MESSAGE_PATHS),
    *(Route("PUT", path, {"tags": ["t"]}) for path in _MESSAGE_PATHS),
    *(Route("DELETE", path) for path in _MESSAGE_PATHS),
    Route("GET", "/memory/{memory}"),
    Route("PUT", "/memory/{memory}", {"tags": ["t"]}),
    Route("DELETE", "/memory/{memory}"),
    Route("GET", "/memory/{memory}/history"),
    Route("POST", "/memory/{memory}/history", _VERSION),
    Route("POST", "/summary?dialogueId={dialogue}", {}),
    Route("GET", "/summary?dialogueId={dialogue}"),
    Route("GET", "/summary/{summary}"),
    Route("GET", "/summary/{summary}?expand=true"),
    Route("DELETE", "/summary/{summary}"),
    Route("GET", "/context/{context}"),
    Route("GET", "/admin/summary-templates/{template}"),
    Route("PUT", "/admin/summary-templates/{template}", {"prompt": "{messages}!"}),
    Route("DELETE", "/admin/summary-templates/{template}"),
    Route("GET", "/admin/keys/{key}"),
    Route("DELETE", "/admin/keys/{key}"),
)


def measure(plan: Plan) -> list[Measurement]:
    """Ask for what is absent and for what is another's on every route."""
    pairs = _PAIRS if plan.name == "full" else _PAIRS_QUICK
    options = ["--no-rate-limits"]
    with plan.directory() as directory, serving(plan, directory / "data", options) as server:
        theirs = _theirs(server)
        absent = {name: _another(name_) for name, name_ in theirs.items()}
        with closing(_stranger(plan, server)) as stranger:
            compared = [
                (route, _settled(stranger, route, theirs, absent, pairs)) for route in ROUTES
            ]
    worst, figure = max(compared, key=lambda one: one[1].percent)
    rows = [(str(route), *one.cells) for route, one in compared]
    columns = ("route", "absent", "another's", "difference", "the same against itself")
    return [
        Finding(
            NAME,
            f"largest difference of medians, {pairs:,} pairs",
            figure.percent,
            " %",
            _GOAL,
            str(worst),
        ),
        Figures("Absent and foreign objects: medians", columns, rows),
    ]


def _another(name: str) -> str:
    """Return an id of the same length that nothing has."""
    return name[:-1] + ("0" if name[-1] != "0" else "1")


@dataclass(frozen=True)
class Compared:
    """Times of answers in seconds, of pairs."""

    absent: Sequence[float]
    theirs: Sequence[float]

    @property
    def percent(self) -> float:
        """Return how far the medians are apart."""
        return _percent(self.absent, self.theirs)

    @property
    def noise(self) -> float:
        """Return how far the medians of the two halves of one side are apart."""
        return _percent(self.absent[::2], self.absent[1::2])

    @property
    def cells(self) -> tuple[str, ...]:
        """Return a line of the report."""
        medians = (f"{1_000 * median(one):.3f} ms" for one in (self.absent, self.theirs))
        return (*medians, f"{self.percent:.1f} %", f"{self.noise:.1f} %")


def _percent(one: Sequence[float], other: Sequence[float]) -> float:
    return 100 * abs(median(one) - median(other)) / median(one)


def _settled(
    stranger: Client, route: Route, theirs: dict[str, str], absent: dict[str, str], pairs: int
) -> Compared:
    """Compare again where the medians differ: a difference that is real does so each time."""
    compared = []
    for _ in range(_ATTEMPTS):
        compared.append(_compared(stranger, route, theirs, absent, pairs))
        if _GOAL.met_by(compared[-1].percent):
            break
    return min(compared, key=lambda one: one.percent)


def _compared(
    stranger: Client, route: Route, theirs: dict[str, str], absent: dict[str, str], pairs: int
) -> Compared:
    lots = random.Random(str(route))  # noqa: S311 - no secret
    taken: dict[bool, list[float]] = {True: [], False: []}
    for number in range(pairs + _WARM_UP):
        for is_theirs in lots.sample([True, False], 2):
            names = theirs if is_theirs else absent
            path = route.path.format(**names)
            began = time.perf_counter()
            status, answer = stranger.ask(route.method, path, route.body)
            seconds = time.perf_counter() - began
            if status != 404:
                raise BenchError(f"{route} answered {status}: {answer[:200]!r}")
            if number >= _WARM_UP:
                taken[is_theirs].append(seconds)
    return Compared(taken[False], taken[True])


def _theirs(server: Server) -> dict[str, str]:
    """Make one of each kind of object; returns their ids."""
    with closing(server.client()) as client:
        names = {
            name: f"{name}-1" for name in ("dialogue", "message", "memory", "summary", "template")
        }
        messages = [{**_HELLO, "id": names["message"] if n == 0 else f"m{n}"} for n in range(20)]
        client.call("POST", "/dialogue", {"id": names["dialogue"], "messages": messages})
        client.call("POST", "/memory", {"id": names["memory"], "value": "v"})
        client.call("POST", "/summary", {"id": names["summary"], "dialogueId": names["dialogue"]})
        client.call(
            "POST", "/admin/summary-templates", {"name": names["template"], "prompt": "{messages}"}
        )
        window = {"maxTokens": 99, "record": True}
        made = client.call("POST", f"/dialogue/{names['dialogue']}/context", window)
        key = client.call("POST", "/admin/keys", {"name": "n"})
    return {**names, "context": made["id"], "key": key["id"]}


def _stranger(plan: Plan, server: Server) -> Client:
    """Return a client with the key of another project."""
    words = (*plan.command, "keys", "create", "--operator", "--quiet", "--data", str(server.data))
    with closing(Client(server.host, server.port, output_of(words).strip())) as operator:
        key = operator.call("POST", "/admin/projects", {"name": "another"})["key"]
    return Client(server.host, server.port, key)
