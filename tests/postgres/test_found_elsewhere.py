"""What one server has stored the other finds at once, and never what one has deleted."""

import asyncio
import random
from contextlib import AsyncExitStack

import pytest

from tests.contract.indexes import MODES
from tests.crash.servers import Servers
from tests.crash.wire import Connection

pytestmark = pytest.mark.anyio

WRITERS = 4
LENGTH = 10
BATCH = 500
NAMESPACES = ["", "talk"]
STEMS = ["garden", "train", "invoice", "violin", "kitchen", "doctor", "football", "server"]
ENDS = ["", "bridge", "camera", "letter", "market", "piano", "station", "ticket", "winter"]
PEOPLE = ["Rosa", "Igor", "Mei", "Kofi", "teacher", "landlord", "sister", "neighbour"]
WORDS = [*(stem + end for stem in [*STEMS, *PEOPLE] for end in ENDS)]

TRIALS = [
    pytest.param(60, 0, id="60"),
    pytest.param(1_000, 25_000, id="1000", marks=[pytest.mark.slow, pytest.mark.timeout(900)]),
]
"""How many, and among how many other messages: so many that not all vectors are compared."""


@pytest.fixture
async def ports(tmp_path):
    """Run two servers on one database."""
    servers = Servers(tmp_path, "postgres")
    servers.options = ["--no-search-neighbours"]  # a message ranks by itself, whoever spoke beside
    try:
        yield [(await servers.start()).port for _ in range(2)], servers
    finally:
        await servers.kill_all()


@pytest.fixture
async def pair(ports):
    """Open a connection to each server, with the key of the first project, and make dialogues."""
    async with AsyncExitStack() as opened:
        connections = [Connection(port, ports[1].key) for port in ports[0]]
        both = [await opened.enter_async_context(each) for each in connections]
        for namespace in NAMESPACES:
            made = {"id": "d", "namespace": namespace}
            assert (await both[0].ask("POST", "/dialogue", made))[0] == 200
        yield both


def text_of(chance):
    """Make up a message whose words no other has."""
    return " ".join(chance.sample(WORDS, LENGTH))


def new(chance):
    return {"role": "user", "content": text_of(chance), "namespace": chance.choice(NAMESPACES)}


async def write(port, key, number, over):
    """Say something all the time."""
    chance = random.Random(number)
    async with Connection(port, key) as connection:
        while not over.is_set():
            status, answer = await connection.ask("POST", "/dialogue/d/messages", new(chance))
            assert status == 200, answer


async def fill(pair, count):
    chance = random.Random("old")
    for number in range(0, count, BATCH):
        messages = [{"role": "user", "content": text_of(chance)} for _ in range(BATCH)]
        connection = pair[number // BATCH % 2]  # neither becomes so idle that it is closed
        status, answer = await connection.ask("POST", "/dialogue", {"messages": messages})
        assert status == 200, answer


class Trial:
    """Stores through one server, searches through the other, and may delete through any."""

    def __init__(self, pair, chance):
        self.pair = pair
        self.chance = chance
        self.deleted = []

    async def run(self):
        teller, finder = self.chance.sample(self.pair, 2)
        body = new(self.chance)
        status, stored = await teller.ask("POST", "/dialogue/d/messages", body)
        assert status == 200, stored
        query = self.query_for(body)
        assert stored["id"] in await found(finder, query), (query, stored)
        if self.chance.random() < 1 / 2:
            teller, finder = self.chance.sample(self.pair, 2)
            path = f"/dialogue/d/message/{stored['id']}?namespace={body['namespace']}"
            status, answer = await teller.ask("DELETE", path)
            assert status == 200, answer
            self.deleted.append((stored["id"], query))
            assert stored["id"] not in await found(finder, query), (query, stored)
        if self.deleted:
            gone, query = self.chance.choice(self.deleted)
            assert gone not in await found(self.chance.choice(self.pair), query), (query, gone)

    def query_for(self, body):
        """Ask for the same words, which mean the same in any order."""
        words = body["content"].split()
        self.chance.shuffle(words)
        query = {"query": " ".join(words), "object": "message", "mode": self.chance.choice(MODES)}
        return query | ({"namespace": body["namespace"]} if self.chance.random() < 1 / 2 else {})


async def found(connection, query):
    status, answer = await connection.ask("POST", "/search", query)
    assert status == 200, answer
    return [item["id"] for item in answer["items"]]


@pytest.mark.parametrize(("trials", "others"), TRIALS)
async def test_what_one_server_stored_the_other_finds_till_it_is_deleted(
    trials, others, ports, pair
):
    await fill(pair, others)
    trial, over = Trial(pair, random.Random(trials)), asyncio.Event()
    async with asyncio.TaskGroup() as writing:
        for number in range(WRITERS):
            writing.create_task(write(ports[0][number % 2], ports[1].key, number, over))
        try:
            for _ in range(trials):
                await trial.run()
        finally:
            over.set()
    assert trial.deleted
