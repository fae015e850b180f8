"""The last 20 messages of a dialogue, against the same stack answering an equal constant body."""

import sys
from pathlib import Path
from statistics import median

from bench.filling import filled_dialogue
from bench.findings import Finding, Goal, compared
from bench.load import Load, Outcome, reads, send
from bench.plan import PAGE, SMALL, BenchError, Plan
from bench.processes import Program
from bench.server import serving

NAME = "reads"
_WARM_UP_SECONDS = 1.0


def last_page(dialogue: str) -> str:
    """Name the path of a dialogue's last messages."""
    return f"/dialogue/{dialogue}/messages?limit={PAGE}&order=desc"


def measure(plan: Plan) -> list[Finding]:
    """Take the rounds: the constant body, the last page, and again."""
    with plan.directory() as directory, serving(plan, directory / "data") as server:
        path = last_page(filled_dialogue(server, SMALL))
        client = server.client()
        body = client.raw("GET", path)
        client.close()
        constant = _constant(directory, body)
        try:
            port = int(constant.ready["port"])
            outcomes = _rounds(plan, reads(server, path), port)
        finally:
            constant.stop()
    return _findings(*outcomes, size=len(body))


def _constant(directory: Path, body: bytes) -> Program:
    file = directory / "body.json"
    file.write_bytes(body)
    command = [sys.executable, "-m", "bench.constant", str(file)]
    return Program(command, r"ready on http://127.0.0.1:(?P<port>\d+)", directory / "constant.log")


def _rounds(plan: Plan, page: Load, port: int) -> tuple[list[Outcome], list[Outcome]]:
    constant = Load(page.host, port, page.key, "GET", page.paths)
    for load in (constant, page):
        if send(load, _WARM_UP_SECONDS).requests == 0:
            raise BenchError("no read was answered within the warm-up")
    pages, constants = [], []
    for _ in range(plan.rounds):
        constants.append(send(constant, plan.seconds))
        pages.append(send(page, plan.seconds))
    return pages, constants


def _findings(pages: list[Outcome], constants: list[Outcome], size: int) -> list[Finding]:
    ours = [outcome.rate for outcome in pages]
    bare = [outcome.rate for outcome in constants]
    goal = Goal(0.35, at_least=True)
    extra = 1e6 / median(ours) - 1e6 / median(bare)
    p50 = median(outcome.p50_ms for outcome in pages)
    p99 = median(outcome.p99_ms for outcome in pages)
    body = f"{size:,} bytes"
    times = f"p50 {p50:.2f} ms, p99 {p99:.2f} ms"
    return [
        compared(NAME, "last 20 messages / constant body", ours, bare, goal, body),
        Finding(NAME, "time of a read above the constant body's", extra, " µs", detail=times),
    ]
