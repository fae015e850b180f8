"""Exports: what is stored, written down dialogue by dialogue."""

import shutil
from array import array
from collections.abc import Callable, Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING

from dialoguedb.cli.transfer import lines
from dialoguedb.cli.transfer.lines import Dialogue, End, Memory, Message
from dialoguedb.client.records import DialogueRecord, MemoryRecord, MessageRecord
from dialoguedb.errors import DialogueNotFound

if TYPE_CHECKING:
    from dialoguedb.embedded import DialogueDB

_PAGE = 1_000
_IN_MEMORY_BYTES = 8 * 1024 * 1024

Named = tuple[str, str]
"""The namespace, empty for the default one, and the id."""

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
        for found in self._db.iter_dialogues(_PAGE, order="asc", namespace=self._namespace):
            self._write_dialogue(found.record)
        for memory in self._db.iter_memories(_PAGE, order="asc", namespace=self._namespace):
            self._write_memory(memory.record)
        end = End(len(self.dialogues), self.messages, len(self.memories))
        self._out.write(lines.written(end))
        return end

    def _write_dialogue(self, record: DialogueRecord) -> None:
        """Write a dialogue that is not written, and before it what it is a thread of."""
        waiting = [record]
        while parent := self._unwritten_parent(waiting[-1]):
            waiting.append(parent)
        for one in reversed(waiting):
            if named(one) not in self.dialogues:
                self._write_whole(one)

    def _unwritten_parent(self, record: DialogueRecord) -> DialogueRecord | None:
        space = record.namespace or ""
        if record.thread_of is None or (space, record.thread_of) in self.dialogues:
            return None
        try:
            return self._db.api.dialogue.get(record.thread_of, namespace=space)
        except DialogueNotFound:  # it was deleted this moment, and this thread with it
            return None

    def _write_whole(self, record: DialogueRecord) -> None:
        with SpooledTemporaryFile(_IN_MEMORY_BYTES) as spool:
            try:
                count = _spool(self._messages(record), spool)
            except DialogueNotFound:  # it was deleted this moment
                return
            self._out.write(lines.written(dialogue_line(record)))
            spool.seek(0)
            shutil.copyfileobj(spool, self._out)
        self.dialogues.add(named(record))
        self.messages += count
        self._advance(count + 1)

    def _messages(self, record: DialogueRecord) -> Iterator[MessageRecord]:
        found, token = self._db.api.message, None
        while True:
            page = found.list(record.id, namespace=record.namespace or "", limit=_PAGE, next=token)
            yield from page
            if (token := page.next) is None:
                return

    def _write_memory(self, record: MemoryRecord) -> None:
        if named(record) not in self.memories:
            self._out.write(lines.written(memory_line(record)))
            self.memories.add(named(record))
            self._advance(1)


def named(record: DialogueRecord | MemoryRecord | Dialogue | Memory) -> Named:
    """Return what tells a dialogue or a memory from all others."""
    return record.namespace or "", record.id


def _spool(messages: Iterator[MessageRecord], spool: IO[bytes]) -> int:
    """Write messages in the order of their arrival; returns how many there are.

    They are listed by time, which is another order when a caller gave times of their own.
    """
    seqs, ends, place = array("q"), array("q", [0]), 0
    for message in messages:
        place += spool.write(lines.written(message_line(message)))
        seqs.append(message.seq)
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


def dialogue_line(record: DialogueRecord) -> Dialogue:
    """Return what of a dialogue is exported."""
    return Dialogue(**{name: getattr(record, name) for name in Dialogue.__struct_fields__})


def message_line(record: MessageRecord) -> Message:
    """Return what of a message is exported."""
    return Message(**{name: getattr(record, name) for name in Message.__struct_fields__})


def memory_line(record: MemoryRecord) -> Memory:
    """Return what of a memory is exported."""
    return Memory(**{name: getattr(record, name) for name in Memory.__struct_fields__})
