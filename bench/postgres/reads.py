"""The last 20 messages over HTTP, from PostgreSQL and from the embedded engine."""

from bench.filling import filled_dialogue
from bench.findings import Finding, Goal, compared
from bench.load import Load, reads, send
from bench.plan import PAGE, SMALL, Plan
from bench.postgres.database import database
from bench.server import Server, serving

NAME = "postgres_reads"
_GOAL = Goal(0.5, at_least=True)
_WARM_UP_SECONDS = 1.0


def measure(plan: Plan) -> list[Finding]:
    """Read the same page from both engines in turn."""
    rates: dict[str, list[float]] = {"embedded": [], "postgres": []}
    with plan.directory() as directory, database() as server:
        options = ("--database", server.new_database())
        with (
            serving(plan, directory / "embedded") as embedded,
            serving(plan, directory / "postgres", options) as postgres,
        ):
            loads = {"embedded": _page(embedded), "postgres": _page(postgres)}
            for load in loads.values():
                send(load, _WARM_UP_SECONDS)
            for _ in range(plan.rounds):
                for engine, load in loads.items():
                    rates[engine].append(send(load, plan.seconds).rate)
    what = f"last {PAGE} messages, PostgreSQL / embedded engine"
    return [compared(NAME, what, rates["postgres"], rates["embedded"], _GOAL)]


def _page(server: Server) -> Load:
    dialogue = filled_dialogue(server, SMALL)
    return reads(server, f"/dialogue/{dialogue}/messages?order=desc&limit={PAGE}")
