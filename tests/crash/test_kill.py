"""Servers killed at random times under many writers: what was acknowledged is there, once."""

import asyncio
import json
import random

import pytest

from tests.crash.journal import Journal, make_dialogues, read_all
from tests.crash.servers import Servers
from tests.crash.wire import CUT, Connection, until

pytestmark = pytest.mark.anyio

WRITERS = 32
LOAD_SECONDS = (0.01, 1.2)
ROUNDS = [3, pytest.param(25, marks=[pytest.mark.slow, pytest.mark.timeout(1_800)])]
MESSAGES_PER_ROUND_MIN = 20


async def write_until_killed(victims, journal, key, seconds):
    """Let the writers write to some servers, killed one after another in that many seconds."""
    never = asyncio.Event()
    count = WRITERS // len(victims)
    writers = [journal.new_writer(one.port, key) for one in victims for _ in range(count)]
    tasks = [asyncio.create_task(writer.write(never)) for writer in writers]
    enough = journal.acknowledged + MESSAGES_PER_ROUND_MIN
    await until(lambda: journal.acknowledged > enough or any(task.done() for task in tasks))
    for server in victims:
        await asyncio.sleep(seconds / len(victims))  # the time of the crash, not a wait
        await server.kill()
    await asyncio.gather(*tasks)


async def check_all(servers: Servers, journal):
    """Check the data with a fresh server, and then as it lies."""
    server = await servers.start()
    await journal.retry(server.port, servers.key)
    await journal.check(server.port, servers.key)
    await server.stop()
    assert await servers.run("check") == (0, f"Nothing wrong with {servers.address}\n")


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("count", [1, 4], ids=["one server", "four servers"])
async def test_what_was_acknowledged_survives_the_kill_exactly_once(count, rounds, servers):
    journal = Journal()
    first = await servers.start()
    await make_dialogues(first.port, servers.key)
    await first.stop()
    for _ in range(rounds):
        running = await asyncio.gather(*(servers.start() for _ in range(count)))
        seconds = random.uniform(*LOAD_SECONDS)
        await write_until_killed(running, journal, servers.key, seconds)
        await check_all(servers, journal)


LARGE = 1_000


async def make_tree(connection):
    """Make a dialogue with threads, all full of messages."""
    batch = [{"role": "user", "content": "x" * 100, "tags": ["t"]} for _ in range(LARGE)]
    for name, parent in [("root", None), ("left", "root"), ("right", "root"), ("leaf", "left")]:
        body = {"id": name, "threadOf": parent, "messages": batch, "tags": ["t"]}
        status, answer = await connection.ask("POST", "/dialogue", body)
        assert status == 200, answer


async def shown_counts(connection):
    """Return how many messages each dialogue of the tree says it has."""
    status, page = await connection.ask("GET", "/dialogue")
    assert status == 200, page
    return {one["id"]: one["totalMessages"] for one in page["items"]}


async def cut_off(connection, server, seconds):
    """Kill the server that many seconds after a request was sent; returns whether it answered."""
    answer = asyncio.ensure_future(connection.answer())
    await asyncio.wait([answer], timeout=seconds)
    await server.kill()
    try:
        return (await answer)[0] == 200
    except CUT:
        return False


@pytest.mark.parametrize("seconds", [0.001, 0.01, 0.03])
async def test_a_cascade_is_done_whole_or_not_at_all(seconds, servers):
    server = await servers.start()
    async with Connection(server.port, servers.key) as connection:
        await make_tree(connection)
        connection.send("DELETE", "/dialogue/root", b"")
        answered = await cut_off(connection, server, seconds)
    server = await servers.start()
    async with Connection(server.port, servers.key) as connection:
        left = await shown_counts(connection)
    assert left in ({}, dict.fromkeys(["root", "left", "right", "leaf"], LARGE))
    assert not (answered and left)
    await server.stop()
    assert (await servers.run("check"))[0] == 0


@pytest.mark.parametrize("seconds", [0.001, 0.01, 0.03])
async def test_a_large_batch_is_stored_whole_or_not_at_all(seconds, servers):
    server = await servers.start()
    batch = [{"role": "user", "content": f"{n}", "tags": ["t"]} for n in range(LARGE)]
    async with Connection(server.port, servers.key) as connection:
        assert (await connection.ask("POST", "/dialogue", {"id": "d"}))[0] == 200
        connection.send("POST", "/dialogue/d/messages", json.dumps(batch).encode())
        answered = await cut_off(connection, server, seconds)
    server = await servers.start()
    async with Connection(server.port, servers.key) as connection:
        assert (await shown_counts(connection))["d"] == len(await read_all(connection, "d"))
        stored = len(await read_all(connection, "d"))
    assert stored in {0, LARGE}
    assert stored or not answered
    await server.stop()
    assert (await servers.run("check"))[0] == 0


async def test_a_server_killed_while_it_starts_starts_the_next_time(servers):
    for seconds in [0.15, 0.3, 0.45, 0.6]:
        process, _ = await servers.begin()
        await asyncio.sleep(seconds)  # the time of the crash, not a wait
        if process.returncode is None:
            process.kill()
        await process.wait()
    server = await servers.start()
    await server.stop()
    assert (await servers.run("check"))[0] == 0
    _, output = await servers.run("projects", "list")
    assert output.count("default") == 1
