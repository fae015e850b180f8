"""SQLite in a data directory, as an engine that operators handle."""
# ruff: noqa: PLC0415 - what operators seldom do is loaded when they do it

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from dialoguedb import private_files
from dialoguedb.ports import Store
from dialoguedb.ports.copies import Copies
from dialoguedb.ports.engine import DataCopy, KeySource, Progress, Salvage
from dialoguedb.ports.search import Embedder
from dialoguedb.ports.statistics import WriterStatistics
from dialoguedb.ports.tokens import TokenCounter
from dialoguedb.store.sqlite import SQLiteStore
from dialoguedb.store.sqlite.encryption import unlocking
from dialoguedb.store.sqlite.maintenance import snapshot


class SQLiteEngine:
    """Implements `ports.engine.Engine` for one data directory."""

    kind = "data directory"

    def __init__(
        self, directory: Path, count_tokens: TokenCounter, key: KeySource | None = None
    ) -> None:
        self.directory = directory
        self.address = str(directory)
        self._count_tokens = count_tokens
        self._key = key

    def exists(self) -> bool:
        """Return whether the directory exists."""
        return self.directory.exists()

    def require_data(self) -> None:
        """Return when the directory holds data; DataError otherwise."""
        snapshot.locate(self.directory)

    def warn_if_open(self) -> None:
        """Warn in the log, once, when other users of the machine can enter the directory."""
        private_files.warn_if_open(self.directory)

    async def open(
        self,
        statistics: WriterStatistics | None = None,
        embedder: Embedder | None = None,
        others: Sequence[Embedder] = (),
    ) -> Store:
        """Open the directory, made and brought to this program's schema as needed; DataError."""
        store = await self._open(statistics, embedder, others)
        try:
            await store.copies.check_finished()
        except BaseException:
            await store.close()
            raise
        return store

    @asynccontextmanager
    async def open_copies(
        self, embedder: Embedder | None = None, others: Sequence[Embedder] = ()
    ) -> AsyncIterator[Copies]:
        """Open the rows, also of a copy that is not finished; DataError."""
        store = await self._open(None, embedder, others)
        try:
            yield store.copies
        finally:
            await store.close()

    async def _open(
        self,
        statistics: WriterStatistics | None,
        embedder: Embedder | None,
        others: Sequence[Embedder],
    ) -> SQLiteStore:
        return await SQLiteStore.open(
            self.directory, statistics, embedder, others, self._count_tokens, self._key
        )

    def backup(self, destination: Path, progress: Progress) -> DataCopy:
        """Copy the directory into an empty or new one; DataError."""
        from dialoguedb.store.sqlite.maintenance import backup

        return _copy_of(backup.backup(self.directory, destination, progress, self._key))

    def restore(self, source: Path, progress: Progress) -> DataCopy:
        """Make the directory, empty or new, from a backup; DataError."""
        from dialoguedb.store.sqlite.maintenance import backup

        return _copy_of(backup.restore(source, self.directory, progress, self._key))

    def check(self) -> list[str]:
        """Return what is wrong with the data, a line each; DataError when it cannot be read."""
        from dialoguedb.store.sqlite.maintenance import check

        return check.check(self.directory, self._key)

    def recover(self, destination: Path) -> Salvage:
        """Take what is whole out of the directory, into an empty or new one; DataError."""
        from dialoguedb.store.sqlite.maintenance import recover

        made = recover.recover(self.directory, destination, self._count_tokens, self._key)
        return Salvage(_copy_of(made.path), made.kept, made.lines)

    def outlook(self) -> list[str]:
        """Return what the next start has still to do with the data, a line each; DataError."""
        from dialoguedb.store.sqlite.maintenance import outlook

        return outlook.outlook(self.directory, self._key)

    def missing_migrations(self) -> list[str]:
        """Return the names of the migrations that the data lacks; DataError."""
        from dialoguedb.store.sqlite.maintenance import upgrade

        return upgrade.missing_steps(self.directory, self._key)

    def migrate(self) -> list[str]:
        """Run the missing migrations, each in one transaction; returns their names. DataError."""
        from dialoguedb.store.sqlite.maintenance import upgrade

        return upgrade.upgrade(self.directory, self._count_tokens, self._key)

    def encrypt(self) -> DataCopy:
        """Encrypt the directory, which nobody else uses, with the operator's key; DataError."""
        from dialoguedb.store.sqlite.maintenance import rewriting

        return _copy_of(rewriting.encrypt(self.directory, self._key))

    def rekey(self, new: KeySource, *, keep_old: bool) -> None:
        """Replace the operator's key of the encrypted directory, in use or not; DataError."""
        from dialoguedb.store.sqlite.maintenance import rewriting

        rewriting.rekey(self.directory, self._key, new(), keep=keep_old)

    def rewrite(self) -> DataCopy:
        """Encrypt the encrypted directory again, with another data key; DataError."""
        from dialoguedb.store.sqlite.maintenance import rewriting

        return _copy_of(rewriting.rekey_data(self.directory, self._key))


def _copy_of(file: Path) -> DataCopy:
    return DataCopy(str(file), file.stat().st_size, encrypted=not unlocking.is_plain(file))
