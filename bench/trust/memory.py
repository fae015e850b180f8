"""Memory and the latency of others while clients hold what they are given for as long as they can.

Each kind of attack meets a server that was just started on the same data: a dialogue of 40 messages
of 1 MiB, so that a page is 32 MiB, one with pictures, and as many memories.
"""

import asyncio
import json
import random
import time
from base64 import b64encode
from collections.abc import Callable, Coroutine
from contextlib import closing
from dataclasses import dataclass, replace
from statistics import median

from bench.findings import Finding, Goal
from bench.plan import Plan
from bench.server import Server, serving
from bench.trust import attacks
from bench.trust.probing import Latencies, probed

NAME = "memory"
MIB = 1024 * 1024
MEMORY_GOAL = Goal(400, at_least=False, unit=" MiB")
HEALTH_GOAL = Goal(50, at_least=False, unit=" ms")
OTHERS_GOAL = Goal(5, at_least=False, unit=" ms")
PAGES = (
    "/dialogue/d/messages?limit=1000",
    "/messages?dialogueId=d&limit=1000",
    "/memory?limit=1000",
    "/dialogue/d?messages=1000",
    "/dialogue/p/messages?limit=1000",
)
OTHER_ANSWERS = (
    "/search?object=memory&query=boat&limit=100",
    "/dialogue/d/context?maxTokens=2000000",
    "/dialogue/d/repair?provider=openai",
    "/dialogue/p/message/p0",
)
_MESSAGES = 40
_TEXT = "the boat " * 111_000
_PICTURES = 3
_PICTURE_BYTES = 12_000_000
_ALONE_SECONDS = 5
_AFTER_SECONDS = 3
_READER_ROUNDS = 3
_READER_SECONDS = 8
_OTHERS_PATH = "/dialogue/small/messages?limit=20"


@dataclass(frozen=True)
class Size:
    """How many clients, and for how long."""

    slow_readers: int = 200
    hang_ups: int = 600
    uploads: int = 200
    idle: int = 5_000
    seconds: float = 60
    upload_seconds: float = 10


@dataclass(frozen=True)
class Kind:
    """A kind of attack."""

    name: str
    count: Callable[[Size], int]
    attack: Callable[[attacks.Target, Size], Coroutine[None, None, attacks.Outcome]]

    def of(self, size: Size) -> str:
        """Spell it with the number of its clients."""
        return f"{self.count(size):,} {self.name}"


KINDS = (
    Kind(
        "slow readers",
        lambda size: size.slow_readers,
        lambda target, size: attacks.slow_readers(target, size.slow_readers, size.seconds),
    ),
    Kind(
        "slow readers of other large answers",
        lambda size: size.slow_readers,
        lambda target, size: attacks.slow_readers(
            replace(target, paths=OTHER_ANSWERS), size.slow_readers, size.seconds
        ),
    ),
    Kind(
        "hang-ups",
        lambda size: size.hang_ups,
        lambda target, size: attacks.hang_ups(target, size.hang_ups, size.seconds),
    ),
    Kind(
        "uploads of 30 MiB",
        lambda size: size.uploads,
        lambda target, size: attacks.uploads(
            target, size.uploads, upload_body(), size.upload_seconds
        ),
    ),
    Kind(
        "idle connections",
        lambda size: size.idle,
        lambda target, size: attacks.idle(target, size.idle, size.upload_seconds),
    ),
)


@dataclass(frozen=True)
class Watched:
    """What a server did during an attack."""

    before_bytes: int
    peak_bytes: int
    after_bytes: int
    """A few seconds after the last client went."""

    alone: Latencies
    during: Latencies
    outcome: attacks.Outcome

    def __str__(self) -> str:
        """Spell it for the report."""
        return (
            f"{self.before_bytes / MIB:.0f} MiB before, {self.after_bytes / MIB:.0f} MiB"
            f" {_AFTER_SECONDS} s after; {self.outcome}"
        )


def measure(plan: Plan) -> list[Finding]:
    """Let each kind of attack meet a fresh server."""
    size = Size() if plan.name == "full" else Size(40, 120, 40, 1_000, seconds=12)
    with plan.directory() as directory:
        with serving(plan, directory / "data") as server:
            fill(server)
        key = server.key
        findings = []
        for kind in KINDS:
            with serving(plan, directory / "data", key=key) as attacked:
                findings += _findings(kind.of(size), watch(attacked, kind, size))
        with serving(plan, directory / "data", key=key) as read:
            findings += [_others(read, readers) for readers in (1, 4)]
    return findings


def watch(server: Server, kind: Kind, size: Size) -> Watched:
    """Let one kind of attack meet a server that has served nothing large yet."""
    with probed(server) as alone:
        time.sleep(_ALONE_SECONDS)
    before = server.program.resident_bytes() or 0
    with probed(server) as during:
        outcome = asyncio.run(kind.attack(attacks.Target(server, PAGES), size))
    time.sleep(_AFTER_SECONDS)
    after = server.program.resident_bytes() or 0
    return Watched(before, server.program.peak_bytes() or 0, after, alone, during, outcome)


def _findings(name: str, watched: Watched) -> list[Finding]:
    alone = watched.alone
    return [
        Finding(NAME, f"{name}: peak", watched.peak_bytes / MIB, " MiB", MEMORY_GOAL, str(watched)),
        Finding(
            NAME,
            f"{name}: p99 of /health",
            watched.during.p99_ms,
            " ms",
            HEALTH_GOAL,
            f"longest {watched.during.max_ms:.0f} ms; alone p99 {alone.p99_ms:.1f} ms,"
            f" longest {alone.max_ms:.0f} ms",
        ),
    ]


def _others(server: Server, readers: int) -> Finding:
    """Compare the latency of a small read alone and beside readers of large pages."""
    alone: list[float] = []
    beside: list[float] = []
    pages = 0
    for _ in range(_READER_ROUNDS):
        for count, found in ((0, alone), (readers, beside)):
            with probed(server, _OTHERS_PATH) as latencies:
                pages = asyncio.run(_read_pages(server, count, _READER_SECONDS))
            found.append(latencies.p99_ms)
    return Finding(
        NAME,
        f"{readers} honest readers of 32 MiB pages: raise of others' p99",
        median(after - before for before, after in zip(alone, beside, strict=True)),
        " ms",
        OTHERS_GOAL,
        f"{median(beside):.1f} ms against {median(alone):.1f} ms; {pages} pages in the last round",
    )


async def _read_pages(server: Server, count: int, seconds: float) -> int:
    until = time.monotonic() + seconds
    if not count:
        await asyncio.sleep(seconds)
    return sum(await asyncio.gather(*(_read_on(server, until) for _ in range(count))))


async def _read_on(server: Server, until: float) -> int:
    pages = 0
    while time.monotonic() < until:
        await asyncio.to_thread(_read_page, server)
        pages += 1
    return pages


def _read_page(server: Server) -> None:
    with closing(server.client()) as client:
        client.raw("GET", PAGES[0])


def fill(server: Server) -> None:
    """Write what large answers are made of."""
    with closing(server.client()) as client:
        client.call("POST", "/dialogue", {"id": "d"})
        for number in range(_MESSAGES):
            text = f"{number} {_TEXT}"
            client.call("POST", "/dialogue/d/messages", {"role": "user", "content": text})
            client.call("POST", "/memory", {"id": f"m{number}", "value": text})
        client.call("POST", "/dialogue", {"id": "p"})
        for number in range(_PICTURES):
            message = {"id": f"p{number}", **_picture_message(_PICTURE_BYTES + number)}
            client.call("POST", "/dialogue/p/messages", message)
        client.call("POST", "/dialogue", {"id": "small"})
        hello = [{"role": "user", "content": f"hello {n}"} for n in range(20)]
        client.call("POST", "/dialogue/small/messages", hello)


def upload_body() -> bytes:
    """Make the body of a message with a picture, of 30 MiB in all."""
    return json.dumps(_picture_message(22 * MIB + MIB // 2)).encode()


def _picture_message(size: int) -> dict[str, object]:
    data = b64encode(random.Random(size).randbytes(size)).decode()  # noqa: S311 - no secret
    source = {"type": "base64", "media_type": "image/png", "data": data}
    return {"role": "user", "content": [{"type": "image", "source": source}]}
