"""What indexing costs an append: the same load on servers with and without it.

With `--embedder none` a server keeps an index of words but no vectors. No setting leaves out words:
the server that indexes nothing is this one, switched off from within by `bench/unindexed.py`.
All servers run at once and are loaded in turn, beside the plain loop of durable inserts.
"""

import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bench import baseline
from bench.filling import create_dialogue
from bench.findings import Finding, Goal, compared
from bench.load import appends, send
from bench.plan import CONNECTIONS, Plan
from bench.server import Server, serving

NAME = "indexing"
_WARM_UP_SECONDS = 1.0
_INDEXED = "words and vectors"
_WORDS = "words alone"
_UNINDEXED = "no index"
_PLAIN = "plain loop"


def measure(plan: Plan) -> list[Finding]:
    """Take the rounds: each server in turn, then the plain loop."""
    rates: dict[str, list[float]] = {_PLAIN: []}
    with plan.directory() as directory, ExitStack() as stack:
        servers = {
            name: stack.enter_context(
                serving(replace(plan, command=command), directory / name, more)
            )
            for name, command, more in _ways(plan)
        }
        dialogues = {name: _dialogues(server) for name, server in servers.items()}
        for name, server in servers.items():
            rates[name] = []
            send(appends(server, dialogues[name]), _WARM_UP_SECONDS)
        for _ in range(plan.rounds):
            _take_round(rates, plan, servers, dialogues, directory / "plain.sqlite3")
    return _findings(rates)


def _ways(plan: Plan) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    unindexed = (sys.executable, "-m", "bench.unindexed")
    return [
        (_INDEXED, plan.command, ()),
        (_WORDS, plan.command, ("--embedder", "none")),
        (_UNINDEXED, unindexed, ()),
    ]


def _dialogues(server: Server) -> list[str]:
    return [create_dialogue(server) for _ in range(CONNECTIONS)]


def _take_round(
    rates: dict[str, list[float]],
    plan: Plan,
    servers: dict[str, Server],
    dialogues: dict[str, list[str]],
    plain: Path,
) -> None:
    for name, server in servers.items():
        rates[name].append(send(appends(server, dialogues[name]), plan.seconds).rate)
    rates[_PLAIN].append(baseline.rate(plain, plan.seconds))


def _findings(rates: dict[str, list[float]]) -> list[Finding]:
    goal = Goal(0.7, at_least=True)
    ours = rates.pop(_INDEXED)
    goals = {_UNINDEXED: goal, _WORDS: goal}
    return [
        compared(NAME, f"appends, {_INDEXED} / {name}", ours, theirs, goals.get(name))
        for name, theirs in rates.items()
    ]
