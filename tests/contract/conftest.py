"""Every engine, opened afresh for each test, and a world of projects over it."""

import pytest

from dialoguedb.store.sqlite import SQLiteStore
from tests.contract.making import World

# Every engine the promises are kept on: how to open it in an empty directory.
ENGINES = {"sqlite": SQLiteStore.open}


@pytest.fixture(scope="session", params=ENGINES)
def engine(request):
    """Return what opens an engine."""
    return ENGINES[request.param]


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
