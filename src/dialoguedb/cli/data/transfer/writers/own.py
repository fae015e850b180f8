"""Writes the format that `dialoguedb import` reads without any loss."""

from typing import IO

from dialoguedb.cli.data.transfer import lines
from dialoguedb.cli.data.transfer.lines import DialogueLine, EndLine, MemoryLine
from dialoguedb.cli.data.transfer.writers.writer import StoredMessages


class OwnWriter:
    """Writes lines, each an object as the API returns it."""

    needs_parents = True

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out

    def add_dialogue(self, dialogue: DialogueLine, messages: StoredMessages) -> None:
        """Write a dialogue, and its messages behind it."""
        self._out.write(lines.encoded(dialogue))
        messages.copy_to(self._out)

    def add_memory(self, memory: MemoryLine) -> None:
        """Write a memory."""
        self._out.write(lines.encoded(memory))

    def finish(self, stored: EndLine) -> EndLine:
        """Write the last line, which shows that the export is complete."""
        self._out.write(lines.encoded(stored))
        return stored
