"""Rooms for servers that are killed."""

import sys

import pytest

pytest.register_assert_rewrite("tests.crash.journal", "tests.crash.servers")

from tests.crash.servers import Servers  # noqa: E402 - its asserts are rewritten by the line above


@pytest.fixture(scope="session")
def anyio_backend():
    """Run on the loop the server runs on."""
    return "asyncio", {"use_uvloop": sys.platform != "win32"}


@pytest.fixture
def servers(tmp_path):
    """Return a data directory to run servers on."""
    return Servers(tmp_path)
