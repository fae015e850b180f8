"""What a writer of an export's format provides."""

import shutil
from collections.abc import Iterator
from typing import IO, Protocol

from dialoguedb.cli.data.transfer import lines
from dialoguedb.cli.data.transfer.lines import DialogueLine, EndLine, MemoryLine, MessageLine


class StoredMessages:
    """The messages of a dialogue in the order of arrival; they may be read more than once."""

    def __init__(self, spool: IO[bytes], count: int) -> None:
        self.count = count
        self._spool = spool

    def __iter__(self) -> Iterator[MessageLine]:
        """Yield the messages."""
        self._spool.seek(0)
        for raw in self._spool:
            line = lines.decoded(raw)
            assert isinstance(line, MessageLine)
            yield line

    def copy_to(self, out: IO[bytes]) -> None:
        """Write their lines to a file."""
        self._spool.seek(0)
        shutil.copyfileobj(self._spool, out)


class ExportWriter(Protocol):
    """Writes what is stored, object by object; a thread comes after its parent."""

    needs_parents: bool
    """Whether a thread cannot be read without the dialogue that it is a thread of."""

    def add_dialogue(self, dialogue: DialogueLine, messages: StoredMessages) -> None:
        """Write a dialogue with its messages."""

    def add_memory(self, memory: MemoryLine) -> None:
        """Write a memory."""

    def finish(self, stored: EndLine) -> EndLine:
        """Write the end; returns how much of what is stored was written."""
