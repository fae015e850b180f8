"""What an import did: of each file, and in all."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from dialoguedb.cli.data.transfer.batches import BatchReader, ImportBatch
from dialoguedb.cli.data.transfer.fingerprints import Fingerprint
from dialoguedb.cli.data.transfer.lines import MemoryLine
from dialoguedb.cli.data.transfer.stored_totals import Stored
from dialoguedb.errors import DialogueDBError


class ImportFailure(Struct):
    """Something that could not be imported."""

    what: str
    error: DialogueDBError

    def __str__(self) -> str:
        """Say what, and why; the name of a file, which messages often have, is not said twice."""
        message = self.error.message
        is_named = f" {self.what} " in f" {message} "
        return message if is_named else f"{self.what}: {message}"


class FileReport(Struct):
    """What of a file was stored, what was left out, and what failed."""

    file: str
    format: str
    dialogues: int = 0
    messages: int = 0
    memories: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    """What nobody said, counted by kind."""

    beside: dict[Path, Fingerprint | None] = {}
    """Other files that what was read depends on, as they were before."""

    stored: dict[str, Stored | None] = {}
    """The dialogues in which its messages are, as they are stored where an answer said it."""

    is_unchanged: bool = False
    """Whether the file was not read, because it is what it was."""

    unread: list[str] = []
    """The numbers of lines that were not read, such as `17-40`."""

    failures: list[ImportFailure] = []
    changed: list[str] = []
    """Messages that are stored with another content than the file has now."""

    def add(self, batch: ImportBatch | MemoryLine, changed: int = 0) -> None:
        """Count what a batch holds, but for messages that were changed."""
        if isinstance(batch, MemoryLine):
            self.memories += 1
            return
        self.dialogues += batch.is_first
        self.messages += len(batch.messages) - changed

    async def count(self, ready: BatchReader) -> None:
        """Count batches; InvalidRequest when some cannot be read."""
        while some := await ready.some():
            for batch in some:
                self.add(batch)

    def fail(self, what: str, error: DialogueDBError) -> None:
        """Add a failure."""
        self.failures.append(ImportFailure(what, error))

    def record(self) -> dict[str, Any]:
        """Return the report as JSON has it; without what there is none of."""
        counts = {name: getattr(self, name) for name in ("dialogues", "messages", "memories")}
        beside = {
            "failed": [str(one) for one in self.failures],
            "changed": self.changed,
            **self.missing(),
        }
        found = {name: value for name, value in (counts | beside).items() if value}
        unchanged = {"unchanged": True} if self.is_unchanged else {}
        return {"file": self.file, "format": self.format, **unchanged, **found}

    def missing(self) -> dict[str, Any]:
        """Return what of the file is not stored, as JSON has it."""
        found = {"leftOut": dict(self.left_out), "unread": self.unread}
        return {name: value for name, value in found.items() if value}


class ImportReport(Struct):
    """What was done with one file, or with several."""

    files: list[FileReport] = []
    unreadable: list[ImportFailure] = []
    """Of several files, those that cannot be read at all."""

    skipped: list[str] | None = None
    """Of several files, those that hold no conversation in a known format."""

    is_broken_off: bool = False
    """Whether an error ended it, which is shown beside the report."""

    def fail(self, what: str, error: DialogueDBError) -> None:
        """Add a file that cannot be read."""
        self.unreadable.append(ImportFailure(what, error))

    @property
    def failures(self) -> list[ImportFailure]:
        """Return everything that could not be imported."""
        return [*self.unreadable, *(failure for one in self.files for failure in one.failures)]

    @property
    def changed(self) -> list[str]:
        """Return the messages that are stored with another content."""
        return [change for one in self.files for change in one.changed]

    @property
    def left_out(self) -> Mapping[str, int]:
        """Return what was left out of all files, by kind, the most first."""
        total = Counter[str]()
        for one in self.files:
            for kind, count in one.left_out.items():
                total[kind] += count
        return dict(total.most_common())

    @property
    def unchanged(self) -> int:
        """Return how many files were not read, because they are what they were."""
        return sum(one.is_unchanged for one in self.files)

    def counts(self) -> dict[str, int]:
        """Return how much was imported, or was there already."""
        names = ("dialogues", "messages", "memories")
        return {name: sum(getattr(one, name) for one in self.files) for name in names}

    def record(self) -> dict[str, Any]:
        """Return the report as JSON has it, with each of several files."""
        failed = {"failed": len(self.failures) + self.is_broken_off}
        if self.skipped is None:
            missing = self.files[0].missing() if self.files else {}
            return {**self.counts(), **failed, **missing}
        total = self.left_out
        left_out = {"leftOut": total} if total else {}
        files = {"files": [one.record() for one in self.files]}
        skipped = {"skipped": len(self.skipped), "unchanged": self.unchanged}
        return {**self.counts(), **skipped, **failed, **left_out, **files}
