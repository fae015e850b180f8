"""Reads everything that is stored, dialogue by dialogue, for a writer."""

import shutil
from array import array
from collections.abc import Callable, Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, TypeVar

from dialoguedb.cli.data.transfer import lines
from dialoguedb.cli.data.transfer.lines import (
    DialogueLine,
    EndLine,
    MemoryLine,
    MessageLine,
    Scope,
    VersionLine,
)
from dialoguedb.cli.data.transfer.writers.writer import ExportWriter, StoredMessages
from dialoguedb.errors import DialogueNotFound, MemoryNotFound

if TYPE_CHECKING:
    from dialoguedb.embedded.sync import DialogueDB

_PAGE = 1_000
_IN_MEMORY_BYTES = 8 * 1024 * 1024

ObjectKey = tuple[str, str]
"""The namespace, empty for the default one, and the id."""

L = TypeVar("L", DialogueLine, MessageLine, MemoryLine, VersionLine)

Advance = Callable[[int], None]
"""Takes the number of objects done since the last call."""


class Exporter:
    """Has what is not written yet written; a thread comes after its parent."""

    def __init__(
        self, db: "DialogueDB", writer: ExportWriter, scope: Scope, advance: Advance
    ) -> None:
        self.dialogues: set[ObjectKey] = set()
        self.memories: set[ObjectKey] = set()
        self.messages = 0
        self._db = db
        self._writer = writer
        self._scope = scope
        self._advance = advance

    def write(self) -> EndLine:
        """Have everything written that is in the scope, and the end; returns how much was."""
        if self._scope.dialogue is None:
            self._write_all(self._scope.namespace)
        else:
            self._write_with_threads(self._read(self._scope.dialogue, self._scope.namespace or ""))
        stored = EndLine(len(self.dialogues), self.messages, len(self.memories))
        return self._writer.finish(stored)

    def write_alone(self, dialogue_id: str) -> None:
        """Have one dialogue written, without its threads; DialogueNotFound."""
        self._write_whole(self._read(dialogue_id, self._scope.namespace or ""))

    def _write_all(self, namespace: str | None) -> None:
        for dialogue in self._every(DialogueLine, "dialogue", namespace=namespace):
            self._write_dialogue(dialogue)
        for memory in self._every(MemoryLine, "memory", namespace=namespace):
            self._write_memory(memory)

    def _write_with_threads(self, record: DialogueLine) -> None:
        """Write a dialogue, and all that are threads of it, be it through others."""
        if self._writer.needs_parents:
            self._write_dialogue(record)
        else:
            self._write_whole(record)
        waiting = [record]
        while waiting:
            parent = waiting.pop()
            space = parent.namespace or ""
            for thread in self._every(
                DialogueLine, "dialogue", namespace=space, threadOf=parent.id
            ):
                self._write_dialogue(thread)
                waiting.append(thread)

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
            return self._read(record.thread_of, space)
        except DialogueNotFound:  # it was just deleted, and this thread with it
            return None

    def _read(self, dialogue_id: str, space: str) -> DialogueLine:
        """Return a dialogue; DialogueNotFound."""
        found = self._db.api.read("dialogue", dialogue_id, namespace=space)
        return lines.read_one(found, DialogueLine)

    def _write_whole(self, record: DialogueLine) -> None:
        with SpooledTemporaryFile(_IN_MEMORY_BYTES) as spool:
            try:
                count = _write_spool(self._messages(record), spool)
            except DialogueNotFound:  # it was just deleted
                return
            self._writer.add_dialogue(record, StoredMessages(spool, count))
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
            if record.version is not None:
                try:
                    record.history = [*self._history(record)]
                except MemoryNotFound:  # it was just deleted
                    return
            self._writer.add_memory(record)
            self.memories.add(key_of(record))
            self._advance(1)

    def _history(self, record: MemoryLine) -> Iterator[VersionLine]:
        path = ("memory", record.id, "history")
        return self._every(VersionLine, *path, namespace=record.namespace or "")


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
