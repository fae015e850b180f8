"""Writes everything that is stored, dialogue by dialogue."""

import shutil
from array import array
from collections.abc import Callable, Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, TypeVar

from dialoguedb.cli.data.transfer import lines
from dialoguedb.cli.data.transfer.lines import DialogueLine, EndLine, MemoryLine, MessageLine
from dialoguedb.errors import DialogueNotFound

if TYPE_CHECKING:
    from dialoguedb.embedded import DialogueDB

_PAGE = 1_000
_IN_MEMORY_BYTES = 8 * 1024 * 1024

ObjectKey = tuple[str, str]
"""The namespace, empty for the default one, and the id."""

L = TypeVar("L", DialogueLine, MessageLine, MemoryLine)

Advance = Callable[[int], None]
"""Takes the number of objects done since the last call."""


class Exporter:
    """Writes what is not written yet; a thread comes after its parent."""

    def __init__(
        self, db: "DialogueDB", out: IO[bytes], namespace: str | None, advance: Advance
    ) -> None:
        self.dialogues: set[ObjectKey] = set()
        self.memories: set[ObjectKey] = set()
        self.messages = 0
        self._db = db
        self._out = out
        self._namespace = namespace
        self._advance = advance

    def write(self) -> EndLine:
        """Write everything that is stored, and the last line."""
        for dialogue in self._every(DialogueLine, "dialogue", namespace=self._namespace):
            self._write_dialogue(dialogue)
        for memory in self._every(MemoryLine, "memory", namespace=self._namespace):
            self._write_memory(memory)
        end = EndLine(len(self.dialogues), self.messages, len(self.memories))
        self._out.write(lines.encoded(end))
        return end

    def _write_dialogue(self, record: DialogueLine) -> None:
        """Write a dialogue unless it is written, after the dialogues that it is a thread of."""
        waiting = [record]
        while parent := self._unwritten_parent(waiting[-1]):
            waiting.append(parent)
        for one in reversed(waiting):
            if key_of(one) not in self.dialogues:
                self._write_whole(one)

    def _unwritten_parent(self, record: DialogueLine) -> DialogueLine | None:
        space = record.namespace or ""
        if record.thread_of is None or (space, record.thread_of) in self.dialogues:
            return None
        try:
            found = self._db.api.read("dialogue", record.thread_of, namespace=space)
            return lines.read_one(found, DialogueLine)
        except DialogueNotFound:  # it was just deleted, and this thread with it
            return None

    def _write_whole(self, record: DialogueLine) -> None:
        with SpooledTemporaryFile(_IN_MEMORY_BYTES) as spool:
            try:
                count = _write_spool(self._messages(record), spool)
            except DialogueNotFound:  # it was just deleted
                return
            self._out.write(lines.encoded(record))
            spool.seek(0)
            shutil.copyfileobj(spool, self._out)
        self.dialogues.add(key_of(record))
        self.messages += count
        self._advance(count + 1)

    def _messages(self, record: DialogueLine) -> Iterator[MessageLine]:
        path = ("dialogue", record.id, "messages")
        return self._every(MessageLine, *path, namespace=record.namespace or "")

    def _every(self, kind: type[L], *path: str, **filters: Any) -> Iterator[L]:
        """Yield the items of a list, oldest first, byte for byte as the API returns them."""
        token = None
        while True:
            response = self._db.api.read(*path, order="asc", limit=_PAGE, next=token, **filters)
            found, token = lines.read_page(response, kind)
            yield from found
            if token is None:
                return

    def _write_memory(self, record: MemoryLine) -> None:
        if key_of(record) not in self.memories:
            self._out.write(lines.encoded(record))
            self.memories.add(key_of(record))
            self._advance(1)


def key_of(record: DialogueLine | MemoryLine) -> ObjectKey:
    """Return what identifies a dialogue or a memory."""
    return record.namespace or "", record.id


def _write_spool(messages: Iterator[MessageLine], spool: IO[bytes]) -> int:
    """Write messages in the order of arrival; returns how many there are.

    Lists are ordered by time, which is another order where callers set the times themselves.
    """
    seqs, ends, offset = array("q"), array("q", [0]), 0
    for message in messages:
        offset += spool.write(lines.encoded(message))
        seqs.append(message.seq or 0)
        ends.append(offset)
    by_arrival = sorted(range(len(seqs)), key=seqs.__getitem__)
    if any(index != offset for offset, index in enumerate(by_arrival)):
        _sort(spool, ends, by_arrival)
    return len(seqs)


def _sort(spool: IO[bytes], ends: "array[int]", order: list[int]) -> None:
    with SpooledTemporaryFile(_IN_MEMORY_BYTES) as sorted_spool:
        for index in order:
            spool.seek(ends[index])
            sorted_spool.write(spool.read(ends[index + 1] - ends[index]))
        spool.seek(0)
        sorted_spool.seek(0)
        shutil.copyfileobj(sorted_spool, spool)
