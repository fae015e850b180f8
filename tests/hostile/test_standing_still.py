"""One of two servers stands still, in the middle of whatever it does: the other goes on."""

import asyncio
import random
import signal

import pytest

from tests.crash.journal import make_dialogues
from tests.crash.wire import Connection, until
from tests.hostile.writing import Written

pytestmark = pytest.mark.anyio

WRITERS = 4
STILL_SECONDS = (0.2, 1.5)
ANSWER_SECONDS_MAX = 60
ROUNDS = [1, pytest.param(25, marks=[pytest.mark.slow, pytest.mark.timeout(1_800)])]


async def still_answers(server, servers, written):
    """Read from the other server; one that stands still may hold up those who write."""
    name, stored = random.choice(list(written.acknowledged.items()))
    async with (
        Connection(server.port, servers.key) as connection,
        asyncio.timeout(ANSWER_SECONDS_MAX),
    ):
        path = f"/dialogue/{stored['dialogueId']}/message/{name}"
        assert await connection.ask("GET", path) == (200, stored)
        assert (await connection.ask("GET", "/health"))[0] == 200


@pytest.mark.parametrize("rounds", ROUNDS)
async def test_readers_go_on_and_nothing_is_lost(rounds, servers):
    written, ended = Written(), asyncio.Event()
    first = await servers.start()
    await make_dialogues(first.port, servers.key)
    pair = [first, await servers.start()]
    tasks = [
        asyncio.create_task(written.write(one.port, servers.key, ended))
        for one in pair
        for _ in range(WRITERS)
    ]
    for number in range(rounds):
        enough = len(written.acknowledged) + random.randrange(10, 50)
        await until(lambda: len(written.acknowledged) > enough)  # noqa: B023 - waited for here
        stopped, other = pair if number % 2 else pair[::-1]
        stopped.process.send_signal(signal.SIGSTOP)
        await asyncio.gather(
            still_answers(other, servers, written),
            asyncio.sleep(random.uniform(*STILL_SECONDS)),  # the time it stands still, not a wait
        )
        stopped.process.send_signal(signal.SIGCONT)
    ended.set()
    await asyncio.gather(*tasks)
    for server in pair:
        await written.check(server.port, servers.key)
    for server in pair:
        await server.stop()
    assert await servers.run("check") == (0, f"Nothing wrong with {servers.data}\n")
