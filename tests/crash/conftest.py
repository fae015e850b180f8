"""Rooms for servers that are killed."""

import pytest

pytest.register_assert_rewrite("tests.crash.journal", "tests.crash.servers")

from tests.crash.servers import Servers  # noqa: E402 - its asserts are rewritten by the line above


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
