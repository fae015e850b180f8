"""What `dialoguedb import --follow` takes of a core while files grow, and when nothing happens."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.findings import Finding, Goal
from bench.plan import TEXT, BenchError, Plan
from bench.processes import STOP_SECONDS_MAX, processor_seconds
from bench.server import Server, serving

NAME = "following"
_FILES = 20
_MESSAGES = 100
_LINE_EVERY_SECONDS = 5.0
_SECONDS_FULL = 120.0
_SECONDS_QUICK = 10.0
_SETTLE_SECONDS = 10.0
_LOOK_SECONDS = 0.1
_SHARE_MAX = Goal(2.0, at_least=False, unit=" %")


def measure(plan: Plan) -> list[Finding]:
    """Follow files to which one line after the other is added."""
    seconds = _SECONDS_FULL if plan.name == "full" else _SECONDS_QUICK
    with plan.directory() as directory, serving(plan, directory / "data") as server:
        folder = directory / "talks"
        folder.mkdir()
        files = [folder / f"{number}.jsonl" for number in range(_FILES)]
        for file in files:
            _add(file, range(_MESSAGES))
        with _followed(plan, server, folder) as process, _ended(process):
            _await(server, _FILES * _MESSAGES)
            time.sleep(_SETTLE_SECONDS)
            idle, _ = _share(process.pid, server, seconds / 4)
            growing, by_server = _share(process.pid, server, seconds, files)
            added = sum(file.read_bytes().count(b"\n") for file in files)
            _await(server, added)
    lines = added - _FILES * _MESSAGES
    detail = f"{lines:,} lines in {seconds:.0f} s, all stored; {by_server:.2f} % for the server"
    what = f"{_FILES} growing files: share of a core"
    return [
        Finding(NAME, what, growing, " %", _SHARE_MAX, detail),
        Finding(NAME, f"{_FILES} files that nobody changes: share of a core", idle, " %"),
    ]


def _add(file: Path, positions: range) -> None:
    with file.open("a", encoding="utf-8") as out:
        for n in positions:
            role = "assistant" if n % 2 else "user"
            out.write(json.dumps({"role": role, "content": TEXT.format(n=n)}) + "\n")


def _followed(plan: Plan, server: Server, folder: Path) -> "subprocess.Popen[bytes]":
    environment = {
        "XDG_STATE_HOME": str(folder.parent / "state"),
        "DIALOGUEDB_ENDPOINT": f"http://{server.host}:{server.port}",
        "DIALOGUEDB_API_KEY": server.key,
    }
    return subprocess.Popen(  # noqa: S603 - the command is this package's own, never input
        [*plan.command, "import", "--follow", str(folder)],
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@contextmanager
def _ended(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    try:
        yield
    finally:
        process.terminate()
        process.wait(STOP_SECONDS_MAX)


def _share(
    process: int, server: Server, seconds: float, files: list[Path] | None = None
) -> tuple[float, float]:
    """Add lines to files in turn; returns what command and server took of a core, in percent."""
    followed = files or []
    began, end = time.monotonic(), time.monotonic() + seconds
    before = processor_seconds(process), sum(server.program.cpu_seconds().values())
    added = 0
    while time.monotonic() < end:
        if followed:
            _add(followed[added % _FILES], range(_MESSAGES + added, _MESSAGES + added + 1))
            added += 1
        time.sleep(_LINE_EVERY_SECONDS / _FILES)
    passed = time.monotonic() - began
    after = processor_seconds(process), sum(server.program.cpu_seconds().values())
    command, serving_share = (
        100 * (new - old) / passed for old, new in zip(before, after, strict=True)
    )
    return command, serving_share


def _await(server: Server, messages: int) -> None:
    """Wait until so many messages are stored."""
    client = server.client()
    deadline = time.monotonic() + STOP_SECONDS_MAX
    while True:
        page = client.call("GET", f"/dialogue?limit={_FILES}")
        stored = sum(one["totalMessages"] for one in page["items"])
        if stored == messages:
            break
        if time.monotonic() > deadline:
            raise BenchError(f"{stored:,} of {messages:,} messages were stored")
        time.sleep(_LOOK_SECONDS)
    client.close()
