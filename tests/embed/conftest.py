"""What the tests of embedders share."""

import threading

import pytest

from .endpoint import EmbeddingServer


@pytest.fixture
def endpoint():
    with EmbeddingServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.released.set()
        server.shutdown()
        thread.join()
