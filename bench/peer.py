"""Appends and last pages over HTTP, against the fastest local peer in its own process.

The peer is `SQLiteSession` of `openai-agents`, called as its users call it: `add_items` with one
item, `get_items(limit=20)`, on a file. It crosses no socket, checks no key, and knows no ids,
limits or counters. It is measured with one caller and with 32 (a session each); its better figure
is the baseline. Its durability is read from its connection; where that is less than a wait for the
disk on each commit, a variant that waits is the baseline, and the default is shown as well. Since
it neither counts tokens nor indexes for search, appends of the engine alone (`bench/alone.py`) are
held against it beside those of a server as shipped.
"""

import json
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.appends import ALONE
from bench.filling import create_dialogue, filled_dialogue
from bench.findings import Finding, Goal, compared
from bench.load import Load, appends, reads, send
from bench.plan import CONNECTIONS, PAGE, SMALL, TEXT, BenchError, Plan, cache_directory
from bench.processes import Program, output_of
from bench.reads import last_page
from bench.server import Server, serving

NAME = "peer"
PACKAGE = "openai-agents==0.24.0"
_FULL = 2
_LEVELS = ("OFF", "NORMAL", "FULL", "EXTRA")


@dataclass
class _Rounds:
    ours: dict[str, list[float]] = field(default_factory=lambda: {"appends": [], "reads": []})
    alone: list[float] = field(default_factory=list)
    single: list[float] = field(default_factory=list)
    peer: dict[str, list[float]] = field(default_factory=lambda: {"appends": [], "reads": []})
    loose: list[float] = field(default_factory=list)
    synchronous: int = _FULL
    journal: str = ""


def measure(plan: Plan) -> list[Finding]:
    """Install the peer once, then measure both in turn."""
    try:
        python = _installed()
    except BenchError as error:
        return [Finding(NAME, "skipped", None, detail=f"{PACKAGE} cannot be installed: {error}")]
    with plan.directory() as directory:
        program = str(Path(__file__).with_name("peer_program.py"))
        command = [str(python), "-I", program]
        peer = Program(command, r"ready with SQLite (?P<sqlite>\S+)", directory / "peer.log")
        try:
            rounds = _take_rounds(plan, directory, peer)
        finally:
            peer.stop()
        return _findings(rounds, peer.ready["sqlite"])


def _installed() -> Path:
    directory = cache_directory() / f"peer-{sys.version_info.major}.{sys.version_info.minor}"
    python = directory / "bin" / "python"
    if not python.exists():
        output_of([sys.executable, "-m", "venv", str(directory)])
    output_of([str(python), "-m", "pip", "install", "--quiet", PACKAGE])
    return python


def _take_rounds(plan: Plan, directory: Path, peer: Program) -> _Rounds:
    rounds = _Rounds()
    engine = replace(plan, command=ALONE)
    with serving(plan, directory / "data") as server, serving(engine, directory / "alone") as alone:
        page = reads(server, last_page(filled_dialogue(server, SMALL)))
        append, append_alone = _appends(server), _appends(alone)
        one = Load(**vars(append) | {"connections": 1})
        for _ in range(plan.rounds):
            rounds.ours["appends"].append(send(append, plan.seconds).rate)
            rounds.alone.append(send(append_alone, plan.seconds).rate)
            rounds.single.append(send(one, plan.seconds / 2).rate)
            _ask_for_appends(rounds, plan, directory, peer)
            rounds.ours["reads"].append(send(page, plan.seconds / 2).rate)
            read = _better(peer, plan, kind="reads", file=directory / "reads.db", full=False)
            rounds.peer["reads"].append(read["rate"])
    return rounds


def _appends(server: Server) -> Load:
    return appends(server, [create_dialogue(server) for _ in range(CONNECTIONS)])


def _ask_for_appends(rounds: _Rounds, plan: Plan, directory: Path, peer: Program) -> None:
    file = directory / "appends.db"
    default = _better(peer, plan, kind="appends", file=file, full=False)
    rounds.synchronous, rounds.journal = default["synchronous"], default["journal"]
    durable = default
    if rounds.synchronous < _FULL:
        rounds.loose.append(default["rate"])
        durable = _better(peer, plan, kind="appends", file=file, full=True)
    rounds.peer["appends"].append(durable["rate"])


def _better(peer: Program, plan: Plan, *, kind: str, file: Path, full: bool) -> dict[str, Any]:
    """Ask the peer for a rate with one caller and with many, and give the better answer."""
    answers = []
    for tasks in (1, CONNECTIONS):
        size = {"tasks": tasks, "seconds": plan.seconds / 2, "page": PAGE, "filled": SMALL}
        task = {"kind": kind, "file": str(file), "full": full, "text": TEXT}
        peer.tell(json.dumps(task | size))
        line = peer.next_line()
        if not line:
            raise BenchError("the peer's program ended early")
        answers.append(json.loads(line))
    return max(answers, key=lambda answer: float(answer["rate"]))


def _findings(rounds: _Rounds, sqlite: str) -> list[Finding]:
    level = _LEVELS[rounds.synchronous]
    how = f"peer's default: {rounds.journal}, synchronous={level}, SQLite {sqlite}"
    appended, read = rounds.peer["appends"], rounds.peer["reads"]
    goal = Goal(2.5, at_least=True)
    alone = "no commit is shared on one"
    found = [
        compared(NAME, "appends, engine alone / peer", rounds.alone, appended, goal, how),
        compared(NAME, "appends, as shipped / peer", rounds.ours["appends"], appended),
        compared(NAME, "appends on one connection / peer", rounds.single, appended, note=alone),
        compared(NAME, "reads of the last 20 / peer", rounds.ours["reads"], read),
    ]
    if rounds.loose:
        what, why = "appends / peer's default", f"not durable: synchronous={level}"
        found.append(compared(NAME, what, rounds.ours["appends"], rounds.loose, note=why))
    return found
