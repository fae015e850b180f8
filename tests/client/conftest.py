"""Databases for the tests: at a server or in this process, with an event loop or without."""

from typing import Any

import pytest

from dialoguedb import AsyncDialogueDB, DialogueDB
from tests.client.awaited import Awaited
from tests.databases.engines import embedded_in

LOCATIONS = ["server", "embedded"]
MANNERS = ["async", "sync"]


@pytest.fixture(scope="session")
def anyio_backend():
    """Run on the plain loop, which a timeout can interrupt."""
    return "asyncio"


@pytest.fixture(params=LOCATIONS)
def location(request):
    """Name where the data is."""
    return request.param


@pytest.fixture(params=MANNERS)
def manner(request):
    """Name how the client waits."""
    return request.param


@pytest.fixture
def where(location, project, server, engine, tmp_path):
    """Return what leads a client to a fresh project."""
    if location == "embedded":
        return embedded_in(engine, tmp_path / "chats")
    return {"api_key": project.key, "endpoint": server.base_url}


@pytest.fixture
async def open_db(where, manner):
    """Open as many clients of the same project as a test wants, closed when it ends."""
    opened: list[Any] = []

    def open_one(**choices):
        made = AsyncDialogueDB if manner == "async" else DialogueDB
        db = made(**where, **choices)
        opened.append(db if manner == "async" else Awaited(db))
        return opened[-1]

    yield open_one
    for db in opened:
        await db.close()


@pytest.fixture
def db(open_db):
    """Open one client."""
    return open_db()
