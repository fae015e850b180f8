"""Agents for the tests: over both transports, with a server and without one."""

from uuid import uuid4

import pytest

from tests.databases.engines import storage_flags
from tests.mcp.hosts import Agent, connected, over_http, over_stdio


@pytest.fixture(scope="session")
def anyio_backend():
    """Run on the plain loop, which a timeout can interrupt."""
    return "asyncio"


@pytest.fixture(scope="module", params=["stdio without a server", "http beside a server"])
async def client(request, engine, server, tmp_path_factory):
    """Connect to tools for all tests of a module."""
    room = tmp_path_factory.mktemp("room")
    if request.param.startswith("stdio"):
        async with over_stdio(*storage_flags(engine, room / "chats")) as client:
            yield client
        return
    key = server.command("keys", "create", "--project", "default", "--quiet")
    with over_http(room, "--endpoint", server.base_url, DIALOGUE_DB_API_KEY=key) as url:
        async with connected(url) as client:
            yield client


@pytest.fixture
def agent(client):
    """Give an agent tools, and a fresh namespace to use them in."""
    return Agent(client, uuid4().hex)
