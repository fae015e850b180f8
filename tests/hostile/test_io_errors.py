"""The system refuses reads, writes and syncs: writes are refused, nothing acknowledged is lost."""

import asyncio
import errno
import random
from contextlib import closing, contextmanager

import apsw
import pytest

from dialoguedb.store.sqlite.connection import files
from dialoguedb.store.sqlite.encryption.unlocking import unlock
from tests.crash.journal import make_dialogues
from tests.crash.wire import Connection, until
from tests.hostile.io_errors import EVER, Call, IOErrors, Refusal
from tests.hostile.libraries import AVAILABLE
from tests.hostile.writing import UNAVAILABLE, Written

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not AVAILABLE, reason="needs Linux and a C compiler"),
]

WRITERS = 6
ERROR_SECONDS_MAX = 60
LOG, DATABASE, INDEX = "-wal", ".sqlite3", "-shm"
WHILE_WRITING = [
    Refusal(Call.WRITE, errno.ENOSPC, LOG),
    Refusal(Call.WRITE, errno.EIO, LOG),
    Refusal(Call.WRITE, 0, LOG),
    Refusal(Call.SYNC, errno.EIO, LOG),
    Refusal(Call.WRITE, errno.EIO, DATABASE),
    Refusal(Call.WRITE, errno.ENOSPC, DATABASE),
    Refusal(Call.SYNC, errno.EIO, DATABASE),
    Refusal(Call.READ, errno.EIO, LOG),
    Refusal(Call.WRITE, errno.ENOSPC, ""),
    Refusal(Call.SYNC, errno.EIO, ""),
]
WHILE_STARTING = [
    Refusal(Call.READ, errno.EIO, DATABASE),
    Refusal(Call.READ, errno.EIO, LOG),
    Refusal(Call.MAP, errno.ENOMEM, INDEX),
    Refusal(Call.WRITE, errno.ENOSPC, LOG),
    Refusal(Call.SYNC, errno.EIO, ""),
]
IN_SUITE = {WHILE_WRITING[0], WHILE_WRITING[3], *WHILE_STARTING[:2]}
ROUNDS = 8


def rounds(io_errors):
    """Try some io_errors once in the suite, and all of them again and again in the campaign."""
    slow = [pytest.mark.slow, pytest.mark.timeout(1_800)]
    tried = []
    for error in io_errors:
        name = str(error)
        if error in IN_SUITE:
            tried.append(pytest.param(1, error, id=name))
        tried.append(pytest.param(ROUNDS, error, marks=slow, id=f"{name}, again and again"))
    return tried


@pytest.fixture
def io_errors(servers):
    """Let calls of the servers fail on demand."""
    io_errors = IOErrors(servers.room, servers.data)
    servers.environment = io_errors.environment
    return io_errors


async def suffer(server, servers, io_errors, written, error):
    """Write while calls fail, for a while."""
    ended = asyncio.Event()
    tasks = [
        asyncio.create_task(written.write(server.port, servers.key, ended)) for _ in range(WRITERS)
    ]
    enough = len(written.acknowledged) + 10
    await until(lambda: len(written.acknowledged) > enough or any(one.done() for one in tasks))
    times = random.choice([1, 3, EVER])
    io_errors.begin(error, after=random.randrange(20), times=times)
    await until(lambda: io_errors.failed or all(one.done() for one in tasks), ERROR_SECONDS_MAX)
    await asyncio.sleep(random.uniform(0, 0.3))  # the time of the error, not a wait
    io_errors.end()
    ended.set()
    await asyncio.gather(*tasks)


async def heals(server, servers):
    """Check that a write goes through again."""
    async with Connection(server.port, servers.key) as connection, asyncio.timeout(60):
        while (await connection.ask("GET", "/ready"))[0] == UNAVAILABLE:  # noqa: ASYNC110
            await asyncio.sleep(0.1)  # the server tries again at intervals
        body = {"role": "user", "content": "healed"}
        status, made = await connection.ask("POST", "/dialogue", {"message": body})
        assert status == 200, made


@pytest.mark.parametrize(("count", "error"), rounds(WHILE_WRITING))
async def test_nothing_acknowledged_is_lost(count, error, io_errors, servers):
    written = Written()
    server = await servers.start()
    await make_dialogues(server.port, servers.key)
    for number in range(count):
        await suffer(server, servers, io_errors, written, error)
        await heals(server, servers)
        await written.check(server.port, servers.key)
        if number % 2:
            await server.kill()
            server = await servers.start()
            await written.check(server.port, servers.key)
    await server.kill()
    await check_without_errors(servers, written)


@pytest.mark.parametrize(("count", "error"), rounds(WHILE_STARTING))
async def test_a_server_that_starts_meanwhile_refuses_or_serves(count, error, io_errors, servers):
    written = Written()
    server = await servers.start()
    await make_dialogues(server.port, servers.key)
    for number in range(count):
        with kept_log(servers.data):
            await write_some(server, servers, written)
            await server.kill()
        io_errors.begin(error, after=number * 3)
        started = await start_or_not(servers)
        if started is not None:
            await work_or_be_refused(started, servers, written)
        assert io_errors.failed or number, "no call has failed"
        io_errors.end()
        if started is not None:
            await heals(started, servers)
            await started.kill()
        server = await servers.start()
        await written.check(server.port, servers.key)
    await server.kill()
    await check_without_errors(servers, written)


async def test_a_log_of_encrypted_data_that_cannot_be_read_is_kept(io_errors, servers):
    written = Written()
    key = servers.room / "encryption.key"
    key.write_text("5a" * 32)
    key.chmod(0o600)
    servers.environment |= {"DIALOGUEDB_ENCRYPTION_KEY_FILE": str(key)}
    server = await servers.start()
    assert (servers.data / "encryption.json").exists()
    await make_dialogues(server.port, servers.key)
    with kept_log(servers.data, lambda: bytes.fromhex(key.read_text())):
        await write_some(server, servers, written)
        await server.kill()
    io_errors.begin(Refusal(Call.READ, errno.EIO, LOG))
    assert await start_or_not(servers) is None
    assert io_errors.failed
    io_errors.end()
    server = await servers.start()
    await written.check(server.port, servers.key)
    await server.stop()


@contextmanager
def kept_log(data, key=None):
    """Read from the log all the while, so that a start has one to read, and not an empty one."""
    path = data / files.FILE
    with closing(files.connect_reader(path, unlock(path, key))) as reader:
        reader.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        reader.execute("BEGIN; SELECT count(*) FROM messages")
        yield


async def write_some(server, servers, written):
    """Have some messages acknowledged."""
    ended = asyncio.Event()
    task = asyncio.create_task(written.write(server.port, servers.key, ended))
    enough = len(written.acknowledged) + 20
    await until(lambda: len(written.acknowledged) > enough or task.done())
    ended.set()
    await task


async def start_or_not(servers):
    """Start a server; returns None where it says why it does not start."""
    try:
        return await servers.start()
    except AssertionError as refusal:
        if "Traceback" in str(refusal):
            raise
        return None


async def work_or_be_refused(server, servers, written):
    """Read some of what was acknowledged, and append: each is done, or cannot be done now."""
    async with Connection(server.port, servers.key) as connection:
        for name, stored in list(written.acknowledged.items())[-50:]:
            path = f"/dialogue/{stored['dialogueId']}/message/{name}"
            status, answer = await connection.ask("GET", path)
            assert (status, answer) == (200, stored) or status == UNAVAILABLE, (status, answer)
        await written.append(connection)


async def check_without_errors(servers, written):
    """Check the data with a server whose calls never fail, and then as it lies."""
    servers.environment = {}
    server = await servers.start()
    await written.check(server.port, servers.key)
    await server.stop()
    assert await servers.run("check") == (0, f"Nothing wrong with {servers.data}\n")
