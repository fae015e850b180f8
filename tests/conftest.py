"""What every test may ask for: a running server, and projects and clients of its own."""

import itertools
import os
import threading
from collections.abc import Callable, Iterator

import httpx
import pytest
from hypothesis import HealthCheck, settings

for folder in ("contract", "crash", "e2e", "http"):  # what their tests share asserts, too
    pytest.register_assert_rewrite(f"tests.{folder}")

from tests.databases import engines  # noqa: E402 - after the lines above
from tests.directories import prefer_memory  # noqa: E402 - as above
from tests.embed.endpoint import EmbeddingServer  # noqa: E402 - as above
from tests.http.checking import done  # noqa: E402 - as above
from tests.http.server import Project, Server, running  # noqa: E402 - as above

prefer_memory()

# How fast a machine makes and tries examples is nothing that a test is about, and what a fixture
# gave to one example serves the next as well. The suite tries the same examples each time, so that
# a change fails by what it changed; `make properties` looks for new ones.
settings.register_profile(
    "dialoguedb",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile(
    "campaign", settings.get_profile("dialoguedb"), derandomize=False, max_examples=2_000
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dialoguedb"))

names = (f"project-{number}" for number in itertools.count(1))


@pytest.fixture(scope="session", autouse=True)
def state_home(tmp_path_factory):
    """Keep what commands note of imports away from the home of whoever runs the tests."""
    directory = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as process:
        process.setenv("XDG_STATE_HOME", str(directory))
        yield directory


def pytest_addoption(parser):
    """Let `make postgres` run everything on each version of PostgreSQL."""
    parser.addoption(
        "--every-version", action="store_true", help="all tests on every version of PostgreSQL"
    )


def pytest_collection_modifyitems(config, items):
    """Leave out the tests that their engine is not for."""
    every = config.getoption("every_version")
    left_out = {item for item in items if not engines.is_for(item, every_version=every)}
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def pytest_unconfigure():
    """Stop the servers that tests have started."""
    engines.stop_servers()


@pytest.fixture(scope="session", params=engines.SERVED)
def engine(request):
    """Name the engine under the server."""
    return request.param


@pytest.fixture(scope="session")
def server(engine, tmp_path_factory) -> Iterator[Server]:
    """Run one server for the whole session."""
    with running(engine, tmp_path_factory.mktemp(engine)) as server:
        yield server


@pytest.fixture(scope="session")
def operator(server) -> Iterator[httpx.Client]:
    """Speak with the key that makes and deletes projects and opens no data."""
    with server.client(server.operator_key) as client:
        yield client


@pytest.fixture
def new_project(operator):
    """Make as many fresh projects as a test wants: `new_project(immutable=True)`."""

    def make(**settings) -> Project:
        body = {"name": next(names), "settings": settings} if settings else {"name": next(names)}
        made = done(operator.post("/admin/projects", json=body))
        return Project(made["id"], made["name"], made["key"], made)

    return make


@pytest.fixture
def project(new_project):
    """Make a fresh project."""
    return new_project()


@pytest.fixture
def client_of(server) -> Iterator[Callable[..., httpx.Client]]:
    """Open a client for any key (or none), closed when the test ends."""
    opened = []

    def open_client(key: str | None = None) -> httpx.Client:
        client: httpx.Client = server.client(key)
        opened.append(client)
        return client

    yield open_client
    for client in opened:
        client.close()


@pytest.fixture
def api(project, client_of):
    """Speak with the admin key of this test's own project."""
    return client_of(project.key)


@pytest.fixture
def stranger(new_project, client_of):
    """Speak with the admin key of another project."""
    return client_of(new_project().key)


@pytest.fixture
def nobody(client_of):
    """Speak without any key."""
    return client_of()


@pytest.fixture
def endpoint() -> Iterator[EmbeddingServer]:
    """Run an endpoint of embeddings that does what a test tells it to."""
    with EmbeddingServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.released.set()
        server.shutdown()
        thread.join()
