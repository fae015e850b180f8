"""The cost of `dialoguedb import` compared with its plain requests, and what a kill leaves.

The same messages are stored twice: by the command, and by a program that has them in memory and
sends the batches on as many connections. Then an import is killed at random and run again.
"""

import json
import os
import random
import re
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

from bench.findings import Finding, Goal
from bench.plan import BATCH, TEXT, BenchError, Plan
from bench.server import Server, serving

NAME = "importing"
_CONNECTIONS = 8
_SHORT = 20
_FILES = 1_000
_KILLS = 3
_SHARE = 10
_MESSAGES_OF_A_FILE = 10
_LONG_AGO = 1_700_000_000
_ROUNDS = 3
_LOOK_SECONDS = 0.05
_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")


def method(plan: Plan) -> str:
    """Say how imports are measured."""
    return (
        f"{plan.messages // _SHARE:,} messages of 25 words are imported into a server with default"
        f" settings: from {_FILES:,} files, each a conversation with a message a line, and from a"
        f" file in the export format, as dialogues of {_SHORT} and as a single one. A program with"
        f" {_CONNECTIONS} connections sends the same batches, and the two take turns, so ratios are"
        " approximate. Memory is the peak of the command, compared with that of a tenth of the"
        f" data. The import of the files is killed {_KILLS} times at random, that of one file"
        " half-way; it is run again, and every message is compared. At last, a directory"
        f" of files with {_MESSAGES_OF_A_FILE} messages each is imported again and again."
        " Following: 20 files of 100 messages get a line each every 5 seconds for two minutes;"
        " shares are processor time of the command by the time that passed."
    )


def measure(plan: Plan) -> list[Finding]:
    """Import short dialogues and a long one, then one that is killed."""
    count = plan.messages // _SHARE
    findings: list[Finding] = []
    with plan.directory() as directory, serving(plan, directory / "data") as server:
        findings += _of_files(plan, server, directory, count)
        _peak_bytes(plan, server, _written(directory / "first.jsonl", "first", 1_000, _SHORT))
        small = _peak_bytes(
            plan, server, _written(directory / "tenth.jsonl", "t", count // 10, _SHORT)
        )
        for name, size in (("short", _SHORT), ("long", count)):
            raw = _sent(server, f"raw-{name}", count, size)
            file = _written(directory / f"{name}.jsonl", name, count, size)
            began = time.perf_counter()
            peak = _peak_bytes(plan, server, file)
            seconds = time.perf_counter() - began
            findings.append(_rate(name, count, seconds, raw))
            findings.append(_memory(name, peak, small))
            began = time.perf_counter()
            _peak_bytes(plan, server, file)
            again = count / (time.perf_counter() - began)
            findings.append(Finding(NAME, f"{name}: the same again, messages a second", again))
            _check(server, name, count, size)
            findings.append(_killed(plan, server, directory, (f"cut-{name}", count, size)))
        findings.append(_unchanged(plan, server, directory, count // _MESSAGES_OF_A_FILE))
    return findings


def _of_files(plan: Plan, server: Server, directory: Path, count: int) -> list[Finding]:
    """Import a directory of conversations beside their batches alone; then kill that at random."""
    size = count // _FILES
    few = _folder(directory / "few", _FILES // 10, size)
    small = _peak_bytes(plan, server, few, "few")
    folder = _folder(directory / "files", _FILES, size)
    ratios: list[float] = []
    rates: list[str] = []
    peak = 0
    for round_number in range(_ROUNDS):
        raw = _sent(server, f"raw-files-{round_number}", count, size)
        began = time.perf_counter()
        peak = max(peak, _peak_bytes(plan, server, folder, f"files-{round_number}"))
        seconds = time.perf_counter() - began
        ratios.append(raw / seconds)
        rates.append(f"{count / seconds:,.0f}/s against {count / raw:,.0f}/s")
        _check_namespace(server, f"files-{round_number}", size)
    what = f"{_FILES:,} files: beside the batches alone"
    goal = Goal(1.0, at_least=True)
    return [
        Finding(NAME, what, median(ratios), " ×", goal, "; ".join(rates)),
        _memory(f"{_FILES:,} files", peak, small),
        _killed_at_random(plan, server, folder, size),
    ]


def _folder(folder: Path, files: int, size: int) -> Path:
    """Write conversations, a message a line, that nobody has changed for long."""
    folder.mkdir()
    for number in range(files):
        lines = (json.dumps(one) + "\n" for one in _messages(0, size))
        file = folder / f"{number}.jsonl"
        file.write_text("".join(lines), "utf-8")
        os.utime(file, (_LONG_AGO, _LONG_AGO))
    return folder


def _killed_at_random(plan: Plan, server: Server, folder: Path, size: int) -> Finding:
    """Kill an import again and again, let it end at last, and compare all there is."""
    chance = random.Random(_FILES)  # noqa: S311 - when it is killed is no secret
    reached: list[str] = []
    for share in sorted(chance.uniform(0.05, 0.9) for _ in range(_KILLS)):
        process = _started(plan, server, folder, "killed")
        while process.poll() is None and len(_sizes(server, "killed")) < share * _FILES:
            time.sleep(_LOOK_SECONDS)
        if process.poll() is not None:
            raise BenchError("the import ended before it could be killed")
        process.kill()
        process.wait()
        reached.append(f"{len(_sizes(server, 'killed')):,}")
    _peak_bytes(plan, server, folder, "killed")
    _check_namespace(server, "killed", size)
    detail = f"killed with {', '.join(reached)} of {_FILES:,} conversations; each is there once"
    goal = Goal(0, at_least=False, unit="")
    return Finding(NAME, f"{_FILES:,} files: lost or doubled after kills", 0, "", goal, detail)


def _unchanged(plan: Plan, server: Server, directory: Path, count: int) -> Finding:
    """Import a directory of small files, then time importing it again, unchanged."""
    talks = _folder(directory / "talks", count, _MESSAGES_OF_A_FILE)
    _peak_bytes(plan, server, talks)
    times: list[float] = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        _peak_bytes(plan, server, talks)
        times.append(time.perf_counter() - began)
    detail = f"median of {_ROUNDS}: {', '.join(f'{one:.1f}' for one in times)} s"
    goal = Goal(2.0, at_least=False, unit=" s")
    return Finding(NAME, f"{count:,} unchanged files again", median(times), " s", goal, detail)


def _rate(name: str, count: int, seconds: float, raw_seconds: float) -> Finding:
    detail = f"{count / seconds:,.0f}/s against {count / raw_seconds:,.0f}/s"
    return Finding(
        NAME, f"{name}: beside the batches alone", raw_seconds / seconds, " ×", None, detail
    )


def _memory(name: str, peak: int, small: int) -> Finding:
    goal = Goal(1.5, at_least=False)
    detail = f"{peak / 1e6:.0f} MB, with a tenth of the messages {small / 1e6:.0f} MB"
    return Finding(NAME, f"{name}: memory", peak / small, " ×", goal, detail)


def _killed(plan: Plan, server: Server, directory: Path, what: tuple[str, int, int]) -> Finding:
    """Kill an import half-way, run it again, and compare all there is."""
    name, count, size = what
    file = _written(directory / f"{name}.jsonl", name, count, size)
    process = _started(plan, server, file)
    half = f"{name}-{count // size // 2}" if size < count else f"{name}-0"
    while process.poll() is None and not _has(server, half, min(size, count // 2)):
        time.sleep(_LOOK_SECONDS)
    if process.poll() is not None:
        raise BenchError("the import ended before it could be killed")
    process.kill()
    process.wait()
    before = _stored(server, name, count, size)
    _peak_bytes(plan, server, file)
    _check(server, name, count, size)
    detail = f"{before:,} of {count:,} were there at the kill; each is there once, in its order"
    return Finding(
        NAME,
        f"{name}: lost or doubled after a kill",
        0,
        "",
        Goal(0, at_least=False, unit=""),
        detail,
    )


# --- The file, and the same without it ----------------------------------------------------------


def _messages(first: int, size: int) -> list[dict[str, Any]]:
    return [
        {"id": f"m{n}", "role": "user" if n % 2 else "assistant", "content": TEXT.format(n=n)}
        for n in range(first, first + size)
    ]


def _written(file: Path, name: str, count: int, size: int) -> Path:
    """Write an export of dialogues of this size."""
    with file.open("w", encoding="utf-8") as out:
        out.write('{"format":"dialoguedb","version":1}\n')
        for number in range(count // size):
            out.write(json.dumps({"dialogue": {"id": f"{name}-{number}"}}) + "\n")
            for first in range(0, size, BATCH):
                for message in _messages(first, min(BATCH, size)):
                    out.write(json.dumps({"message": message}) + "\n")
    return file


def _sent(server: Server, name: str, count: int, size: int) -> float:
    """Send the batches alone, made beforehand; returns the seconds it took."""
    lanes = [
        list(_requests(name, range(lane, count // size, _CONNECTIONS), size))
        for lane in range(_CONNECTIONS)
    ]

    def send(lane: list[tuple[str, dict[str, Any]]]) -> None:
        client = server.client()
        for path, body in lane:
            client.raw("POST", path, body)
        client.close()

    with ThreadPoolExecutor(_CONNECTIONS) as threads:
        began = time.perf_counter()
        list(threads.map(send, lanes))
        return time.perf_counter() - began


def _requests(name: str, numbers: range, size: int) -> Iterator[tuple[str, dict[str, Any]]]:
    for number in numbers:
        dialogue = f"{name}-{number}"
        yield "/dialogue", {"id": dialogue, "messages": _messages(0, min(BATCH, size))}
        for first in range(BATCH, size, BATCH):
            yield f"/dialogue/{dialogue}/messages", {"messages": _messages(first, BATCH)}


# --- The command --------------------------------------------------------------------------------


def _started(
    plan: Plan, server: Server, file: Path, namespace: str = ""
) -> "subprocess.Popen[bytes]":
    environment = {
        "XDG_STATE_HOME": str(file.parent / "state"),
        "DIALOGUEDB_ENDPOINT": f"http://{server.host}:{server.port}",
        "DIALOGUEDB_API_KEY": server.key,
    }
    return subprocess.Popen(  # noqa: S603 - the command is this package's own, never input
        [*plan.command, "import", str(file), *(["--namespace", namespace] if namespace else [])],
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
    )


def _peak_bytes(plan: Plan, server: Server, file: Path, namespace: str = "") -> int:
    """Import a file or a directory, and give the most memory that it took."""
    process = _started(plan, server, file, namespace)
    status, peak = Path(f"/proc/{process.pid}/status"), 0
    while process.poll() is None:
        found = _PEAK.search(status.read_text()) if status.exists() else None
        peak = max(peak, int(found[1]) * 1024 if found else 0)
        time.sleep(_LOOK_SECONDS)
    if process.returncode:
        raise BenchError(f"the import ended with code {process.returncode}")
    return peak


# --- What is there ------------------------------------------------------------------------------


def _has(server: Server, dialogue: str, messages: int) -> bool:
    client = server.client()
    try:
        stored: int = client.call("GET", f"/dialogue/{dialogue}")["totalMessages"]
    except BenchError:
        return False
    finally:
        client.close()
    return stored >= messages


def _sizes(server: Server, namespace: str) -> dict[str, int]:
    """Return how many messages each dialogue of a namespace has."""
    return {one["id"]: one["totalMessages"] for one in _listed(server, "/dialogue", namespace)}


def _check_namespace(server: Server, namespace: str, size: int) -> None:
    """Compare every message of the conversations that were imported into a namespace."""
    sizes = _sizes(server, namespace)
    expected = [TEXT.format(n=n) for n in range(size)]
    if len(sizes) != _FILES:
        raise BenchError(f"{namespace}: {len(sizes):,} conversations of {_FILES:,} files")
    for dialogue in sizes:
        items = _listed(server, f"/dialogue/{dialogue}/messages", namespace)
        if [one["content"] for one in items] != expected:
            raise BenchError(f"{namespace}: {dialogue} has other messages than its file")


def _listed(server: Server, path: str, namespace: str) -> list[dict[str, Any]]:
    """Return all items of a list."""
    client = server.client()
    items: list[dict[str, Any]] = []
    token = ""
    while token is not None:
        after = f"&next={token}" if token else ""
        page = client.call("GET", f"{path}?namespace={namespace}&limit=1000{after}")
        items += page["items"]
        token = page["next"]
    client.close()
    return items


def _stored(server: Server, name: str, count: int, size: int) -> int:
    """Count the messages of all dialogues."""
    return sum(len(contents) for contents in _contents(server, name, count, size))


def _check(server: Server, name: str, count: int, size: int) -> None:
    """Compare every message with what was sent."""
    expected = [TEXT.format(n=n) for n in range(size)]
    for contents in _contents(server, name, count, size):
        if contents != expected:
            raise BenchError(
                f"{name}: {len(contents):,} messages in a dialogue of {size:,}, or others"
            )


def _contents(server: Server, name: str, count: int, size: int) -> Iterator[list[str]]:
    client = server.client()
    for number in range(count // size):
        contents: list[str] = []
        token = ""
        while token is not None:
            path = f"/dialogue/{name}-{number}/messages?limit=1000&next={token}"
            try:
                page = client.call("GET", path if token else path.partition("&")[0])
            except BenchError:  # it is not there, or not yet
                break
            contents += [message["content"] for message in page["items"]]
            token = page["next"]
        yield contents
    client.close()
