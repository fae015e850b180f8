"""Durable single-message POSTs on 32 connections, against a plain loop of durable inserts.

The server runs as shipped: key checked, limits and quotas on, every answer durable. The loop has
no network, no ids to make and no rules to keep; it inserts into an equal table, one commit each.
"""

from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench import baseline
from bench.filling import create_dialogue
from bench.findings import TIMES, Finding, Goal, compared
from bench.load import Outcome, appends, send
from bench.plan import CONNECTIONS, BenchError, Plan
from bench.server import Server, serving

NAME = "appends"
_WARM_UP_SECONDS = 1.0


@dataclass
class _Rounds:
    plain: list[float] = field(default_factory=list)
    one: list[Outcome] = field(default_factory=list)
    many: list[Outcome] = field(default_factory=list)
    cpu_main: list[float] = field(default_factory=list)
    cpu_others: list[float] = field(default_factory=list)


def measure(plan: Plan) -> list[Finding]:
    """Take the rounds: the plain loop, one dialogue, 32 dialogues, and again."""
    with plan.directory() as place, serving(plan, place / "data") as server:
        rounds = _Rounds()
        dialogues = [create_dialogue(server) for _ in range(CONNECTIONS)]
        sent = send(appends(server, dialogues), _WARM_UP_SECONDS).requests
        for _ in range(plan.rounds):
            _take_round(rounds, plan, server, dialogues, place / "plain.sqlite3")
        sent += sum(outcome.requests for outcome in rounds.one + rounds.many)
        _insist_all_stored(server, dialogues, sent)
    return _findings(rounds)


def _take_round(
    rounds: _Rounds, plan: Plan, server: Server, dialogues: list[str], plain: Path
) -> None:
    rounds.plain.append(baseline.rate(plain, plan.seconds))
    rounds.one.append(send(appends(server, dialogues[:1]), plan.seconds))
    before = server.program.cpu_seconds()
    many = send(appends(server, dialogues), plan.seconds)
    after = server.program.cpu_seconds()
    rounds.many.append(many)
    rounds.cpu_main.append((after["main"] - before["main"]) / many.requests)
    rounds.cpu_others.append((after["others"] - before["others"]) / many.requests)


def _insist_all_stored(server: Server, dialogues: list[str], sent: int) -> None:
    client = server.client()
    answers = [client.call("GET", f"/dialogue/{dialogue}") for dialogue in dialogues]
    client.close()
    stored = sum(answer["totalMessages"] for answer in answers)
    if stored < sent:
        raise BenchError(f"{sent} appends were acknowledged, {stored} are stored")


def _findings(rounds: _Rounds) -> list[Finding]:
    many = [outcome.rate for outcome in rounds.many]
    one = [outcome.rate for outcome in rounds.one]
    goal = Goal(1.3, at_least=True)
    return [
        compared(NAME, "appends to 32 dialogues / plain loop", many, rounds.plain, goal),
        compared(NAME, "appends to one dialogue / plain loop", one, rounds.plain, goal),
        _tail(rounds),
        _cost(rounds),
    ]


def _tail(rounds: _Rounds) -> Finding:
    p50 = median(outcome.p50_ms for outcome in rounds.many)
    p99 = median(outcome.p99_ms for outcome in rounds.many)
    figure = median(outcome.p99_ms / outcome.p50_ms for outcome in rounds.many)
    detail = f"p50 {p50:.2f} ms, p99 {p99:.2f} ms"
    return Finding(NAME, "p99 / p50 of an append", figure, TIMES, Goal(10, at_least=False), detail)


def _cost(rounds: _Rounds) -> Finding:
    spent = 1e6 / median(outcome.rate for outcome in rounds.many)
    main, others = median(rounds.cpu_main) * 1e6, median(rounds.cpu_others) * 1e6
    detail = f"µs of processor: {main:.0f} on the loop's thread, {others:.0f} on the others"
    return Finding(NAME, "time per append", spent, " µs", detail=detail)
