"""Exports: what is stored, written down dialogue by dialogue."""

import shutil
from array import array
from collections.abc import Callable, Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, TypeVar

from dialoguedb.cli.data.transfer import lines
from dialoguedb.cli.data.transfer.lines import Dialogue, End, Memory, Message
from dialoguedb.errors import DialogueNotFound

if TYPE_CHECKING:
    from dialoguedb.embedded import DialogueDB

_PAGE = 1_000
_IN_MEMORY_BYTES = 8 * 1024 * 1024

Named = tuple[str, str]
"""The namespace, empty for the default one, and the id."""

L = TypeVar("L", Dialogue, Message, Memory)

Advance = Callable[[int], None]
"""Takes how many objects more are done."""


class Exporter:
    """Writes what is not written yet, threads behind what they are threads of."""

    def __init__(
        self, db: "DialogueDB", out: IO[bytes], namespace: str | None, advance: Advance
    ) -> None:
        self.dialogues: set[Named] = set()
        self.memories: set[Named] = set()
        self.messages = 0
        self._db = db
        self._out = out
        self._namespace = namespace
        self._advance = advance

    def write(self) -> End:
        """Write everything that is stored, and the last line."""
        for dialogue in self._every(Dialogue, "dialogue", namespace=self._namespace):
            self._write_dialogue(dialogue)
        for memory in self._every(Memory, "memory", namespace=self._namespace):
            self._write_memory(memory)
        end = End(len(self.dialogues), self.messages, len(self.memories))
        self._out.write(lines.written(end))
        return end

    def _write_dialogue(self, record: Dialogue) -> None:
        """Write a dialogue that is not written, and before it what it is a thread of."""
        waiting = [record]
        while parent := self._unwritten_parent(waiting[-1]):
            waiting.append(parent)
        for one in reversed(waiting):
            if named(one) not in self.dialogues:
                self._write_whole(one)

    def _unwritten_parent(self, record: Dialogue) -> Dialogue | None:
        space = record.namespace or ""
        if record.thread_of is None or (space, record.thread_of) in self.dialogues:
            return None
        try:
            found = self._db.api.read("dialogue", record.thread_of, namespace=space)
            return lines.read_one(found, Dialogue)
        except DialogueNotFound:  # it was deleted this moment, and this thread with it
            return None

    def _write_whole(self, record: Dialogue) -> None:
        with SpooledTemporaryFile(_IN_MEMORY_BYTES) as spool:
            try:
                count = _spool(self._messages(record), spool)
            except DialogueNotFound:  # it was deleted this moment
                return
            self._out.write(lines.written(record))
            spool.seek(0)
            shutil.copyfileobj(spool, self._out)
        self.dialogues.add(named(record))
        self.messages += count
        self._advance(count + 1)

    def _messages(self, record: Dialogue) -> Iterator[Message]:
        path = ("dialogue", record.id, "messages")
        return self._every(Message, *path, namespace=record.namespace or "")

    def _every(self, kind: type[L], *path: str, **wanted: Any) -> Iterator[L]:
        """Go through a list, oldest first, byte for byte as it is answered."""
        token = None
        while True:
            answer = self._db.api.read(*path, order="asc", limit=_PAGE, next=token, **wanted)
            found, token = lines.read_page(answer, kind)
            yield from found
            if token is None:
                return

    def _write_memory(self, record: Memory) -> None:
        if named(record) not in self.memories:
            self._out.write(lines.written(record))
            self.memories.add(named(record))
            self._advance(1)


def named(record: Dialogue | Memory) -> Named:
    """Return what tells a dialogue or a memory from all others."""
    return record.namespace or "", record.id


def _spool(messages: Iterator[Message], spool: IO[bytes]) -> int:
    """Write messages in the order of their arrival; returns how many there are.

    They are listed by time, which is another order when a caller gave times of their own.
    """
    seqs, ends, place = array("q"), array("q", [0]), 0
    for message in messages:
        place += spool.write(lines.written(message))
        seqs.append(message.seq or 0)
        ends.append(place)
    by_arrival = sorted(range(len(seqs)), key=seqs.__getitem__)
    if any(number != place for place, number in enumerate(by_arrival)):
        _sort(spool, ends, by_arrival)
    return len(seqs)


def _sort(spool: IO[bytes], ends: "array[int]", order: list[int]) -> None:
    with SpooledTemporaryFile(_IN_MEMORY_BYTES) as sorted_spool:
        for number in order:
            spool.seek(ends[number])
            sorted_spool.write(spool.read(ends[number + 1] - ends[number]))
        spool.seek(0)
        sorted_spool.seek(0)
        shutil.copyfileobj(sorted_spool, spool)
