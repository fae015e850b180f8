"""The peer's half of bench/peer.py; runs in the peer's own virtual environment.

Reads one JSON task a line (`kind` appends or reads, `tasks`, `seconds`, `full`, `file`, `text`,
`page`, `filled`) and answers one JSON line each.
"""

import asyncio
import json
import sqlite3
import sys
import time
from typing import Any

# The package is installed only where this file runs.
from agents.memory import SQLiteSession  # type: ignore[import-not-found]

observed: dict[str, Any] = {}


class DefaultSession(SQLiteSession):  # type: ignore[misc]  # untyped here, see above
    """The peer as it comes, its durability noted."""

    @staticmethod
    def _configure_connection(conn: sqlite3.Connection) -> None:
        super(DefaultSession, DefaultSession)._configure_connection(conn)
        observed["synchronous"] = conn.execute("PRAGMA synchronous").fetchone()[0]
        observed["journal"] = conn.execute("PRAGMA journal_mode").fetchone()[0]


class FullSession(DefaultSession):
    """The peer made to wait for the disk on each commit."""

    @staticmethod
    def _configure_connection(conn: sqlite3.Connection) -> None:
        super(FullSession, FullSession)._configure_connection(conn)
        conn.execute("PRAGMA synchronous = FULL")
        observed["synchronous"] = conn.execute("PRAGMA synchronous").fetchone()[0]


def item(task: dict[str, Any], number: int) -> dict[str, str]:
    """Build one message as the peer takes it."""
    return {"role": "user", "content": task["text"].replace("{n}", str(number))}


async def append(session: SQLiteSession, task: dict[str, Any], number: int) -> None:
    """Append one item."""
    await session.add_items([item(task, number)])


async def read(session: SQLiteSession, task: dict[str, Any], _: int) -> None:
    """Read the last page."""
    assert len(await session.get_items(limit=task["page"])) == task["page"]


async def repeat(session: SQLiteSession, task: dict[str, Any], end: float) -> int:
    """Do the task's work again and again until the time is over."""
    work = {"appends": append, "reads": read}[task["kind"]]
    count = 0
    while time.perf_counter() < end:
        count += 1
        await work(session, task, count)
    return count


async def fill(session: SQLiteSession, task: dict[str, Any]) -> None:
    """Give a session that will be read its messages, once."""
    if not await session.get_items(limit=1):
        await session.add_items([item(task, number) for number in range(task["filled"])])


async def run(task: dict[str, Any]) -> dict[str, Any]:
    """Run one task over as many sessions as it has concurrent callers."""
    kind = FullSession if task["full"] else DefaultSession
    sessions = [kind(f"session-{number}", task["file"]) for number in range(task["tasks"])]
    if task["kind"] == "reads":
        for session in sessions:
            await fill(session, task)
    began = time.perf_counter()
    end = began + task["seconds"]
    counts = await asyncio.gather(*(repeat(session, task, end) for session in sessions))
    lasted = time.perf_counter() - began
    for session in sessions:
        session.close()
    return {"rate": sum(counts) / lasted, **observed}


def main() -> None:
    """Answer tasks until the input ends."""
    sys.stdout.write(f"ready with SQLite {sqlite3.sqlite_version}\n")
    sys.stdout.flush()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(asyncio.run(run(json.loads(line)))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
