"""The PostgreSQL engine: any number of servers on one database."""

import asyncio
from collections.abc import Sequence
from typing import Any

from dialoguedb.ports import (
    DialogueStore,
    KeyStore,
    MemoryStore,
    MessageStore,
    ProjectStore,
    StateStore,
)
from dialoguedb.ports.context import ContextStore
from dialoguedb.ports.copies import Copies
from dialoguedb.ports.erasures import ErasureStore
from dialoguedb.ports.rate_limits import RateLimitStore
from dialoguedb.ports.receipts import ReceiptStore
from dialoguedb.ports.search import Embedder, IndexStore, SearchStore
from dialoguedb.ports.statistics import WriterStatistics
from dialoguedb.ports.summaries import SummaryJobs, SummaryStore, TemplateStore
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.connection.pool import REFUSALS, cannot_open, open_pool
from dialoguedb.store.postgres.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.postgres.connection.readers import Readers
from dialoguedb.store.postgres.connection.writer import Transaction, Writer
from dialoguedb.store.postgres.context import PostgresContext
from dialoguedb.store.postgres.copies import PostgresCopies
from dialoguedb.store.postgres.dialogues import PostgresDialogues
from dialoguedb.store.postgres.erasures import PostgresErasures
from dialoguedb.store.postgres.index import PostgresIndex
from dialoguedb.store.postgres.jobs import PostgresSummaryJobs
from dialoguedb.store.postgres.keys import PostgresKeys
from dialoguedb.store.postgres.memories import PostgresMemories
from dialoguedb.store.postgres.messages import PostgresMessages
from dialoguedb.store.postgres.projects import PostgresProjects
from dialoguedb.store.postgres.rate_limits import PostgresRateLimits
from dialoguedb.store.postgres.receipts import PostgresReceipts
from dialoguedb.store.postgres.rows import idempotency
from dialoguedb.store.postgres.schema import migrations
from dialoguedb.store.postgres.search import PostgresSearch
from dialoguedb.store.postgres.search_index.index import Index
from dialoguedb.store.postgres.state import PostgresState
from dialoguedb.store.postgres.summaries import PostgresSummaries
from dialoguedb.store.postgres.templates import PostgresTemplates
from dialoguedb.values import timestamps


class PostgresStore:
    """Implements `ports.Store`; belongs to the event loop that opened it."""

    def __init__(
        self,
        pool: Any,
        secret: bytes,
        statistics: WriterStatistics | None = None,
        known: Sequence[Embedder] = (),
    ) -> None:
        in_process = {embedder.name: embedder for embedder in known if embedder.in_process}
        self.pool = pool
        index = Index(in_process)
        self._writer = writer = Writer(pool, statistics)
        self.readers = readers = Readers(pool)
        self._secret = secret
        row_ids = ProjectRowIds(readers)
        parts = (writer, readers, row_ids)
        self.dialogues: DialogueStore = PostgresDialogues(*parts, index)
        self.state: StateStore = PostgresState(*parts)
        self.messages: MessageStore = PostgresMessages(*parts, index)
        self.memories: MemoryStore = PostgresMemories(*parts, index)
        self.summaries: SummaryStore = PostgresSummaries(*parts)
        self.templates: TemplateStore = PostgresTemplates(*parts)
        self.context: ContextStore = PostgresContext(readers, row_ids)
        self.receipts: ReceiptStore = PostgresReceipts(*parts)
        self.erasures: ErasureStore = PostgresErasures(*parts, index)
        self.jobs: SummaryJobs = PostgresSummaryJobs(writer, readers)
        self.projects: ProjectStore = PostgresProjects(*parts, index)
        self.keys: KeyStore = PostgresKeys(*parts)
        indexes = PostgresIndex(writer, readers, index)
        self.index: IndexStore = indexes
        self.search: SearchStore = PostgresSearch(readers, row_ids, indexes)
        self.rate_limits: RateLimitStore | None = PostgresRateLimits(pool, row_ids)
        self.copies: Copies = PostgresCopies(writer, readers, index)

    @classmethod
    async def open(
        cls,
        url: str,
        statistics: WriterStatistics | None = None,
        embedder: Embedder | None = None,
        others: Sequence[Embedder] = (),
        *,
        password: str | None = None,
        pooled: bool = False,
    ) -> "PostgresStore":
        """Open a database, brought to this program's schema as needed; DataError."""
        known = [embedder, *others] if embedder else [*others]
        pool = await open_pool(url, password=password, pooled=pooled)
        try:
            async with pool.acquire() as raw:
                db = Connection(raw)
                await migrations.migrate(db, timestamps.now())
                secret = await db.value("SELECT value FROM secrets WHERE name = 'page tokens'")
            await pool.expire_connections()  # one of before the migration knows no vectors
            store = cls(pool, secret, statistics, known)
            if embedder:
                await store.index.prepare([one.name for one in known])
        except BaseException as error:
            pool.terminate()
            if isinstance(error, REFUSALS):
                raise cannot_open(error) from error
            raise
        return store

    async def ready(self) -> None:
        """Return when a write would be durable now; ServiceUnavailable otherwise."""
        await self._writer.write(_touch)

    async def forget_answers(self, before: str) -> None:
        """Drop the recorded responses of idempotency keys used before a time."""
        await self._writer.write(lambda db: idempotency.forget(db, before))

    def page_token_secret(self) -> bytes:
        """Return the secret that signs page tokens."""
        return self._secret

    async def close(self) -> None:
        """Finish the writes that wait, then release everything."""
        await self._writer.finish()
        await asyncio.wait_for(self.pool.close(), _CLOSE_S)


_CLOSE_S = 60.0


async def _touch(db: Transaction) -> None:
    """Write a row without changing anything."""
    await db.execute("UPDATE secrets SET value = value WHERE name = 'page tokens'")
