"""What encryption at rest costs: the same work on an encrypted directory and on one that is not.

Both engines run in this process and take turns, so what else the machine does falls on both. Times
are of the processor, for all threads: the work, not the waiting for the disk.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from unittest.mock import patch

from bench.findings import TIMES, Finding, Measurement
from bench.plan import PAGE, TEXT, Plan
from dialoguedb import DialogueDB
from dialoguedb.client.sync.dialogues import Dialogue
from dialoguedb.store.sqlite.connection import files
from dialoguedb.store.sqlite.encryption.data_key import new_data_key

NAME = "encryption"
_ROUNDS = 7
_DIALOGUES = 40
_PER_DIALOGUE = 500
_OPENED = 200
_VARIABLE = "DIALOGUEDB_ENCRYPTION_KEY_FILE"


def measure(plan: Plan) -> list[Measurement]:
    """Take the rounds."""
    with plan.directory() as directory, ExitStack() as stack:
        key = directory / "key"
        key.write_text("5a" * 32)
        sides = {
            name: _Side(stack.enter_context(_opened(directory / name, variable)))
            for name, variable in (("encrypted", str(key)), ("plain", ""))
        }
        for number in range(_ROUNDS * 2):
            for side in sides.values() if number % 2 else reversed(sides.values()):
                side.take_round(number)
        for side in sides.values():
            side.close()
        found = [_ratio(what, sides["encrypted"], sides["plain"]) for what in _STEPS]
        return [*found, *_openings(directory)]


@contextmanager
def _opened(directory: Path, key: str) -> Iterator[DialogueDB]:
    with patch.dict(os.environ, {_VARIABLE: key}), DialogueDB(path=directory) as db:
        yield db


class _Side:
    """One of the two engines, and the microseconds that each step took it, round by round."""

    def __init__(self, db: DialogueDB) -> None:
        self.taken: dict[str, list[float]] = {what: [] for what in _STEPS}
        self.db = db
        self.dialogues = [db.create_dialogue() for _ in range(_DIALOGUES)]
        for dialogue in self.dialogues:
            texts = [TEXT.format(n=number) for number in range(_PER_DIALOGUE)]
            dialogue.save_messages([{"role": "user", "content": text} for text in texts])
        db.search_messages("garden")

    def take_round(self, number: int) -> None:
        """Take each step, and note its time."""
        for what, (step, count) in _STEPS.items():
            began = time.process_time()
            step(self, number)
            self.taken[what].append((time.process_time() - began) / count * 1e6)

    def close(self) -> None:
        """Release the data."""
        self.db.close()


def _append(side: _Side, number: int) -> None:
    for dialogue in side.dialogues:
        dialogue.save_message("user", TEXT.format(n=number))


def _read_last(side: _Side, number: int) -> None:
    dialogue = side.dialogues[number % _DIALOGUES]
    for _ in range(_DIALOGUES):
        dialogue.load_messages(limit=PAGE, order="desc")


def _read_whole(side: _Side, _: int) -> None:
    for dialogue in side.dialogues:
        _exhaust(dialogue)


def _exhaust(dialogue: Dialogue) -> None:
    for _ in dialogue.iter_messages():
        pass


def _search(side: _Side, number: int) -> None:
    for word in ("train", "river", "garden", "frost"):
        side.db.search_messages(f"{word} {number}")


_STEPS: dict[str, tuple[Callable[[_Side, int], None], int]] = {
    "append of a message": (_append, _DIALOGUES),
    f"last {PAGE} messages": (_read_last, _DIALOGUES),
    f"{_PER_DIALOGUE} messages of a dialogue": (_read_whole, _DIALOGUES),
    "search": (_search, 4),
}


def _ratio(what: str, ours: _Side, theirs: _Side) -> Finding:
    pairs = zip(ours.taken[what], theirs.taken[what], strict=True)
    ratios = [encrypted / plain for encrypted, plain in pairs]
    detail = (
        f"{median(ours.taken[what]):,.0f} µs against {median(theirs.taken[what]):,.0f} µs,"
        f" rounds {min(ratios):.2f} to {max(ratios):.2f}"
    )
    return Finding(NAME, f"{what}, encrypted / plain", median(ratios), TIMES, detail=detail)


def _openings(directory: Path) -> list[Finding]:
    """Time a connection from nothing to its first row."""
    times: dict[str, list[float]] = {"encrypted": [], "plain": []}
    keys = {"encrypted": new_data_key(), "plain": None}
    for name, key in keys.items():
        files.connect(directory / f"{name}.sqlite3", key).close()
    for _ in range(_OPENED):
        for name, key in keys.items():
            began = time.perf_counter()
            db = files.connect_reader(directory / f"{name}.sqlite3", key)
            db.execute("SELECT count(*) FROM sqlite_schema").fetchall()
            times[name].append((time.perf_counter() - began) * 1e6)
            db.close()
    return [
        Finding(NAME, f"opening a connection, {name}", median(taken), " µs")
        for name, taken in times.items()
    ]
