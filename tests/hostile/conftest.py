"""Servers that are made to suffer."""

import pytest

from tests.crash.conftest import anyio_backend, tmp_path
from tests.crash.servers import Servers

__all__ = ["anyio_backend", "tmp_path"]


@pytest.fixture
async def servers(tmp_path):
    """Return a data directory to run servers on."""
    servers = Servers(tmp_path)
    yield servers
    await servers.kill_all()
