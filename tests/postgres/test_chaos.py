"""Everything fails, again and again, under many writers: what was acknowledged is there, once."""

import asyncio
import random
import time
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from tests.crash.journal import dialogue_names, make_dialogues
from tests.crash.servers import Servers
from tests.crash.wire import Connection
from tests.databases import pooler
from tests.databases.postgres import running
from tests.databases.proxy import proxied
from tests.postgres.writing import Account, Writer

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]

WRITERS = 64
KILL_SECONDS = (1.5, 4.0)
CRASH_SECONDS = (4.0, 8.0)
CUTS = 1 / 200
"""How many of the beginnings and ends of transactions cut their connection."""

START_SECONDS_MAX = 60
STORMS = [
    pytest.param(12, 1, id="12 s"),
    pytest.param(
        180, 2, id="180 s, two workers", marks=[pytest.mark.slow, pytest.mark.timeout(900)]
    ),
]
"""How long everything fails, and how many processes each server has."""


class Node:
    """A server that is started again whenever it was killed, behind a network of its own."""

    def __init__(self, servers, proxy):
        self.servers = servers
        self.proxy = proxy
        self.server = None

    @property
    def port(self):
        return self.server and self.server.port

    async def start(self):
        """Start it; while the database is down it ends with an error."""
        deadline = time.monotonic() + START_SECONDS_MAX
        while self.server is None:
            try:
                self.server = await self.servers.start()
            except AssertionError:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.1)  # as what supervises servers does

    async def kill(self):
        server, self.server = self.server, None
        assert server is not None
        await server.kill()


@pytest.fixture
def database():
    with running() as database:
        yield database


@asynccontextmanager
async def a_node(database, room, workers, *, pooled):
    """Run a server before a database, with a pooler between when it is wanted and installed."""
    async with AsyncExitStack() as stack:
        port, options = database.port, []
        if pooled:
            port, options = stack.enter_context(pooler.pooling(port)), ["--pooled"]
        proxy = await stack.enter_async_context(proxied(port))
        room.mkdir()
        servers = Servers(room)
        stack.push_async_callback(servers.kill_all)
        url = f"postgresql://postgres@127.0.0.1:{proxy.port}/postgres"
        servers.storage = ["--database", url, *options]
        servers.options = ["--workers", str(workers)]
        node = Node(servers, proxy)
        await node.start()
        yield node


@pytest.fixture(params=[1])
async def nodes(request, database, tmp_path):
    """Run two servers on one database."""
    async with AsyncExitStack() as stack:
        pooled = [False, pooler.PROGRAM is not None]
        made = [
            a_node(database, tmp_path / str(number), request.param, pooled=one)
            for number, one in enumerate(pooled)
        ]
        yield [await stack.enter_async_context(one) for one in made]


@pytest.fixture
async def key(nodes):
    """Make a project; returns its key."""
    _, made = await nodes[0].servers.run("projects", "create", "chaos", "--quiet")
    return made.strip().splitlines()[-1]


async def kill_servers(nodes, over):
    while not over.is_set():
        await asyncio.sleep(random.uniform(*KILL_SECONDS))  # the time of the crash, not a wait
        node = random.choice(nodes)
        await node.kill()
        await node.start()


async def crash_database(database, over):
    while not over.is_set():
        await asyncio.sleep(random.uniform(*CRASH_SECONDS))  # the time of the crash, not a wait
        await asyncio.to_thread(database.kill)
        await asyncio.sleep(random.uniform(0, 1.5))  # how long it is away
        await asyncio.to_thread(database.start)


async def cut_connections(nodes, over):
    while not over.is_set():
        for node in nodes:
            node.proxy.share = CUTS
        await asyncio.sleep(0.1)
    for node in nodes:
        node.proxy.share = 0


async def everything_fails(nodes, database, seconds):
    """Do all of it for that many seconds, and leave everything running."""
    over = asyncio.Event()
    async with asyncio.TaskGroup() as failures:
        failures.create_task(kill_servers(nodes, over))
        failures.create_task(crash_database(database, over))
        failures.create_task(cut_connections(nodes, over))
        await asyncio.sleep(seconds)  # the length of the storm, not a wait
        over.set()


@pytest.mark.parametrize(("seconds", "nodes"), STORMS, indirect=["nodes"])
async def test_what_was_acknowledged_is_there_exactly_once(nodes, key, database, seconds):
    await make_dialogues(nodes[0].port, key)
    account, over = Account(), asyncio.Event()

    def ports():
        return [node.port for node in nodes if node.port]

    async with asyncio.TaskGroup() as writers:
        for number in range(WRITERS):
            writer = Writer(account, f"w{number}", ports, key)
            writers.create_task(writer.write(over))
        await everything_fails(nodes, database, seconds)
        over.set()
    assert account.acknowledged > seconds * 10
    for node in nodes:
        await account.check(node.port, key)
    for node in nodes:
        await works(node.port, key)
    assert (await nodes[0].servers.run("check"))[0] == 0
    for node in nodes:
        await node.server.stop()
        assert surprises(node.server.log()) == []


def surprises(log):
    """Return the lines of a log that tell of an error that nobody expected."""
    expected = '"asyncpg.pool"'  # which opens its connections again, and tells of each attempt
    return [line for line in log.splitlines() if "Traceback" in line and expected not in line]


async def works(port, key):
    """Store and find something."""
    async with Connection(port, key) as connection:
        body = {"id": f"afterwards{port}", "message": {"role": "user", "content": "aardvark"}}
        status, answer = await connection.ask("POST", "/dialogue", body)
        assert status == 200, answer
        for name in dialogue_names():
            assert (await connection.ask("GET", f"/dialogue/{name}"))[0] == 200
        query = {"query": "aardvark", "object": "message"}
        status, found = await connection.ask("POST", "/search", query)
        assert status == 200, found
        assert found["results"]


async def test_a_server_waits_for_its_database(nodes, key, database):
    """While it is away nothing is answered but that it is; then all works without a restart."""
    await make_dialogues(nodes[0].port, key)
    await asyncio.to_thread(database.kill)
    for node in nodes:
        async with Connection(node.port, key) as connection:
            status, answer = await connection.ask("GET", "/dialogue/d0")
            assert (status, answer["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
            assert connection.headers["retry-after"]
    await asyncio.to_thread(database.start)
    for node in nodes:
        async with Connection(node.port, key) as connection:
            async with asyncio.timeout(START_SECONDS_MAX):
                while (await connection.ask("GET", "/dialogue/d0"))[0] != 200:  # noqa: ASYNC110 - another process makes it come true
                    await asyncio.sleep(0.05)
        await works(node.port, key)
