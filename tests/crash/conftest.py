"""Rooms for servers that are killed."""

import pytest

from tests.crash.servers import Servers


@pytest.fixture(scope="session")
def anyio_backend():
    """Run on the plain loop, which a timeout can interrupt."""
    return "asyncio"


@pytest.fixture
async def servers(tmp_path):
    """Return a data directory to run servers on."""
    servers = Servers(tmp_path)
    yield servers
    await servers.kill_all()
