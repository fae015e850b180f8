"""The file and its log, copied at any time: opened elsewhere, no acknowledged message is missing.

The server stands still while it is copied, as at a crash.
"""

import asyncio
import random
import shutil
import signal

import pytest

from tests.crash.journal import make_dialogues
from tests.crash.servers import Servers
from tests.crash.wire import until
from tests.hostile.writing import Written

pytestmark = pytest.mark.anyio

WRITERS = 6
COPIES = [1, pytest.param(30, marks=[pytest.mark.slow, pytest.mark.timeout(3_600)])]
DATABASE = "dialoguedb.sqlite3"
LEFT_OUT = ("dialoguedb.sqlite3-shm",)


def copied_as_it_stands(server, data, to):
    """Copy the data of a server that stands still meanwhile; it never learns of it."""
    server.process.send_signal(signal.SIGSTOP)
    try:
        shutil.copytree(data, to, ignore=shutil.ignore_patterns(*LEFT_OUT))
    finally:
        server.process.send_signal(signal.SIGCONT)


async def copied_while_written(written, server, servers, to):
    """Copy the data while it is written at random; returns what was acknowledged by then.

    The writers rest while a copy is checked, or the data would grow faster than it is compared.
    """
    ended = asyncio.Event()
    writers = [written.write(server.port, servers.key, ended) for _ in range(WRITERS)]
    tasks = [asyncio.create_task(writer) for writer in writers]
    enough = len(written.acknowledged) + random.randrange(20, 60)
    await until(lambda: len(written.acknowledged) > enough)
    acknowledged = dict(written.acknowledged)
    copied_as_it_stands(server, servers.data, to)
    ended.set()
    await asyncio.gather(*tasks)
    return acknowledged


async def check_copy(servers, data, acknowledged):
    """Open a copy: what was acknowledged by then is there."""
    elsewhere = Servers(servers.room, data=data)
    elsewhere.key = servers.key
    server = await elsewhere.start()
    known = Written(acknowledged=acknowledged)
    await known.check_acknowledged(server.port, servers.key)
    await server.stop()
    assert await elsewhere.run("check") == (0, f"Nothing wrong with {data}\n")


@pytest.mark.parametrize("count", COPIES)
async def test_a_copy_of_any_time_holds_what_was_acknowledged(count, servers, tmp_path):
    written = Written()
    server = await servers.start()
    await make_dialogues(server.port, servers.key)
    for number in range(count):
        copy = tmp_path / f"copy-{number}"
        acknowledged = await copied_while_written(written, server, servers, copy)
        await check_copy(servers, copy, acknowledged)
        shutil.rmtree(copy)
    await written.check(server.port, servers.key)
    await server.stop()
