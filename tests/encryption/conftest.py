"""How the tests of encryption run."""

import pytest


@pytest.fixture(scope="session")
def anyio_backend():
    """Run on the plain loop, which a timeout can interrupt."""
    return "asyncio"
