"""How long programs take to start: commands, and a process's first stored message.

Each is a whole process, in turns with a bare Python: a ratio holds on a slow machine, too.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.findings import Finding, Goal
from bench.plan import Plan
from bench.processes import output_of

NAME = "start"
_ROUNDS = 15
_BARE = ("-c", "pass")
_ASYNCIO = ("-c", "import asyncio")
_FIRST = """
import sys
from dialoguedb import DialogueDB
with DialogueDB(path=sys.argv[1]) as db:
    db.create_dialogue(id="first").save_message("user", "Hello")
    import os
    os._exit(0)
"""


def method(_plan: Plan) -> str:
    """Say how starts are measured."""
    return (
        f"Medians of {_ROUNDS} ratios of the times of whole processes, in turns; a first run of"
        " each is not counted. The first stored message is that of a program that imports the"
        " package, makes a data directory, creates a dialogue and appends to it, and ends at once."
    )


def measure(plan: Plan) -> list[Finding]:
    """Measure commands and a first message."""
    with plan.directory() as directory:
        data = str(directory / "data")
        output_of([*plan.command, "keys", "create", "--data", data])
        return [
            _finding("--help", [*plan.command, "--help"], _BARE, 5),
            _finding("keys list", [*plan.command, "keys", "list", "--data", data], _BARE, 10),
            _finding(
                "first stored message", [sys.executable, "-c", _FIRST], _ASYNCIO, 3, directory
            ),
        ]


def _finding(
    what: str,
    command: Sequence[str],
    beside: Sequence[str],
    bound: float,
    scratch: Path | None = None,
) -> Finding:
    bare = [sys.executable, *beside]
    ratios: list[float] = []
    times: list[float] = []
    for _ in range(_ROUNDS + 1):
        own, other = _seconds_in(command, scratch), _seconds(bare)
        ratios.append(own / other)
        times.append(own)
    goal = Goal(bound, at_least=False)
    detail = f"median {median(times[1:]) * 1_000:,.0f} ms"
    name = f"{what} ÷ python {' '.join(beside)}"
    return Finding(NAME, name, median(ratios[1:]), " ×", goal, detail)


def _seconds_in(command: Sequence[str], scratch: Path | None) -> float:
    """Time a command; with a directory for scratch, on data of its own there."""
    if scratch is None:
        return _seconds(command)
    with TemporaryDirectory(dir=scratch) as fresh:
        return _seconds([*command, f"{fresh}/data"])


def _seconds(command: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - this package's own commands
    return time.perf_counter() - began
