"""Durable single-message POSTs on 32 connections, against a plain loop of durable inserts.

Two servers run, with key checked, limits and quotas on, every answer durable: the engine alone
(`bench/alone.py`), which does with a message what the loop does, and one as shipped, which counts
its tokens and indexes it for search as well. The loop has no network, no ids to make and no rules
to keep; it inserts into an equal table, one commit each.
"""

import sys
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from statistics import median

from bench import baseline
from bench.filling import create_dialogue
from bench.findings import TIMES, Finding, Goal, compared
from bench.load import Outcome, appends, send
from bench.plan import CONNECTIONS, BenchError, Plan
from bench.server import Server, serving

NAME = "appends"
ALONE = (sys.executable, "-m", "bench.alone")
_ENGINE_ALONE = "engine alone"
_AS_SHIPPED = "as shipped"
_WARM_UP_SECONDS = 1.0


@dataclass
class _Side:
    """A server under load, and what came of it."""

    server: Server
    dialogues: list[str] = field(default_factory=list)
    one: list[Outcome] = field(default_factory=list)
    many: list[Outcome] = field(default_factory=list)
    cpu_main: list[float] = field(default_factory=list)
    cpu_others: list[float] = field(default_factory=list)
    sent: int = 0

    def warm_up(self) -> None:
        """Create the dialogues, and append to them briefly."""
        self.dialogues = [create_dialogue(self.server) for _ in range(CONNECTIONS)]
        self.sent = send(appends(self.server, self.dialogues), _WARM_UP_SECONDS).requests

    def take_round(self, seconds: float) -> None:
        """Append to one dialogue, then to all."""
        self.one.append(send(appends(self.server, self.dialogues[:1]), seconds))
        before = self.server.program.cpu_seconds()
        many = send(appends(self.server, self.dialogues), seconds)
        after = self.server.program.cpu_seconds()
        self.many.append(many)
        self.cpu_main.append((after["main"] - before["main"]) / many.requests)
        self.cpu_others.append((after["others"] - before["others"]) / many.requests)
        self.sent += self.one[-1].requests + many.requests

    def insist_all_stored(self) -> None:
        """Count what is stored; BenchError when that is less than was acknowledged."""
        client = self.server.client()
        answers = [client.call("GET", f"/dialogue/{dialogue}") for dialogue in self.dialogues]
        client.close()
        stored = sum(answer["totalMessages"] for answer in answers)
        if stored < self.sent:
            raise BenchError(f"{self.sent} appends were acknowledged, {stored} are stored")


def measure(plan: Plan) -> list[Finding]:
    """Take the rounds: the plain loop, then each server with one dialogue and with 32."""
    plain: list[float] = []
    with plan.directory() as directory, ExitStack() as stack:
        commands = {_ENGINE_ALONE: ALONE, _AS_SHIPPED: plan.command}
        sides = {
            name: _Side(
                stack.enter_context(serving(replace(plan, command=command), directory / name))
            )
            for name, command in commands.items()
        }
        for side in sides.values():
            side.warm_up()
        for _ in range(plan.rounds):
            plain.append(baseline.rate(directory / "plain.sqlite3", plan.seconds))
            for side in sides.values():
                side.take_round(plan.seconds)
        for side in sides.values():
            side.insist_all_stored()
    goals = {_ENGINE_ALONE: Goal(1.3, at_least=True), _AS_SHIPPED: None}
    return [
        finding
        for name, side in sides.items()
        for finding in _findings(name, side, plain, goals[name])
    ]


def _findings(name: str, side: _Side, plain: list[float], goal: Goal | None) -> list[Finding]:
    many = [outcome.rate for outcome in side.many]
    one = [outcome.rate for outcome in side.one]
    return [
        compared(NAME, f"appends to 32 dialogues, {name} / plain loop", many, plain, goal),
        compared(NAME, f"appends to one dialogue, {name} / plain loop", one, plain, goal),
        _tail(name, side),
        _cost(name, side),
    ]


def _tail(name: str, side: _Side) -> Finding:
    p50 = median(outcome.p50_ms for outcome in side.many)
    p99 = median(outcome.p99_ms for outcome in side.many)
    figure = median(outcome.p99_ms / outcome.p50_ms for outcome in side.many)
    goal = Goal(10, at_least=False)
    detail = f"p50 {p50:.2f} ms, p99 {p99:.2f} ms"
    return Finding(NAME, f"p99 / p50 of an append, {name}", figure, TIMES, goal, detail)


def _cost(name: str, side: _Side) -> Finding:
    spent = 1e6 / median(outcome.rate for outcome in side.many)
    main, others = median(side.cpu_main) * 1e6, median(side.cpu_others) * 1e6
    detail = f"µs of processor: {main:.0f} on the loop's thread, {others:.0f} on the others"
    return Finding(NAME, f"time per append, {name}", spent, " µs", detail=detail)
