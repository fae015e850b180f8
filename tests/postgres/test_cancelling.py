"""What is cancelled ends, also while its connection breaks: a server could else never stop."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from dialoguedb.errors import NotFound
from dialoguedb.store.postgres import PostgresStore
from dialoguedb.store.postgres.connection.writer import Writer
from tests.databases.engines import databases_of
from tests.databases.proxy import proxied

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def opened_through_proxy(url):
    async with proxied(databases_of("postgres").server.port) as proxy:
        name = url.rpartition("/")[2]
        store = await PostgresStore.open(f"postgresql://postgres@127.0.0.1:{proxy.port}/{name}")
        try:
            yield store, proxy
        finally:
            proxy.share = 0
            await store.close()


SECONDS_MAX = 60
ATTEMPTS = 10
"""So that connections break before a rollback arrives, and after it."""

WAYS = {
    "a write": lambda store: Writer(store.pool, None).write,
    "a read": lambda store: store.readers.read,
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_what_is_cancelled_ends_while_its_connection_breaks(way, url):
    async with opened_through_proxy(url) as (store, proxy):
        for _ in range(ATTEMPTS):
            began = asyncio.Event()

            async def wait(_db, began=began):
                began.set()
                await asyncio.Event().wait()

            proxy.share = 0
            working = asyncio.create_task(way(store)(wait))
            await began.wait()
            proxy.share = 1
            working.cancel()
            await asyncio.wait({working}, timeout=SECONDS_MAX)
            assert working.cancelled()


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_a_refusal_stays_one_while_its_connection_breaks(way, url):
    async with opened_through_proxy(url) as (store, proxy):
        attempts = []

        async def refuse(_db):
            attempts.append(1)
            proxy.share = 1
            raise NotFound("There is no such thing")

        for _ in range(ATTEMPTS):
            proxy.share = 0
            with pytest.raises(NotFound):
                await way(store)(refuse)
        assert len(attempts) == ATTEMPTS


STEPS_MAX = 40
"""More turns of the event loop than it takes until a transaction has begun."""


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_what_is_cancelled_as_it_begins_is_told_to_nobody(way, url):
    complaints: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: complaints.append(context["message"]))

    async def nothing(_db):
        return "done"

    async with opened_through_proxy(url) as (store, _):
        for steps in range(STEPS_MAX):
            assert await way(store)(nothing) == "done"
            working = asyncio.create_task(way(store)(nothing))
            for _ in range(steps):
                await asyncio.sleep(0)
            working.cancel()
            await asyncio.wait({working}, timeout=SECONDS_MAX)
            assert working.done()
    assert complaints == []
