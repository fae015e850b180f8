"""Everything fails, again and again, under many writers: what was acknowledged is there, once."""

import asyncio
import random
import time
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from tests.crash.journal import dialogue_names, make_dialogues
from tests.crash.servers import Servers
from tests.crash.wire import Connection
from tests.databases import pooler
from tests.databases.postgres import running
from tests.databases.proxy import proxied
from tests.postgres.comparing import Comparison
from tests.postgres.writing import Account, Client, Reader, Writer

pytestmark = pytest.mark.anyio

WRITERS = 64
READERS = 4
KILL_SECONDS = (1.5, 4.0)
"""How long both servers run before one is killed."""

CRASH_SECONDS = (6.0, 14.0)
"""How long PostgreSQL runs before it is; a start of a server needs some seconds of it."""

CUTS = 1 / 50
"""How many of the beginnings and ends of transactions cut their connection."""

START_SECONDS_MAX = 120
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


class Storm:
    """Everything that fails, and how often it did."""

    def __init__(self, nodes, database):
        self.nodes = nodes
        self.database = database
        self.over = asyncio.Event()
        self.failures: Counter[str] = Counter()

    async def rage(self, seconds):
        """Do all of it for that many seconds, and leave everything running."""
        async with asyncio.TaskGroup() as failing:
            failing.create_task(self._kill_servers())
            failing.create_task(self._crash_database())
            failing.create_task(self._cut_connections())
            await asyncio.sleep(seconds)  # the length of the storm, not a wait
            self.over.set()
        self.failures["connections cut in a transaction"] = sum(
            node.proxy.cuts for node in self.nodes
        )

    async def _kill_servers(self):
        while not self.over.is_set():
            await asyncio.sleep(random.uniform(*KILL_SECONDS))  # the time of the crash, not a wait
            node = random.choice(self.nodes)
            self.failures["servers killed"] += 1
            await node.kill()
            await node.start()

    async def _crash_database(self):
        while not self.over.is_set():
            await asyncio.sleep(random.uniform(*CRASH_SECONDS))  # the time of the crash, not a wait
            self.failures["PostgreSQL killed"] += 1
            await asyncio.to_thread(self.database.kill)
            await asyncio.sleep(random.uniform(0, 1.5))  # how long it is away
            await asyncio.to_thread(self.database.start)

    async def _cut_connections(self):
        while not self.over.is_set():
            for node in self.nodes:
                node.proxy.share = CUTS
            await asyncio.sleep(0.1)
        for node in self.nodes:
            node.proxy.share = 0


async def work_through(storm, seconds, account, key):
    """Write and read through all servers while everything fails."""

    def ports():
        return [node.port for node in storm.nodes if node.port]

    async with asyncio.TaskGroup() as working:
        for number in range(WRITERS):
            writer = Writer(Client(account, f"w{number}", ports, key))
            working.create_task(writer.write(storm.over))
        for number in range(READERS):
            reader = Reader(Client(account, f"r{number}", ports, key))
            working.create_task(reader.read(storm.over))
        await storm.rage(seconds)


def report(seconds, workers, storm, comparison):
    """Print what was done and what came of it; `make chaos` shows it."""
    pooled = "one behind PgBouncer" if pooler.PROGRAM else "without PgBouncer"
    servers = f"{len(storm.nodes)} servers of {workers} processes, {pooled}"
    lines = [
        f"\n{seconds} s, {servers}, {WRITERS} writers, {READERS} readers",
        ", ".join(f"{what} {count:,} times" for what, count in storm.failures.items()),
        *comparison.lines(),
    ]
    print("\n".join(lines))  # noqa: T201 - it is what the campaign is run for


@pytest.mark.parametrize(("seconds", "nodes"), STORMS, indirect=["nodes"])
async def test_what_was_acknowledged_is_there_exactly_once(nodes, key, database, seconds, request):
    await make_dialogues(nodes[0].port, key)
    account, storm = Account(), Storm(nodes, database)
    comparison = Comparison(account)
    await work_through(storm, seconds, account, key)
    for node in nodes:
        await answers_again(node.port, key)
        await comparison.read(node.port, key)
    report(seconds, request.node.callspec.params["nodes"], storm, comparison)
    assert account.errors == []
    assert not any(comparison.errors.values())
    assert len(account.acknowledged) > seconds
    for node in nodes:
        await works(node.port, key)
    assert (await nodes[0].servers.run("check"))[0] == 0
    for node in nodes:
        await node.server.stop()
        assert surprises(node.servers.room) == []


def surprises(room):
    """Return what the logs of a node tell of errors that nobody expected."""
    expected = '"asyncpg.pool"'  # which opens its connections again, and tells of each attempt
    lines = [line for log in room.glob("log-*") for line in log.read_text().splitlines()]
    return [line for line in lines if "Traceback" in line and expected not in line]


async def answers_again(port, key):
    """Wait until a server does; a pooler goes on refusing for a while, and it tells so."""
    async with Connection(port, key) as connection, asyncio.timeout(START_SECONDS_MAX):
        status, answer = await connection.ask("GET", "/dialogue/d0")
        while status != 200:
            assert (status, answer["error"]["code"]) == (503, "SERVICE_UNAVAILABLE"), answer
            assert connection.headers["retry-after"]
            await asyncio.sleep(0.05)
            status, answer = await connection.ask("GET", "/dialogue/d0")


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
        await answers_again(node.port, key)
        await works(node.port, key)
