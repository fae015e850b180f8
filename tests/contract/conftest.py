"""Every engine, opened afresh for each test, and a world of projects over it."""

import pytest

from dialoguedb.store.postgres import PostgresStore
from dialoguedb.store.sqlite import SQLiteStore
from tests.contract.making import World
from tests.contract.memory_engine import MemoryStore
from tests.databases.engines import VERSIONS, databases_of

EMBEDDED = {"sqlite": SQLiteStore.open, "memory": MemoryStore.open}


@pytest.fixture(scope="session", params=[*EMBEDDED, *VERSIONS])
def engine(request):
    """Return what opens an engine in a directory, or in the database that stands for one."""
    if request.param in EMBEDDED:
        return EMBEDDED[request.param]
    return databases_of(request.param).opener(PostgresStore.open)


@pytest.fixture(scope="session")
def anyio_backend():
    """Run on the plain loop, which a timeout can interrupt."""
    return "asyncio"


@pytest.fixture
async def store(engine, tmp_path):
    """Open an empty store."""
    store = await engine(tmp_path / "data")
    yield store
    await store.close()


@pytest.fixture
async def world(store):
    """Put the services over an empty store."""
    return World(store)


@pytest.fixture
async def me(world):
    """Make a project for this test."""
    return await world.tenant()


@pytest.fixture
async def stranger(world, me):
    """Make another project."""
    return await world.tenant()
