"""Real conversations: loaded in batches, read back in pages, every field compared.

One dialogue per session, speakers as names, `created` from the session's start in steps of 20 s.
The baseline of the loading is a plain loop with one durable commit per batch of the same texts;
both use a single connection.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench import baseline
from bench.client import Client
from bench.findings import TIMES, Finding
from bench.locomo import VARIABLE, Session, conversations, named_file
from bench.plan import BenchError, Plan
from bench.server import serving

NAME = "conversations"
_BATCH = 10
_PAGE = 7


def measure(plan: Plan) -> list[Finding]:
    """Load all of it, read all of it back, and insist that nothing differs."""
    file = named_file()
    if not file:
        return [Finding(NAME, "skipped", None, detail=f"{VARIABLE} names no file")]
    sessions = [session for one in conversations(file) for session in one.sessions]
    with plan.directory() as directory, serving(plan, directory / "data") as server:
        client = server.client()
        loading = _timed(lambda: _load(client, sessions))
        reading = _timed(lambda: _insist_identical(client, sessions))
        client.close()
        plain = _timed(lambda: _load_plainly(directory / "plain.sqlite3", sessions))
    return _findings(sessions, loading, reading, plain)


def _load(client: Client, sessions: list[Session]) -> None:
    for session in sessions:
        client.call("POST", "/dialogue", {"id": session.dialogue, "label": session.label})
        path = f"/dialogue/{session.dialogue}/messages"
        for batch in session.batches(_BATCH):
            client.call("POST", path, {"messages": batch})


def _insist_identical(client: Client, sessions: list[Session]) -> None:
    for session in sessions:
        _insist_one_identical(client, session)


def _insist_one_identical(client: Client, session: Session) -> None:
    dialogue = client.call("GET", f"/dialogue/{session.dialogue}")
    read = list(_pages(client, session.dialogue))
    if dialogue["totalMessages"] != len(session.messages) or len(read) != len(session.messages):
        raise BenchError(f"{session.dialogue}: {len(session.messages)} sent, {len(read)} read")
    for seq, (sent, got) in enumerate(zip(session.messages, read, strict=True), start=1):
        expected = sent | {
            "dialogueId": session.dialogue,
            "seq": seq,
            "contentLength": len(sent["content"].encode()),
        }
        if {name: got.get(name) for name in expected} != expected:
            raise BenchError(f"{session.dialogue}: message {seq} came back different")


def _pages(client: Client, dialogue: str) -> Iterator[dict[str, Any]]:
    path = f"/dialogue/{dialogue}/messages?limit={_PAGE}"
    page = client.call("GET", path)
    yield from page["items"]
    while page["next"]:
        page = client.call("GET", f"{path}&next={page['next']}")
        yield from page["items"]


def _load_plainly(file: Path, sessions: list[Session]) -> None:
    connection = baseline.connect(file)
    seq = 0
    for session in sessions:
        for batch in session.batches(_BATCH):
            with connection:
                for message in batch:
                    seq += 1
                    baseline.insert(connection, seq, message["content"])
    connection.close()


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _findings(
    sessions: list[Session], loading: float, reading: float, plain: float
) -> list[Finding]:
    messages = sum(len(session.messages) for session in sessions)
    batches = sum(len(list(session.batches(_BATCH))) for session in sessions)
    counts = f"{messages:,} messages of {len(sessions)} dialogues in {batches} batches"
    read = f"{messages:,} messages, {messages / reading:,.0f}/s in pages of {_PAGE}"
    return [
        Finding(
            NAME,
            "loading / plain loop of as many commits",
            plain / loading,
            TIMES,
            detail=f"{counts}, {messages / loading:,.0f}/s",
        ),
        Finding(
            NAME,
            "read back identical, in order",
            100.0,
            " %",
            detail=read,
        ),
    ]
