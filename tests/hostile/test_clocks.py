"""The clock of the machine jumps: order, keys, retries and summaries do not depend on it."""

import asyncio
import random
from pathlib import Path

import pytest

from tests.crash.journal import make_dialogues
from tests.crash.wire import Connection, until
from tests.hostile import libraries
from tests.hostile.writing import Written, everything

pytestmark = pytest.mark.anyio

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
JUMPS = ["-3d", "+2h", "+400d", "-10y", "+0"]
ROUNDS = [1, pytest.param(25, marks=[pytest.mark.slow, pytest.mark.timeout(1_800)])]


class Clock:
    """The clock of servers started with its environment."""

    def __init__(self, room):
        self._file = room / "clock"
        self.jump("+0")
        preloaded = (libraries.built("own_sleeps.c", room), LIBRARIES[0])
        self.environment = {
            "LD_PRELOAD": ":".join(map(str, preloaded)),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def jump(self, to):
        """Set it, as an offset to the right time, in one step: each call of the time reads it."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{to}\n")
        new.replace(self._file)


@pytest.fixture
def clock(servers):
    """Let the clock of servers jump on demand."""
    if not (LIBRARIES and libraries.AVAILABLE):
        pytest.skip("needs libfaketime and a C compiler")
    clock = Clock(servers.room)
    servers.environment = clock.environment
    return clock


async def created_now(connection):
    """Return when a message of a new dialogue says it was created."""
    message = {"role": "user", "content": "now"}
    status, made = await connection.ask("POST", "/dialogue", {"message": message})
    assert status == 200, made
    return made["created"]


async def order_is_kept(connection):
    """Check that no message was created before those that arrived before it."""
    by_dialogue: dict[str, list[tuple[int, str]]] = {}
    for one in (await everything(connection)).values():
        by_dialogue.setdefault(one["dialogueId"], []).append((one["seq"], one["created"]))
    assert by_dialogue
    for found in by_dialogue.values():
        created = [at for _, at in sorted(found)]
        assert created == sorted(created)


@pytest.mark.slow
async def test_the_clock_that_jumps_is_the_one_servers_go_by(clock, servers):
    server = await servers.start()
    async with Connection(server.port, servers.key) as connection:
        before = await created_now(connection)
        clock.jump("+400d")
        assert int((await created_now(connection))[:4]) > int(before[:4])
        clock.jump("-10y")
        assert await created_now(connection) < before
    await server.stop()


@pytest.mark.parametrize("rounds", ROUNDS)
async def test_nothing_depends_on_it(rounds, clock, servers):
    written, ended = Written(), asyncio.Event()
    server = await servers.start()
    await make_dialogues(server.port, servers.key)
    tasks = [asyncio.create_task(written.write(server.port, servers.key, ended)) for _ in range(4)]
    for number in range(rounds):
        enough = len(written.acknowledged) + random.randrange(10, 40)
        await until(lambda: len(written.acknowledged) > enough)  # noqa: B023 - waited for here
        clock.jump(JUMPS[number % len(JUMPS)])
    enough = len(written.acknowledged) + 20
    await until(lambda: len(written.acknowledged) > enough)
    ended.set()
    await asyncio.gather(*tasks)
    await server.kill()
    clock.jump("-1d")
    server = await servers.start()
    await written.check(server.port, servers.key)
    async with Connection(server.port, servers.key) as connection:
        await order_is_kept(connection)
    await server.stop()
    assert await servers.run("check") == (0, f"Nothing wrong with {servers.data}\n")
