"""Servers killed at random moments under many writers: what was acknowledged is there, once."""

import asyncio
import random

import pytest

from tests.crash.journal import Journal, make_dialogues
from tests.crash.servers import Servers

pytestmark = pytest.mark.anyio

WRITERS = 32
LOAD_SECONDS = (0.1, 1.2)
ROUNDS = [3, pytest.param(25, marks=[pytest.mark.slow, pytest.mark.timeout(1_800)])]
MESSAGES_PER_ROUND_MIN = 20


async def write_until_killed(doomed, journal, key, seconds):
    """Let the writers write to some servers, killed one after another in that many seconds."""
    never = asyncio.Event()
    count = WRITERS // len(doomed)
    writers = [journal.new_writer(one.port, key) for one in doomed for _ in range(count)]
    tasks = [asyncio.create_task(writer.write(never)) for writer in writers]
    for server in doomed:
        await asyncio.sleep(seconds / len(doomed))  # the moment of the crash, not a wait
        await server.kill()
    await asyncio.gather(*tasks)


async def check_all(servers: Servers, journal):
    """Check the data with a fresh server, and then as it lies."""
    server = await servers.start()
    await journal.retry(server.port, servers.key)
    await journal.check(server.port, servers.key)
    await server.stop()
    assert await servers.run("check") == (0, f"Nothing wrong with {servers.data}\n")


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("count", [1, 4], ids=["one server", "four servers"])
async def test_what_was_acknowledged_survives_the_kill_exactly_once(count, rounds, servers):
    journal = Journal()
    first = await servers.start()
    await make_dialogues(first.port, servers.key)
    await first.stop()
    for _ in range(rounds):
        before = journal.acknowledged
        running = await asyncio.gather(*(servers.start() for _ in range(count)))
        seconds = random.uniform(*LOAD_SECONDS)
        await write_until_killed(running, journal, servers.key, seconds)
        assert journal.acknowledged - before > MESSAGES_PER_ROUND_MIN
        await check_all(servers, journal)
