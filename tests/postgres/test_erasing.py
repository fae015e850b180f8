"""An erasure reads as much as it deletes, however much there is."""

import asyncio

import pytest

from dialoguedb.store.postgres import PostgresStore
from dialoguedb.values import timestamps
from tests.contract.making import World, message
from tests.databases.engines import databases_of
from tests.databases.statements import execute, rows

pytestmark = pytest.mark.anyio

_READ = """
    SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) FROM pg_stat_user_tables
    WHERE relname IN ('dialogues', 'messages', 'summaries', 'receipts')
"""
_OTHERS = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
    AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


async def rows_read(url):
    """Return how many rows were read so far, once all connections that read any have ended.

    One that ends tells what it has read, before it is seen no more.
    """
    async with asyncio.timeout(60):
        while await rows(url, _OTHERS) != [(0,)]:  # noqa: ASYNC110 - in the database
            await asyncio.sleep(0.01)
    [(read,)] = await rows(url, _READ)
    return read


async def erased(store, me):
    while True:
        progress = await store.erasures.advance(me.project, "ns", b"digest", timestamps.now())
        if progress.is_complete:
            return progress


async def rows_read_by(url, dialogues, *, threads):
    """Return how many rows the server reads for an erasure."""
    store = await PostgresStore.open(url)
    me = await World(store).tenant()
    for n in range(dialogues):
        thread_of = "d0" if threads and n else None
        await me.new(f"d{n}", "ns", thread_of=thread_of, messages=[message("a"), message("b")])
    await store.close()
    await execute(url, "ANALYZE")
    before = await rows_read(url)
    store = await PostgresStore.open(url)
    progress = await erased(store, me)
    assert (progress.deleted.dialogues, progress.deleted.messages) == (dialogues, 2 * dialogues)
    await store.close()
    return await rows_read(url) - before


@pytest.mark.parametrize("threads", [False, True])
async def test_what_it_reads_grows_with_what_it_deletes(tmp_path, threads):
    databases = databases_of("postgres")
    few = await rows_read_by(databases.url_of(tmp_path / "few"), 300, threads=threads)
    many = await rows_read_by(databases.url_of(tmp_path / "many"), 1_200, threads=threads)
    assert many < 5 * few
