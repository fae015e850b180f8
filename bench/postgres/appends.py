"""Durable single-message POSTs on 32 connections, against pgbench with the bare transaction.

One server process takes them, and then two that share the port; pgbench runs on the same database
server meanwhile idle. Every append is indexed for search as by default.
"""

from contextlib import ExitStack

from bench.filling import create_dialogue
from bench.findings import Finding, Goal, compared
from bench.load import appends, send
from bench.plan import CONNECTIONS, BenchError, Plan
from bench.postgres.database import database
from bench.postgres.pgbench import Bare
from bench.server import Server, serving

NAME = "postgres_appends"
_GOALS = {1: Goal(0.8, at_least=True), 2: Goal(1.2, at_least=True)}
"""By how many processes serve."""

_WARM_UP_SECONDS = 2.0


def measure(plan: Plan) -> list[Finding]:
    """Take the rounds: pgbench, then one process and two, each on a database of its own."""
    bare: list[float] = []
    ours: dict[int, list[float]] = {processes: [] for processes in _GOALS}
    with plan.directory() as directory, database() as server, ExitStack() as stack:
        pgbench = Bare(server, directory)
        sides = {}
        for processes in ours:
            options = ("--database", server.new_database(), "--workers", str(processes))
            side = stack.enter_context(serving(plan, directory / f"{processes}", options))
            sides[processes] = (side, _warm_up(side))
        for _ in range(plan.rounds):
            bare.append(pgbench.rate(plan.seconds))
            for processes, (side, dialogues) in sides.items():
                ours[processes].append(send(appends(side, dialogues), plan.seconds).rate)
        for side, dialogues in sides.values():
            _insist_complete(side, dialogues)
    return [
        compared(NAME, f"appends, {_spelled(processes)} / pgbench", rates, bare, _GOALS[processes])
        for processes, rates in ours.items()
    ]


def _warm_up(server: Server) -> list[str]:
    """Create the dialogues, and append to them briefly."""
    dialogues = [create_dialogue(server) for _ in range(CONNECTIONS)]
    send(appends(server, dialogues), _WARM_UP_SECONDS)
    return dialogues


def _insist_complete(server: Server, dialogues: list[str]) -> None:
    """Compare the counters with the numbers; BenchError when a message is missing."""
    client = server.client()
    for dialogue in dialogues:
        shown = client.call("GET", f"/dialogue/{dialogue}")
        if shown["totalMessages"] != shown["lastSeq"]:
            raise BenchError(f"of {shown['lastSeq']} messages, {shown['totalMessages']} are stored")
    client.close()


def _spelled(processes: int) -> str:
    return "one server process" if processes == 1 else f"{processes} server processes"
