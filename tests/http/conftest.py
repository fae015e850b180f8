"""What wire tests share beyond the server itself."""

import pytest

from tests.http.checking import done


@pytest.fixture
def survives(api, server):
    """Whatever a test did: afterwards the server answers, and has logged no surprise."""
    before = len(server.log())
    yield
    assert server.process.poll() is None
    done(api.get("/dialogue"))
    logged = server.log()[before:]
    assert "Traceback" not in logged, logged[-3000:]
