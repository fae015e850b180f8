"""Killed while keys are revoked, projects deleted and indexes purged: wholly, or not yet."""

import asyncio
import random
import subprocess
import sys

import pytest

from dialoguedb.store.sqlite import SQLiteStore
from dialoguedb.store.sqlite.connection import files
from dialoguedb.store.sqlite.maintenance.check import check
from dialoguedb.store.sqlite.search_index.purging import left_over
from tests.contract.making import Tenant, World, message, over
from tests.contract.searching import found
from tests.crash.wire import CUT, Connection
from tests.http.server import quiet_environment

pytestmark = pytest.mark.anyio

ROUNDS = [2, pytest.param(20, marks=[pytest.mark.slow, pytest.mark.timeout(1_800)])]
KEYS = 40
MESSAGES = 1_000
WORDS = 300
PURGED_SECONDS_MAX = 60
UNAUTHORIZED = 401


async def new_keys(connection, count):
    """Make keys; returns their secrets by id."""
    made = [await connection.ask("POST", "/admin/keys", {"name": f"{n}"}) for n in range(count)]
    return {key["id"]: key["key"] for _, key in made}


async def revoke(connection, keys, revoked):
    """Revoke one key after another until the server is gone."""
    try:
        for name in keys:
            status, answer = await connection.ask("DELETE", f"/admin/keys/{name}")
            assert status == 200, answer
            revoked.append(name)
    except CUT:
        pass


@pytest.mark.parametrize("rounds", ROUNDS)
async def test_a_revocation_that_was_acknowledged_holds(rounds, servers):
    server = await servers.start()
    for _ in range(rounds):
        revoked: list[str] = []
        async with Connection(server.port, servers.key) as connection:
            keys = await new_keys(connection, KEYS)
            task = asyncio.create_task(revoke(connection, keys, revoked))
            await asyncio.sleep(random.uniform(0.02, 0.2))  # the time of the crash, not a wait
            await server.kill()
            await task
        server = await servers.start()
        refused = set()
        for name, secret in keys.items():
            async with Connection(server.port, secret) as connection:
                status, _ = await connection.ask("GET", "/dialogue")
                assert status in {200, UNAUTHORIZED}
                if status == UNAUTHORIZED:
                    refused.add(name)
        assert set(revoked) <= refused
        assert len(refused) <= len(revoked) + 1, "one is refused that nobody asked to revoke"
        async with Connection(server.port, servers.key) as connection:
            for name in refused:
                assert "revoked" in (await connection.ask("GET", f"/admin/keys/{name}"))[1]
    await server.stop()
    assert await servers.run("check") == (0, f"Nothing wrong with {servers.data}\n")


@pytest.mark.parametrize("rounds", ROUNDS)
async def test_a_project_is_deleted_wholly_or_not_at_all(rounds, servers):
    server = await servers.start()
    _, output = await servers.run("keys", "create", "--operator", "--quiet")
    operator = output.split()[-1]
    for number in range(rounds):
        async with Connection(server.port, operator) as connection:
            status, made = await connection.ask("POST", "/admin/projects", {"name": f"p{number}"})
            assert status == 200, made
        batch = [{"role": "user", "content": f"harbour {n}"} for n in range(MESSAGES)]
        async with Connection(server.port, made["key"]) as connection:
            status, answer = await connection.ask("POST", "/dialogue", {"messages": batch})
            assert status == 200, answer
        async with Connection(server.port, operator) as connection:
            connection.send("DELETE", f"/admin/projects/{made['id']}", b"")
            await asyncio.sleep(random.uniform(0, 0.1))  # the time of the crash, not a wait
            await server.kill()
        server = await servers.start()
        async with Connection(server.port, made["key"]) as connection:
            status, page = await connection.ask("GET", "/dialogue")
            if status != UNAUTHORIZED:
                assert [one["totalMessages"] for one in page["items"]] == [MESSAGES]
    await server.stop()
    assert await servers.run("check") == (0, f"Nothing wrong with {servers.data}\n")


def purge_until(directory, seconds):
    """Purge in a process of its own, killed after that many seconds; returns whether it ended."""
    words = [sys.executable, "-m", "tests.hostile.purging", str(directory)]
    with subprocess.Popen(
        words, env=quiet_environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "begins\n"
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
        return process.wait() == 0


async def with_deleted_words(data):
    """Index messages, and delete one."""
    store = await SQLiteStore.open(data)
    me = await World(store).tenant()
    await me.new("d", messages=[message(f"lighthouse{n} harbour", id=f"{n}") for n in range(WORDS)])
    await store.index.catch_up()
    await me.delete_message("1")
    await store.close()


async def check_purged(data):
    """Check that words of the others are found, and that nothing is left of the deleted one."""
    store = await SQLiteStore.open(data)
    me = Tenant(*over(store), await over(store)[0].projects.get("project-1"), store)
    assert await found(me, "lighthouse2", mode="keyword") == ["2"]
    assert await found(me, "lighthouse1", mode="keyword") == []
    await store.close()
    with files.connect(data / files.FILE) as db:
        assert left_over(db) == []
    assert check(data) == []


@pytest.mark.parametrize("rounds", ROUNDS)
async def test_a_purge_that_is_killed_ends_the_next_time(rounds, tmp_path):
    for number in range(rounds):
        data = tmp_path / f"{number}"
        await with_deleted_words(data)
        with files.connect(data / files.FILE) as db:
            assert left_over(db), "there is nothing to purge"
        purge_until(data, random.uniform(0, 0.05))
        assert check(data) == []
        assert purge_until(data, PURGED_SECONDS_MAX)
        await check_purged(data)
