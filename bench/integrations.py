"""Our integrations and the frameworks' own stores: `make bench-integrations`.

Both run in one process on separate files, ours with the whole engine and an index that catches up.
The rates of both are measured alternately within each round, and the median counts.
"""

import asyncio
import gc
import multiprocessing
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench.integration_sides import SIDES
from dialoguedb import AsyncDialogueDB
from dialoguedb.integrations.openai_agents import DialogueDBSession

ROUNDS = 5
TURNS = 200
READS = 10
HISTORY = 1_000
LAST = 20
WRITERS_TURNS = 100
TASKS, PROCESSES = 8, 4
SESSIONS = 10_000
PACKAGES = ("openai-agents", "langchain-community", "langgraph-checkpoint-sqlite", "google-adk")
METHOD = """
Each integration is compared with the framework's own implementation for SQLite: `SQLiteSession`,
`SQLChatMessageHistory`, `SqliteSaver`, `DatabaseSessionService`. Both wait for the disk on each
commit (`synchronous = FULL`). Ours runs the whole engine in the process, and indexes for search, in
each of the processes. A turn is one user message and one assistant message: in LangGraph a run of a
graph, with one thread per writer; in ADK two events, appended one after the other, so that turns of
several writers interleave. The rates of processes are those after each one's first turn; the time
for opening and the first turn is listed separately.
"""
WORDS = "The quick brown fox tells the lazy dog where the red umbrella was left on Tuesday. " * 2


def say(text: str) -> None:
    """Write a part of the report."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


# --- The measures -------------------------------------------------------------------------------


def turn(writer: int, number: int) -> list[dict[str, str]]:
    """Return what is said in one turn."""
    return [
        {"role": role, "content": f"{writer} {number} {role} {WORDS}"}
        for role in ("user", "assistant")
    ]


def appending(history: Any) -> Callable[[int], Awaitable[Any]]:
    """Return what appends one turn."""
    return lambda number: history.add_items(turn(0, number))


def reading(history: Any) -> Callable[[int], Awaitable[Any]]:
    """Return what reads the last messages."""
    return lambda _: history.get_items(LAST)


async def rate(times: int, operation: Callable[[int], Awaitable[Any]]) -> float:
    """Return how often a second something is done."""
    gc.collect()
    begun = time.perf_counter()
    for number in range(times):
        await operation(number)
    return times / (time.perf_counter() - begun)


async def alone(sides: tuple[Any, Any], room: Path) -> list[tuple[str, list[float], list[float]]]:
    """Compare appends of turns, and reads of the last messages, by one writer."""
    figures: dict[str, list[list[float]]] = {
        "turns appended/s": [[], []],
        f"last {LAST} of {HISTORY:,} read/s": [[], []],
    }
    async with sides[0](room) as ours, sides[1](room) as theirs:
        read = [made("long") for made in (ours, theirs)]
        for history in read:
            for start in range(0, HISTORY // 2, 100):
                await history.add_items(
                    [item for number in range(start, start + 100) for item in turn(0, number)]
                )
        for number in range(ROUNDS):
            for side, made in enumerate((ours, theirs)):
                history = made(f"round {number}")
                append = figures["turns appended/s"][side]
                append.append(await rate(TURNS, appending(history)))
                last = figures[f"last {LAST} of {HISTORY:,} read/s"][side]
                last.append(await rate(READS, reading(read[side])))
    return [(name, ours, theirs) for name, (ours, theirs) in figures.items()]


async def write(history: Any, writer: int) -> int:
    """Append turns to what others append to as well; returns how many failed."""
    errors = 0
    for number in range(WRITERS_TURNS):
        try:
            await history.add_items(turn(writer, number))
        except Exception:  # noqa: BLE001 - whatever goes wrong is what is counted
            errors += 1
    return errors


def checked(items: list[dict[str, Any]], writers: int, errors: int, seconds: float) -> list[str]:
    """Return what became of what several wrote."""
    stored = [tuple(item["content"].split(" ", 3)[:3]) for item in items]
    expected = writers * WRITERS_TURNS * 2
    own = [[one for one in stored if one[0] == str(writer)] for writer in range(writers)]
    jumps = sum(
        (int(a[1]), a[2] == "assistant") > (int(b[1]), b[2] == "assistant")
        for mine in own
        for a, b in pairwise(mine)
    )
    parted = sum(one[2] == "user" and other[:2] != one[:2] for one, other in pairwise(stored))
    lost = expected - errors * 2 - len(set(stored))
    return [
        f"{writers * WRITERS_TURNS / seconds:,.0f}",
        *(str(count) for count in (errors, lost, len(stored) - len(set(stored)), jumps, parted)),
    ]


async def by_tasks(side: Any, room: Path) -> list[str]:
    """Let tasks of one process append to one history."""
    async with side(room) as made:
        begun = time.perf_counter()
        errors = await asyncio.gather(*(write(made("shared"), n) for n in range(TASKS)))
        seconds = time.perf_counter() - begun
        return [*checked(await made("shared").get_items(), TASKS, sum(errors), seconds), ""]


def one_process(
    framework: str, side: int, room: Path, writer: int, gate: Any, results: Any
) -> None:
    """Append to what other processes append to as well."""

    async def run() -> None:
        begun = time.perf_counter()
        async with SIDES[framework][side](room) as made:
            await made(f"of {writer}").add_items(turn(writer, 0))
            first = time.perf_counter() - begun
            history = made("shared")
            await history.get_items(1)
            gate.wait()
            begun = time.perf_counter()
            errors = await write(history, writer)
            results.put((errors, time.perf_counter() - begun, first))

    asyncio.run(run())


async def by_processes(framework: str, side: int, room: Path) -> list[str]:
    """Let processes append to one history."""
    async with SIDES[framework][side](room) as made:  # what must be made is made once, by one
        await made("other").add_items(turn(0, 0))
    context = multiprocessing.get_context("spawn")
    gate, results = context.Barrier(PROCESSES), context.Queue()
    started = [
        context.Process(target=one_process, args=(framework, side, room, n, gate, results))
        for n in range(PROCESSES)
    ]
    for process in started:
        process.start()
    answers = [await asyncio.to_thread(results.get, timeout=120) for _ in started]
    for process in started:
        process.join()
    async with SIDES[framework][side](room) as made:
        items = await made("shared").get_items()
    errors, seconds, firsts = zip(*answers, strict=True)
    row = checked(items, PROCESSES, sum(errors), max(seconds))
    return [*row, f"{1_000 * statistics.median(firsts):,.0f} ms"]


async def beyond(room: Path) -> None:
    """Measure what the others have nothing for: listing the conversations, and searching them."""
    async with AsyncDialogueDB(path=room / "many") as db:
        made = asyncio.Semaphore(64)

        async def create(number: int) -> None:
            async with made:
                session = DialogueDBSession(f"session-{number}", db)
                await session.add_items([{"role": "user", "content": f"{number} {WORDS}"}])

        await asyncio.gather(*(create(number) for number in range(SESSIONS)))
        await db.search_messages("7777", limit=1)  # waits until the index has come so far
        begun = time.perf_counter()
        count = len([one async for one in db.iter_dialogues(1_000)])
        listing = time.perf_counter() - begun
        searches = await rate(50, lambda n: db.search_messages(f"umbrella {n * 97}", limit=10))
        say(f"\nListing {count:,} sessions takes {listing * 1_000:,.0f} ms; searching them for the")
        say(f"ten best messages {1_000 / searches:,.1f} ms. The Agents SDK, LangChain and")
        say("LangGraph list no conversations of their own, and none of the four searches them.")


async def listings(service: Any) -> float:
    """Return how often a second the sessions of an app are listed, once they are made."""
    for number in range(SESSIONS):
        await service.create_session(
            app_name="bench", user_id=f"user-{number % 100}", session_id=str(number)
        )
    return await rate(ROUNDS, lambda _: service.list_sessions(app_name="bench"))


async def list_sessions(room: Path) -> None:
    """Compare how long it takes to list the sessions of an app, where a library can."""
    say(f"\nListing {SESSIONS:,} sessions of an app in Google's ADK:\n")
    for side, name in zip(SIDES["google-adk"], ("ours", "theirs"), strict=True):
        async with side(room) as made:
            say(f"- {name}: {1_000 / await listings(made('any').service):,.0f} ms")


@contextmanager
def fresh() -> Iterator[Path]:
    """Give a directory that is gone afterwards."""
    room = Path(tempfile.mkdtemp(prefix="drop-ins-", dir=Path.cwd() / "build"))
    try:
        yield room
    finally:
        with suppress(OSError):
            shutil.rmtree(room)


async def compare(framework: str) -> None:
    """Measure one framework and print its part of the report."""
    sides = SIDES[framework]
    say(f"\n## {framework}\n\n| one writer | ours | theirs | ratio (worst, best round) |")
    say("| --- | --- | --- | --- |")
    with fresh() as room:
        for name, ours, theirs in await alone(sides, room):
            ratios = sorted(a / b for a, b in zip(ours, theirs, strict=True))
            a, b = statistics.median(ours), statistics.median(theirs)
            ratio = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}, {ratios[-1]:.2f})"
            say(f"| {name} | {a:,.0f} | {b:,.0f} | {ratio} |")
    heads = ["turns/s", "errors", "lost", "duplicated", "out of order", "parted", "first turn"]
    say(f"\n| many writers, one history | {' | '.join(heads)} |\n|{' --- |' * (len(heads) + 1)}")
    for side, name in enumerate(("ours", "theirs")):
        with fresh() as room:
            say(f"| {TASKS} tasks, {name} | {' | '.join(await by_tasks(sides[side], room))} |")
        with fresh() as room:
            row = await by_processes(framework, side, room)
            say(f"| {PROCESSES} processes, {name} | {' | '.join(row)} |")


async def main() -> None:
    """Measure all of them, or those that are named."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    say("# Integrations\n\n`make bench-integrations` regenerates this page.")
    say(f"Python {platform.python_version()}, {os.cpu_count()} cores, {versions}.")
    say(METHOD.rstrip())
    for framework in sys.argv[1:] or SIDES:
        await compare(framework)
    with fresh() as room:
        await beyond(room)
    with fresh() as room:
        await list_sessions(room)


if __name__ == "__main__":
    asyncio.run(main())
