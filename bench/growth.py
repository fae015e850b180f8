"""A long dialogue and many dialogues, against short and few: what history costs.

Two servers, each alone on its data: one with a dialogue of 1,000,000 messages and 100,000
dialogues, one with 1,000 of each. The short dialogue that is appended to is a new one of 1,000
messages in every round. Afterwards the large server's memory is read and its start is timed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from urllib.parse import quote

from bench.filling import PARENT, RARE_TAG, create_dialogues, filled_dialogue
from bench.findings import Finding, Goal, compared
from bench.load import Load, appends, reads, send
from bench.plan import PAGE, SMALL, BenchError, Plan
from bench.reads import last_page
from bench.server import Server, serving

NAME = "growth"
_STARTS = 3
_MIB = 1024 * 1024
_WITHIN = Goal(1.5, at_least=False)


@dataclass(frozen=True)
class _Side:
    """One server with its data: how many of each, its dialogue, and a page token half way."""

    server: Server
    messages: int
    dialogue: str
    middle: str

    def last_page(self) -> Load:
        return reads(self.server, last_page(self.dialogue))

    def middle_page(self) -> Load:
        path = f"/dialogue/{self.dialogue}/messages?limit={PAGE}&next={quote(self.middle)}"
        return reads(self.server, path)

    def listing(self) -> Load:
        return reads(self.server, f"/dialogue?limit={PAGE}")

    def newest_activity(self) -> Load:
        return reads(self.server, f"/dialogue?limit={PAGE}&orderBy=lastMessageCreated")

    def tagged(self) -> Load:
        return reads(self.server, f"/dialogue?limit={PAGE}&tags={RARE_TAG}")

    def threads(self) -> Load:
        return reads(self.server, f"/dialogue?limit={PAGE}&threadOf={PARENT}")

    def appends(self) -> Load:
        fresh = self.messages == SMALL
        dialogue = filled_dialogue(self.server, SMALL) if fresh else self.dialogue
        return appends(self.server, [dialogue])


_KINDS: tuple[tuple[str, Callable[[_Side], Load], Goal | None], ...] = (
    ("time of a last page of {messages:,} messages", _Side.last_page, _WITHIN),
    ("time of a page half way through {messages:,} messages", _Side.middle_page, None),
    ("time of listing among {dialogues:,} dialogues", _Side.listing, _WITHIN),
    ("time of listing by last message among {dialogues:,}", _Side.newest_activity, _WITHIN),
    ("time of listing by a rare tag among {dialogues:,}", _Side.tagged, None),
    ("time of listing the threads of one among {dialogues:,}", _Side.threads, None),
    ("time of an append to {messages:,} messages", _Side.appends, _WITHIN),
)


def measure(plan: Plan) -> list[Finding]:
    """Fill both servers, take the rounds of each kind, then memory and start."""
    with (
        plan.directory() as directory,
        serving(plan, directory / "small") as few,
        serving(plan, directory / "large") as many,
    ):
        empty_start = few.program.start_seconds
        small = _filled(few, SMALL, SMALL)
        large = _filled(many, plan.messages, plan.dialogues)
        found = [_compared(plan, kind, large, small) for kind in _KINDS]
        return [*found, _memory(large), *_starts(many, empty_start)]


def _filled(server: Server, messages: int, dialogues: int) -> _Side:
    create_dialogues(server, dialogues)
    dialogue = filled_dialogue(server, messages)
    return _Side(server, messages, dialogue, _token_half_way(server, dialogue, messages))


def _token_half_way(server: Server, dialogue: str, messages: int) -> str:
    client = server.client()
    step = min(SMALL, messages // 2)
    path = f"/dialogue/{dialogue}/messages?limit={step}"
    token = ""
    for _ in range(messages // 2 // step):
        following = f"&next={quote(token)}" if token else ""
        token = client.call("GET", path + following)["next"]
    client.close()
    return token


def _compared(
    plan: Plan,
    kind: tuple[str, Callable[[_Side], Load], Goal | None],
    large: _Side,
    small: _Side,
) -> Finding:
    what, load, goal = kind
    title = what.format(messages=plan.messages, dialogues=plan.dialogues) + f" / {SMALL:,}"
    on_large, on_small = [], []
    try:
        for _ in range(plan.rounds):
            on_small.append(send(load(small), plan.seconds / 2).rate)
            on_large.append(send(load(large), plan.seconds / 2).rate)
    except BenchError as error:
        return Finding(NAME, title, None, goal=goal, detail=f"failed: {error}")
    return compared(NAME, title, on_small, on_large, goal)


def _memory(large: _Side) -> Finding:
    resident = large.server.program.resident_bytes()
    figure = None if resident is None else resident / _MIB
    goal = Goal(300, at_least=False, unit=" MiB")
    return Finding(NAME, "resident memory after all that", figure, " MiB", goal)


def _starts(server: Server, empty_start: float) -> list[Finding]:
    stopped, started = [], []
    for _ in range(_STARTS):
        stopped.append(server.program.stop())
        started.append(server.start())
    server.program.kill()
    after_kill = server.start()
    detail = f"{empty_start:.2f} s on an empty directory; stopping took {median(stopped):.2f} s"
    goal = Goal(2, at_least=False, unit=" s")
    return [
        Finding(NAME, "start on that data", median(started), " s", goal, detail),
        Finding(NAME, "start on that data after SIGKILL", after_kill, " s", goal),
    ]
