"""The embedded engine: SQLite in a data directory, safe for several processes at once."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

import apsw

from dialoguedb.errors import NewerSchema, ServiceUnavailable
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
from dialoguedb.ports.engine import KeySource
from dialoguedb.ports.erasures import ErasureStore
from dialoguedb.ports.rate_limits import RateLimitStore
from dialoguedb.ports.receipts import ReceiptStore
from dialoguedb.ports.search import Embedder, IndexStore, SearchStore
from dialoguedb.ports.statistics import WriterStatistics
from dialoguedb.ports.summaries import SummaryJobs, SummaryStore, TemplateStore
from dialoguedb.ports.tokens import TokenCounter
from dialoguedb.retrieval.code_cache import CodeCache
from dialoguedb.store.sqlite.connection import commit_log, files, whole_file
from dialoguedb.store.sqlite.connection.project_row_ids import ProjectRowIds
from dialoguedb.store.sqlite.connection.reader import Readers
from dialoguedb.store.sqlite.connection.transactions import transaction
from dialoguedb.store.sqlite.connection.writer import Writer
from dialoguedb.store.sqlite.context import SQLiteContext
from dialoguedb.store.sqlite.copies import SQLiteCopies
from dialoguedb.store.sqlite.dialogues import SQLiteDialogues
from dialoguedb.store.sqlite.encryption.data_key import DataKey
from dialoguedb.store.sqlite.encryption.unlocking import unlock
from dialoguedb.store.sqlite.erasures import SQLiteErasures
from dialoguedb.store.sqlite.index import SQLiteIndex
from dialoguedb.store.sqlite.jobs import SQLiteSummaryJobs
from dialoguedb.store.sqlite.keys import SQLiteKeys
from dialoguedb.store.sqlite.memories import SQLiteMemories
from dialoguedb.store.sqlite.messages import SQLiteMessages
from dialoguedb.store.sqlite.projects import SQLiteProjects
from dialoguedb.store.sqlite.receipts import SQLiteReceipts
from dialoguedb.store.sqlite.rows import idempotency
from dialoguedb.store.sqlite.schema import migrations, page_checksums
from dialoguedb.store.sqlite.search import SQLiteSearch
from dialoguedb.store.sqlite.search_index import embedders
from dialoguedb.store.sqlite.search_index.catch_up import Index, backlog
from dialoguedb.store.sqlite.state import SQLiteState
from dialoguedb.store.sqlite.summaries import SQLiteSummaries
from dialoguedb.store.sqlite.templates import SQLiteTemplates
from dialoguedb.values import timestamps

logger = logging.getLogger(__name__)


class SQLiteStore:
    """Implements `ports.Store`; use `open`."""

    def __init__(
        self,
        path: Path,
        db: apsw.Connection,
        statistics: WriterStatistics | None,
        known: Sequence[Embedder] = (),
        key: DataKey | None = None,
    ) -> None:
        in_process = {embedder.name: embedder for embedder in known if embedder.in_process}
        index = Index(in_process)
        self._writer = Writer(db, statistics, index)
        self.readers = Readers(path, key, self._writer.insist_on_log)
        self._verifying: asyncio.Future[None] | None = None
        row_ids = ProjectRowIds(self.readers)
        parts = (self._writer, self.readers, row_ids)
        self.path = path
        self._page_token_secret = secret(db)
        self.dialogues: DialogueStore = SQLiteDialogues(*parts)
        self.state: StateStore = SQLiteState(*parts)
        self.messages: MessageStore = SQLiteMessages(*parts)
        self.memories: MemoryStore = SQLiteMemories(*parts)
        self.summaries: SummaryStore = SQLiteSummaries(*parts)
        self.templates: TemplateStore = SQLiteTemplates(*parts)
        self.context: ContextStore = SQLiteContext(self.readers, row_ids)
        self.receipts: ReceiptStore = SQLiteReceipts(*parts)
        self.erasures: ErasureStore = SQLiteErasures(*parts)
        self.rate_limits: RateLimitStore | None = None  # each request would wait for the one writer
        self.jobs: SummaryJobs = SQLiteSummaryJobs(self._writer, self.readers)
        self.projects: ProjectStore = SQLiteProjects(*parts)
        self.keys: KeyStore = SQLiteKeys(*parts)
        codes = CodeCache()
        indexes = SQLiteIndex(self._writer, self.readers, index, codes)
        self.index: IndexStore = indexes
        self.search: SearchStore = SQLiteSearch(self.readers, row_ids, codes, indexes)
        self.copies: Copies = SQLiteCopies(self._writer, self.readers)

    @classmethod
    async def open(
        cls,
        directory: Path,
        statistics: WriterStatistics | None = None,
        embedder: Embedder | None = None,
        others: Sequence[Embedder] = (),
        count: TokenCounter | None = None,
        key: KeySource | None = None,
    ) -> "SQLiteStore":
        """Open a data directory, made and brought to this program's schema as needed; DataError.

        Searches use the embedder's vectors; until they are complete, those of one of the others.
        Without an embedder the set of vectors stays as it is, and new objects wait for those that
        the others do not make. The tokens of messages of an older schema are counted.
        """
        path = files.prepare(directory)
        known = [embedder, *others] if embedder else [*others]
        data_key = await asyncio.to_thread(unlock, path, key)
        db = await asyncio.to_thread(_open, path, known if embedder else (), count, data_key)
        try:
            with files.closed_on_error(db):
                return cls(path, db, statistics, known, data_key)
        except apsw.Error as error:
            raise files.unusable(path, error) from error

    async def ready(self) -> None:
        """Return when a write would be durable now; ServiceUnavailable, UnreadableData."""
        await self._writer.write(_touch)
        if self._verifying is None:  # whoever asks meanwhile waits for the same
            self._verifying = asyncio.ensure_future(self.readers.run_apart(self._writer.verify_log))
            self._verifying.add_done_callback(self._verified)
        await asyncio.shield(self._verifying)

    def _verified(self, verified: asyncio.Future[None]) -> None:
        self._verifying = None
        verified.exception()  # those that waited may all be gone

    async def forget_answers(self, before: str) -> None:
        """Drop the recorded responses of idempotency keys used before a time."""
        await self._writer.write(lambda db: idempotency.forget(db, before), long=True)

    def page_token_secret(self) -> bytes:
        """Return the secret that signs page tokens."""
        return self._page_token_secret

    async def close(self) -> None:
        """Finish the writes that wait, then release everything."""
        await self._writer.finish()
        self.readers.close()
        await self._writer.close()


def open_database(
    path: Path, count: TokenCounter | None = None, key: DataKey | None = None
) -> apsw.Connection:
    """Open a database file and bring it to this program's schema."""
    known, had_log = commit_log.acknowledged(path), commit_log.has_log(path)
    whole_file.insist(path)
    if key is None:
        try:
            page_checksums.prepare(path)
        except apsw.Error as error:
            raise files.unusable(path, error) from error
    db = files.connect(path, key)
    try:
        with files.closed_on_error(db):
            whole_file.insist_on_pages(db, path)
            lost = commit_log.missing(db, known)  # before a file that lost even its tables is new
            doubt = commit_log.doubt(db, path, had_log=had_log)
            migrations.migrate(db, timestamps.now(), count)
            page_checksums.insist(db, path)
            if lost:
                logger.error("%s", commit_log.loss(path, lost))
            if doubt:
                logger.warning("%s", doubt)
    except apsw.Error as error:
        raise files.unusable(path, error) from error
    return db


def _open(
    path: Path, known: Sequence[Embedder], count: TokenCounter | None, key: DataKey | None
) -> apsw.Connection:
    db = open_database(path, count, key)
    try:
        with files.closed_on_error(db):
            if known:
                _settle(db, known)
    except apsw.Error as error:
        raise files.unusable(path, error) from error
    return db


def _settle(db: apsw.Connection, known: Sequence[Embedder]) -> None:
    """Make the first embedder the one to be; WrongDimensions when it is another by now."""
    index = Index({embedder.name: embedder for embedder in known if embedder.in_process})
    with transaction(db):
        # A new embedder would seem complete without what is still to be indexed. The one that was
        # there follows it later: on a full disk a server must start and read.
        is_new = known[0].name not in {row.name for row in embedders.active(db)}
        while is_new and backlog(db):
            index.catch_up(db)
        embedders.prepare(db, [embedder.name for embedder in known], timestamps.now())
        stored = {row.name: row for row in embedders.active(db)}
        for embedder in known:
            if embedder.dimensions and embedder.name in stored:
                embedders.fit(db, stored[embedder.name], embedder.dimensions)


def secret(db: apsw.Connection) -> bytes:
    """Return the secret that signs page tokens."""
    return bytes(db.execute("SELECT value FROM secrets WHERE name = 'page tokens'").get)


def _touch(db: apsw.Connection) -> None:
    """Write a page without changing anything; an UPDATE to equal values would write none."""
    try:
        migrations.check_known(db)
    except NewerSchema as error:  # it was migrated while this program had it open
        raise ServiceUnavailable(error.message) from error
    db.pragma("user_version", migrations.version(db))
