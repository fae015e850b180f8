"""What checksums of pages cost: the same server on a database with them and on one without.

Both servers run at the same time and take turns, so what else the machine does falls on both. The
figure is of their processors, for all threads: the work, not the waiting for the disk.
"""

import sys
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from statistics import median

from bench.filling import create_dialogue, filled_dialogue
from bench.findings import TIMES, Finding, Goal
from bench.load import Load, appends, reads, send
from bench.plan import CONNECTIONS, PAGE, SMALL, BenchError, Plan
from bench.reads import last_page
from bench.server import Server, serving
from dialoguedb.store.sqlite.connection.files import FILE
from dialoguedb.store.sqlite.schema.page_checksums import are_missing

NAME = "checksums"
UNCHECKED = (sys.executable, "-m", "bench.unchecked")
_APPENDS = "appends of a message"
_READS = f"reads of the last {PAGE} messages"
_GOAL = Goal(1.05, at_least=False)
_PAIRS_PER_ROUND, _PARTS = 4, 4
"""Many short rounds: a busy machine spoils some of them."""

_WARM_UP_SECONDS = 1.0


@dataclass
class _Side:
    """One of the two servers, and the microseconds that each request took it, round by round."""

    server: Server
    loads: dict[str, Load] = field(default_factory=dict)
    taken: dict[str, list[float]] = field(default_factory=dict)

    def prepare(self, *, checked: bool) -> None:
        """Fill the database, and warm the server up; BenchError when it is the wrong one."""
        if are_missing(self.server.data / FILE) == checked:
            raise BenchError(f"{self.server.data} has checksums or lacks them")
        dialogues = [create_dialogue(self.server) for _ in range(CONNECTIONS)]
        self.loads = {
            _APPENDS: appends(self.server, dialogues),
            _READS: reads(self.server, last_page(filled_dialogue(self.server, SMALL))),
        }
        for load in self.loads.values():
            send(load, _WARM_UP_SECONDS)

    def take_round(self, what: str, seconds: float) -> None:
        """Send one kind of request, and note what each took."""
        before = sum(self.server.program.cpu_seconds().values())
        requests = send(self.loads[what], seconds).requests
        used = sum(self.server.program.cpu_seconds().values()) - before
        if not requests:
            raise BenchError(f"no request was answered: {what}")
        self.taken.setdefault(what, []).append(used / requests * 1e6)


def measure(plan: Plan) -> list[Finding]:
    """Take the rounds; the server that begins alternates."""
    commands = {"with": plan.command, "without": UNCHECKED}
    with plan.directory() as directory, ExitStack() as stack:
        sides = {
            name: _Side(
                stack.enter_context(serving(replace(plan, command=command), directory / name))
            )
            for name, command in commands.items()
        }
        for name, side in sides.items():
            side.prepare(checked=name == "with")
        order = list(sides.values())
        for number in range(plan.rounds * _PAIRS_PER_ROUND):
            for what in (_APPENDS, _READS):
                for side in order if number % 2 else order[::-1]:
                    side.take_round(what, plan.seconds / _PARTS)
    return [_ratio(what, sides["with"], sides["without"]) for what in (_APPENDS, _READS)]


def _ratio(what: str, ours: _Side, theirs: _Side) -> Finding:
    pairs = zip(ours.taken[what], theirs.taken[what], strict=True)
    ratios = [checked / unchecked for checked, unchecked in pairs]
    detail = (
        f"{median(ours.taken[what]):,.0f} µs against {median(theirs.taken[what]):,.0f} µs of"
        f" processor time; {len(ratios)} pairs, {min(ratios):.2f} to {max(ratios):.2f}"
    )
    return Finding(NAME, f"{what}, with checksums / without", median(ratios), TIMES, _GOAL, detail)
