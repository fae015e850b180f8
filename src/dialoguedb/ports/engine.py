"""An engine at one address: opening its data, and what operators do with data that is not open."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from dialoguedb.ports import Store
from dialoguedb.ports.copies import Copies
from dialoguedb.ports.search import Embedder
from dialoguedb.ports.statistics import WriterStatistics

KeySource = Callable[[], bytes]
"""Reads the operator's key of encrypted data, 32 bytes; InvalidSetting."""

Progress = Callable[[int, int], None]
"""Takes how much is done, and of how much."""


class DataCopy(Struct, frozen=True):
    """A verified copy of the data."""

    address: str
    size_bytes: int
    encrypted: bool = False


class Salvage(Struct, frozen=True):
    """What was taken out of damaged data."""

    copy: DataCopy
    kept: dict[str, int]
    """How many dialogues, messages and memories."""

    lines: list[str]
    """What is lost, or was changed because of what is lost."""


class Engine(Protocol):
    """The data at one address, which need not exist yet."""

    address: str
    """Where the data is, without any password."""

    kind: str
    """What is there: a data directory, or tables in a database."""

    def exists(self) -> bool:
        """Return whether there is anything at the address, be it data or not."""
        ...

    def require_data(self) -> None:
        """Return when there is data; DataError otherwise."""
        ...

    def warn_if_open(self) -> None:
        """Warn in the log, once, when other users of the machine can enter where the data is."""
        ...

    async def open(
        self,
        statistics: WriterStatistics | None = None,
        embedder: Embedder | None = None,
        others: Sequence[Embedder] = (),
    ) -> Store:
        """Open the data, made and brought to this program's schema as needed; DataError.

        The embedder's vectors are to serve; until they are complete, those of one of the others
        may. Without an embedder the stored choice stays: what is written waits for its vectors
        when the others do not make them.
        """
        ...

    def open_copies(
        self, embedder: Embedder | None = None, others: Sequence[Embedder] = ()
    ) -> AbstractAsyncContextManager[Copies]:
        """Open the rows to copy, also of a copy that is not finished; DataError."""
        ...

    def backup(self, destination: Path, progress: Progress) -> DataCopy:
        """Copy the data, in use or not, into an empty or new directory; DataError."""
        ...

    def restore(self, source: Path, progress: Progress) -> DataCopy:
        """Make the data from a backup; DataError when there is data already."""
        ...

    def check(self) -> list[str]:
        """Return what is wrong with the data, a line each; DataError when it cannot be read."""
        ...

    def recover(self, destination: Path) -> Salvage:
        """Take what is whole out of damaged data, into an empty or new directory; DataError."""
        ...

    def outlook(self) -> list[str]:
        """Return what the next start has still to do with the data, a line each; DataError."""
        ...

    def missing_migrations(self) -> list[str]:
        """Return the names of the migrations that the data lacks; DataError."""
        ...

    def migrate(self) -> list[str]:
        """Run the missing migrations, each in one transaction; returns their names. DataError."""
        ...

    def encrypt(self) -> DataCopy:
        """Encrypt data that is not, and that nobody else uses; DataError."""
        ...

    def rekey(self, new: KeySource, *, keep_old: bool) -> None:
        """Replace the operator's key of encrypted data, in use or not; DataError.

        The former key opens the data, too, when it is kept.
        """
        ...

    def rewrite(self) -> DataCopy:
        """Encrypt encrypted data again, while nobody else uses it; DataError."""
        ...
