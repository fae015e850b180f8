"""What the tests of PostgreSQL alone share."""

from contextlib import AsyncExitStack

import pytest

from dialoguedb.store.postgres import PostgresStore
from tests.contract.making import Tenant, World
from tests.databases.engines import databases_of


@pytest.fixture(scope="session")
def anyio_backend():
    """Run on the plain loop, which a timeout can interrupt."""
    return "asyncio"


@pytest.fixture
def url(tmp_path):
    """Make a database."""
    return databases_of("postgres").url_of(tmp_path / "data")


@pytest.fixture
async def worlds(url):
    """Open one database as two servers do."""
    async with AsyncExitStack() as opened:
        stores = [await PostgresStore.open(url) for _ in range(2)]
        for store in stores:
            opened.push_async_callback(store.close)
        yield [World(store) for store in stores]


@pytest.fixture
async def servers(worlds):
    """Return one project as each server sees it."""
    one, other = worlds
    made = await one.tenant()
    return made, Tenant(other.services, other.clock, made.project, other.store)
