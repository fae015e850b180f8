"""PostgreSQL at a URL, as an engine that operators handle."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NoReturn, TypeVar

from dialoguedb.errors import DataError
from dialoguedb.ports import Store
from dialoguedb.ports.copies import Copies
from dialoguedb.ports.engine import DataCopy, KeySource, Progress, Salvage
from dialoguedb.ports.search import Embedder
from dialoguedb.ports.statistics import WriterStatistics
from dialoguedb.store.postgres import PostgresStore
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.connection.pool import connected
from dialoguedb.store.postgres.maintenance import check, outlook
from dialoguedb.store.postgres.schema import migrations
from dialoguedb.values import timestamps

T = TypeVar("T")


class PostgresEngine:
    """Implements `ports.engine.Engine` for one database."""

    kind = "database schema"

    def __init__(self, url: str, password: str | None = None, *, pooled: bool = False) -> None:
        self.address = url
        self._password = password
        self._pooled = pooled

    def exists(self) -> bool:
        """Return whether the database has tables of ours, or of others with their names."""
        return self._run(migrations.version) > 0

    def require_data(self) -> None:
        """Return when the database has our tables; DataError otherwise."""
        if not self.exists():
            raise DataError(f"There is no data in {self.address}: `dialoguedb serve` makes it")

    def warn_if_open(self) -> None:
        """Do nothing: who can enter the database is its administrator's choice."""

    async def open(
        self,
        statistics: WriterStatistics | None = None,
        embedder: Embedder | None = None,
        others: Sequence[Embedder] = (),
    ) -> Store:
        """Open the database, its tables made and brought to this program's schema; DataError."""
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
    ) -> PostgresStore:
        return await PostgresStore.open(
            self.address,
            statistics,
            embedder,
            others,
            password=self._password,
            pooled=self._pooled,
        )

    def backup(self, destination: Path, progress: Progress) -> DataCopy:  # noqa: ARG002 - the port's
        """Refuse: PostgreSQL has tools of its own."""
        raise DataError(
            "PostgreSQL is backed up with its own tools: pg_dump, or pg_basebackup with archived"
            " WAL to go back to any moment; `dialoguedb check --database` verifies a restored copy"
        )

    def restore(self, source: Path, progress: Progress) -> DataCopy:  # noqa: ARG002 - the port's
        """Refuse: PostgreSQL has tools of its own."""
        raise DataError(
            "PostgreSQL is restored with its own tools: pg_restore, or a base backup with archived"
            " WAL; `dialoguedb check --database` verifies what was restored; `dialoguedb copy`"
            " brings in a data directory"
        )

    def check(self) -> list[str]:
        """Return what is wrong with the data, a line each; DataError when it cannot be read."""
        self.require_data()
        return self._run(check.check)

    def recover(self, destination: Path) -> Salvage:  # noqa: ARG002 - the port's
        """Refuse: PostgreSQL has tools of its own."""
        raise DataError(
            "PostgreSQL is recovered with its own tools: restore a backup, with archived WAL to the"
            " moment before the damage; `dialoguedb check --database` verifies what was restored"
        )

    def outlook(self) -> list[str]:
        """Return what the next start has still to do with the data, a line each; DataError."""
        return self._run(outlook.outlook)

    def missing_migrations(self) -> list[str]:
        """Return the names of the migrations that the data lacks; DataError."""
        return self._run(migrations.missing)

    def migrate(self) -> list[str]:
        """Run the missing migrations, each in one transaction; returns their names. DataError."""
        return self._run(lambda db: migrations.migrate(db, timestamps.now()))

    def encrypt(self) -> DataCopy:
        """Refuse: only files of ours are encrypted."""
        _refuse_encryption()

    def rekey(self, new: KeySource, *, keep_old: bool) -> None:  # noqa: ARG002 - the port's
        """Refuse: only files of ours are encrypted."""
        _refuse_encryption()

    def rewrite(self) -> DataCopy:
        """Refuse: only files of ours are encrypted."""
        _refuse_encryption()

    def _run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Run work on a connection of its own; on a thread, for a loop may run on this one."""

        async def run() -> T:
            async with connected(self.address, self._password) as db:
                return await work(db)

        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, run()).result()


def _refuse_encryption() -> NoReturn:
    raise DataError(
        "PostgreSQL is encrypted below or by itself, such as by its disk or volume;"
        " only data directories are encrypted by DialogueDB"
    )
