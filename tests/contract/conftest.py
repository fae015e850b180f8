"""Every engine, opened afresh for each test, and a world of projects over it."""

import pytest

from dialoguedb.store.sqlite import SQLiteStore
from tests.contract.making import World
from tests.contract.memory_engine import MemoryStore

# Every engine the promises are kept on: how to open it in an empty directory, and what it can.
ENGINES = {"sqlite": SQLiteStore.open, "memory": MemoryStore.open}
ABILITIES: dict[str, set[str]] = {"sqlite": {"search", "compaction"}, "memory": set()}


def pytest_collection_modifyitems(config, items):
    """Leave out the tests that need what their engine cannot; see the marker `needs`."""
    left_out = [item for item in items if _needed(item) - _abilities(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]


def _needed(item):
    return {need for mark in item.iter_markers("needs") for need in mark.args}


def _abilities(item):
    engine = item.callspec.params.get("engine") if hasattr(item, "callspec") else None
    return ABILITIES.get(str(engine), ABILITIES["sqlite"])


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
