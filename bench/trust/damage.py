"""Bits that flip in the database or in its log, one at a time, each in a copy of the same data.

Every object is read in every way by a server on the damaged copy, and `dialoguedb check` looks at
it. A flip that no answer shows may be found or not: it may lie where nothing is kept. In the log
lie messages that were acknowledged before the server was killed.
"""

import json
import random
import shutil
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.findings import Finding, Goal
from bench.plan import BenchError, Plan
from bench.server import Server, serving
from bench.trust import contents

NAME = "damage"
DATABASE = "dialoguedb.sqlite3"
LOG = f"{DATABASE}-wal"
_NONE = Goal(0, at_least=False, unit="")
_ACKNOWLEDGED = 120
_UNAVAILABLE = 503
_OK = 200


@dataclass
class Read:
    """What readers of one damaged copy were answered."""

    wrong: list[str] = field(default_factory=list)
    """Paths that were answered with 200 and other bytes."""

    refused: dict[str, int] = field(default_factory=dict)
    """Paths that were answered with another status."""

    started: bool = True
    checked: int = 0
    """The exit code of `dialoguedb check`."""

    log: str = ""

    @property
    def defects(self) -> list[str]:
        """Return the paths of answers that damage does not excuse."""
        excused = {_UNAVAILABLE, contents.CUT_OFF}
        return [path for path, status in self.refused.items() if status not in excused]

    @property
    def seen(self) -> bool:
        """Tell whether anybody could notice the damage."""
        return bool(self.wrong or self.refused or not self.started)


@dataclass
class Damaged:
    """Data that is whole, its answers, and the copies made of it."""

    plan: Plan
    room: Path
    key: str = ""
    whole: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        """Return the directory of the data that is whole."""
        return self.room / "whole"

    def make(self) -> None:
        """Fill the data, and remember every answer of a server that starts again on it."""
        with serving(self.plan, self.data) as server:
            contents.fill(server)
            self.key = server.key
        with serving(self.plan, self.data, key=self.key) as server, closing(server.client()) as it:
            self.whole = contents.read(it)
        bad = {path: status for path, (status, _) in self.whole.items() if status != _OK}
        if bad:
            raise BenchError(f"whole data was answered with {bad}")
        if (read := self.read(self.copy("again"))).seen or read.checked:
            raise BenchError(f"whole data is not answered alike each time: {read}")

    def copy(self, name: str) -> Path:
        """Make a copy of the data."""
        copied = self.room / name
        shutil.rmtree(copied, ignore_errors=True)
        shutil.copytree(self.data, copied)
        return copied

    def read(self, directory: Path) -> Read:
        """Read everything of a damaged copy."""
        done = Read(checked=self._check(directory))
        try:
            with serving(self.plan, directory, key=self.key) as server:
                with closing(server.client()) as client:
                    self._compare(contents.read(client), done)
                done.log = server.log_file.read_text(errors="replace")
        except BenchError:
            done.started = False
        return done

    def _compare(self, answers: dict[str, tuple[int, bytes]], done: Read) -> None:
        for path, (status, answer) in answers.items():
            if status != _OK:
                done.refused[path] = status
            elif answer != self.whole[path][1]:
                done.wrong.append(path)

    def _check(self, directory: Path) -> int:
        words = [*self.plan.command, "check", "--data", str(directory)]
        # The command is this package's own, never input.
        return subprocess.run(words, check=False, capture_output=True).returncode  # noqa: S603


def flip(file: Path, bit: int) -> None:
    """Turn over one bit of a file."""
    with file.open("r+b") as opened:
        opened.seek(bit // 8)
        byte = opened.read(1)[0]
        opened.seek(bit // 8)
        opened.write(bytes([byte ^ 1 << bit % 8]))


def bits(file: Path, count: int, seed: int) -> Iterator[int]:
    """Choose bits: half of them anywhere, half in what was written as text."""
    chosen = random.Random(seed)  # noqa: S311 - no secret
    content = file.read_bytes()
    texts = list(_offsets_of(content, b"harbour"))
    for number in range(count):
        if number % 2 and texts:
            yield 8 * (chosen.choice(texts) + chosen.randrange(-20, 30)) + chosen.randrange(8)
        else:
            yield chosen.randrange(8 * len(content))


def bits_of_roots(file: Path, names: str) -> list[int]:
    """Choose a bit in the first page of each table and index whose name is like a pattern."""
    with closing(sqlite3.connect(file)) as db:
        ((size,),) = db.execute("PRAGMA page_size")
        found = db.execute(
            "SELECT rootpage FROM sqlite_schema WHERE rootpage > 0 AND name LIKE ?", (names,)
        )
        return [8 * (size * (page - 1) + size // 2) for (page,) in found]


def _offsets_of(content: bytes, word: bytes) -> Iterator[int]:
    at = content.find(word)
    while at >= 0:
        yield at
        at = content.find(word, at + 1)


def measure(plan: Plan) -> list[Finding]:
    """Flip bits in the database, then in the log."""
    count = 40 if plan.name == "full" else 20
    with plan.directory() as directory:
        damaged = Damaged(plan, directory)
        damaged.make()
        return [*_in_database(damaged, count), *_in_log(plan, directory, count // 2)]


def _in_database(damaged: Damaged, count: int) -> Iterator[Finding]:
    reads = []
    for number, bit in enumerate(bits(damaged.data / DATABASE, count, seed=1)):
        copied = damaged.copy(f"flip-{number}")
        flip(copied / DATABASE, bit)
        reads.append(damaged.read(copied))
        shutil.rmtree(copied)
    seen = sum(one.seen for one in reads)
    found = sum(bool(one.checked) for one in reads)
    made_of = f"{count} flips, {seen} of them seen by readers, {found} by check"
    wrong = [path for one in reads for path in one.wrong]
    defects = Counter(one.refused[path] for one in reads for path in one.defects)
    unseen = sum(one.seen and not one.checked for one in reads)
    yield Finding(
        NAME,
        "flips in the database with a wrong answer and 200",
        sum(bool(one.wrong) for one in reads),
        goal=_NONE,
        detail=f"{made_of}; {len(wrong)} wrong answers",
    )
    yield Finding(
        NAME,
        "flips with another refusal than 503",
        sum(bool(one.defects) for one in reads),
        goal=_NONE,
        detail=", ".join(f"{many} answers {status}" for status, many in defects.items()),
    )
    yield Finding(NAME, "flips that readers saw and check did not", unseen, goal=_NONE)


@dataclass
class Opened:
    """What a server made of a damaged log."""

    lost: int
    reported: bool


def _in_log(plan: Plan, room: Path, count: int) -> Iterator[Finding]:
    data = room / "logged"
    key = acknowledge(plan, data)
    opened = []
    for number in range(count):
        copied = room / f"log-{number}"
        shutil.copytree(data, copied)
        damage_log(copied / LOG, number)
        opened.append(open_again(plan, copied, key))
        shutil.rmtree(copied)
    silent = [one.lost for one in opened if one.lost and not one.reported]
    yield Finding(
        NAME,
        "damages of the log that lost acknowledged messages in silence",
        len(silent),
        goal=_NONE,
        detail=f"{count} damages, {sum(bool(one.lost) for one in opened)} lost messages, at most"
        f" {max((one.lost for one in opened), default=0)} of {_ACKNOWLEDGED};"
        f" {sum(one.reported for one in opened)} were reported",
    )


def damage_log(log: Path, number: int) -> None:
    """Flip a bit of a log; or, every third time, cut off its end."""
    chosen = random.Random(number)  # noqa: S311 - no secret
    size = log.stat().st_size
    if number % 3:
        flip(log, chosen.randrange(8 * size))
        return
    with log.open("r+b") as opened:
        opened.truncate(chosen.randrange(size))


def acknowledge(plan: Plan, data: Path) -> str:
    """Have messages acknowledged, and kill the server; returns the key."""
    server = Server(plan.command, data)
    with closing(server.client()) as client:
        client.call("POST", "/dialogue", {"id": "d"})
    server.program.stop()  # what is in the log from here on are messages alone
    server.start()
    with _kept_log(data / DATABASE), closing(server.client()) as client:
        for number in range(_ACKNOWLEDGED):
            body = {"id": f"m{number}", "role": "user", "content": f"{number} harbour"}
            client.call("POST", "/dialogue/d/messages", body)
        server.program.kill()
    return server.key


@contextmanager
def _kept_log(database: Path) -> Iterator[None]:
    """Read from the log all the while: a start empties it in the background, whenever that is."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM messages").fetchone()
        yield


def open_again(plan: Plan, data: Path, key: str) -> Opened:
    """Start a server on data with a damaged log, and count what it lost."""
    try:
        with serving(plan, data, key=key) as server:
            log = server.log_file.read_text(errors="replace")
            with closing(server.client()) as client:
                status, answer = client.ask("GET", "/dialogue/d/messages?limit=1000")
    except BenchError:
        return Opened(_ACKNOWLEDGED, reported=True)
    if status != _OK:
        return Opened(_ACKNOWLEDGED, reported=status == _UNAVAILABLE)
    found = {one["id"] for one in json.loads(answer)["items"]}
    lost = sum(f"m{number}" not in found for number in range(_ACKNOWLEDGED))
    return Opened(lost, reported=bool(warnings(log)))


def warnings(log: str) -> list[str]:
    """Return the lines of a log that are warnings or worse."""
    return [line for line in log.splitlines() if '"WARNING"' in line or '"ERROR"' in line]
