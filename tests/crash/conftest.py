"""Rooms for servers that are killed."""

import tempfile
from pathlib import Path

import pytest

from tests.crash.servers import Servers
from tests.directories import DISK


@pytest.fixture(scope="session")
def anyio_backend():
    """Run on the plain loop, which a timeout can interrupt."""
    return "asyncio"


@pytest.fixture
def tmp_path():
    """Make a directory on a disk."""
    with tempfile.TemporaryDirectory(dir=DISK) as room:
        yield Path(room)


@pytest.fixture
async def servers(engine, tmp_path):
    """Return data to run servers on."""
    servers = Servers(tmp_path, engine)
    yield servers
    await servers.kill_all()
