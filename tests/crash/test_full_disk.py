"""A full disk: writes are refused, reads go on, and all is well when there is space again."""

import asyncio
import os
import resource
import subprocess
import sys

import pytest

from tests.crash.journal import make_dialogues
from tests.crash.wire import Connection

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.needs("files"),
    pytest.mark.skipif(sys.platform != "linux", reason="needs prlimit or a mount"),
]

UNLIMITED = resource.RLIM_INFINITY
FILLED_BYTES = 8 * 1024 * 1024
TEXT = "x" * 20_000
ATTEMPTS_MAX = 2_000


class Limited:
    """A disk that is full for one server: its files may grow no more."""

    def __init__(self, room):
        self.data = room / "data"
        self.process = 0

    def watch(self, process):
        self.process = process

    def fill(self):
        largest = max(one.stat().st_size for one in self.data.iterdir())
        limit = (largest + FILLED_BYTES, UNLIMITED)
        resource.prlimit(self.process, resource.RLIMIT_FSIZE, limit)

    def free(self):
        resource.prlimit(self.process, resource.RLIMIT_FSIZE, (UNLIMITED, UNLIMITED))


class Mounted:
    """A disk of 16 MiB that is full because something else fills it."""

    def __init__(self, mount):
        self.data = mount / "data"
        self._filler = mount / "filler"

    def watch(self, process):
        pass

    def fill(self):
        with self._filler.open("wb", buffering=0) as filler:
            left = os.statvfs(self._filler).f_bavail * os.statvfs(self._filler).f_bsize
            filler.write(b"x" * (left - FILLED_BYTES // 4))

    def free(self):
        self._filler.unlink()


@pytest.fixture
def mounted(tmp_path):
    """Mount a small disk, where that is permitted."""
    directory = tmp_path / "disk"
    directory.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=16m", "none", directory]
    if os.geteuid() != 0 or subprocess.run(words, check=False, capture_output=True).returncode:
        pytest.skip("mounting is not permitted here")
    yield Mounted(directory)
    subprocess.run(["umount", directory], check=True)


@pytest.fixture(params=["limited", "mounted"])
def disk(request, tmp_path):
    """Return a disk that can be filled and freed."""
    return request.getfixturevalue("mounted") if request.param == "mounted" else Limited(tmp_path)


async def write_until_refused(connection):
    """Append until the disk is full; returns what was stored, and the first refusal."""
    stored: list[str] = []
    for _ in range(ATTEMPTS_MAX):
        body = {"role": "user", "content": TEXT}
        status, answer = await connection.ask("POST", "/dialogue/d0/messages", body)
        if status != 200:
            return stored, status, answer
        stored.append(answer["id"])
    raise AssertionError("the disk took everything")


async def read_ids(connection):
    """Read the ids of all messages."""
    ids, path = [], "/dialogue/d0/messages?limit=100"
    while True:
        status, page = await connection.ask("GET", path)
        assert status == 200, page
        ids += [one["id"] for one in page["items"]]
        if page["next"] is None:
            return ids
        path = f"/dialogue/d0/messages?limit=100&next={page['next']}"


async def until_not_ready(connection):
    """Ask whether a small write would go through until the last page of the disk is used up."""
    for _ in range(ATTEMPTS_MAX):
        status, answer = await connection.ask("GET", "/ready")
        if status != 200:
            assert status == 503, answer
            return
    raise AssertionError("the disk took everything")


class TestFullDisk:
    async def test_writes_are_refused_reads_go_on_and_space_heals(self, disk, servers):
        servers.data = disk.data
        server = await servers.start()
        disk.watch(server.process.pid)
        await make_dialogues(server.port, servers.key)
        async with Connection(server.port, servers.key) as connection:
            disk.fill()
            stored, status, refusal = await write_until_refused(connection)
            assert (status, refusal["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
            assert int(connection.headers["retry-after"]) > 0
            assert len(stored) > 10
            assert await read_ids(connection) == stored
            assert (await connection.ask("GET", "/health"))[0] == 200
            await until_not_ready(connection)
            query = {"object": "message", "query": TEXT[:10], "mode": "semantic"}
            status, answer = await connection.ask("POST", "/search", query)
            assert status == 200, answer
            assert len(answer["items"]) == 10
            disk.free()
            assert (await connection.ask("GET", "/ready"))[0] == 200
            body = {"role": "user", "content": TEXT}
            status, answer = await connection.ask("POST", "/dialogue/d0/messages", body)
            assert status == 200, answer
            assert await read_ids(connection) == [*stored, answer["id"]]
        await server.stop()
        assert (await servers.run("check"))[0] == 0

    async def test_under_many_writers_nothing_acknowledged_is_lost(self, disk, servers):
        servers.data = disk.data
        server = await servers.start()
        disk.watch(server.process.pid)
        await make_dialogues(server.port, servers.key)
        disk.fill()
        stored: list[str] = []

        async def write():
            async with Connection(server.port, servers.key) as connection:
                mine, status, refusal = await write_until_refused(connection)
                assert (status, refusal["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
                stored.extend(mine)

        await asyncio.gather(*(write() for _ in range(8)))
        async with Connection(server.port, servers.key) as connection:
            assert sorted(await read_ids(connection)) == sorted(stored)
        disk.free()
        await server.kill()
        again = await servers.start()
        async with Connection(again.port, servers.key) as connection:
            assert sorted(await read_ids(connection)) == sorted(stored)
            assert (await connection.ask("GET", "/ready"))[0] == 200
        await again.stop()
        assert (await servers.run("check"))[0] == 0

    async def test_a_server_killed_on_a_full_disk_starts_and_reads(self, mounted, servers):
        servers.data = mounted.data
        server = await servers.start()
        await make_dialogues(server.port, servers.key)
        mounted.fill()
        async with Connection(server.port, servers.key) as connection:
            stored, _, _ = await write_until_refused(connection)
        await server.kill()
        again = await servers.start()
        async with Connection(again.port, servers.key) as connection:
            assert await read_ids(connection) == stored
        await again.stop()
        mounted.free()
        assert (await servers.run("check"))[0] == 0
