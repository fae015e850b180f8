"""What the guide to PostgreSQL tells administrators to run does what it says."""

import re
import shutil
import subprocess
import time
from pathlib import Path
from uuid import uuid4

import pytest

from dialoguedb.store.postgres import PostgresStore
from dialoguedb.store.postgres.engine import PostgresEngine
from tests.contract.making import World, message
from tests.databases.engines import databases_of
from tests.databases.postgres import PostgresServer, as_somebody, running
from tests.databases.statements import execute, rows

pytestmark = pytest.mark.anyio

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "run-on-postgresql.md"
BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
SETTING = re.compile(r"^(\w+) = '?(.*?)'?$", re.MULTILINE)
WAIT_SECONDS_MAX = 60


def blocks(language):
    """Return the blocks of the guide in a language."""
    return [text for of, text in BLOCK.findall(GUIDE.read_text()) if of == language]


def settings(name, directory):
    """Return the settings of the block that has one of this name, with what is in a directory."""
    [block] = [text for text in blocks("") if f"{name} = " in text]
    return {key: value.replace("/backup", str(directory)) for key, value in SETTING.findall(block)}


def run(server, program, *arguments, **somebody):
    """Run a program of PostgreSQL's."""
    command = [str(server.programs / program), *arguments]
    done = subprocess.run(command, capture_output=True, check=False, cwd="/", text=True, **somebody)
    assert done.returncode == 0, done.stderr


async def make_something(url):
    """Store a little of everything."""
    store = await PostgresStore.open(url)
    me = await World(store).tenant()
    await me.new("d", tags=("t",), messages=[message("a", id="a")])
    await me.new("thread", thread_of="d")
    await me.remember("v", id="m")
    await me.summarize()
    return store, me


async def contents(url):
    """Return all contents of messages, as a database has them."""
    return [row[0] for row in await rows(url, "SELECT content FROM messages ORDER BY seq")]


async def test_its_roles_are_enough_for_servers_and_for_migrations():
    server = databases_of("postgres").server
    name = f"g{uuid4().hex[:12]}"
    as_administrator, in_database = (text.replace("dialoguedb", name) for text in blocks("sql"))
    for statement in as_administrator.strip().removesuffix(";").split(";\n"):
        await execute(server.url(), statement)
    await execute(server.url(name), in_database)
    owner = PostgresEngine(server.url(name, f"{name}_owner"))
    assert owner.migrate() != []
    store, me = await make_something(server.url(name, f"{name}_server"))
    await me.delete("d")
    await store.close()
    assert PostgresEngine(server.url(name, f"{name}_server")).check() == []
    with pytest.raises(Exception, match="permission denied"):
        await execute(server.url(name, f"{name}_server"), "CREATE TABLE t (i int)")


async def test_a_restored_dump_is_whole(tmp_path):
    databases = databases_of("postgres")
    url, restored = (databases.server.new_database("template0") for _ in range(2))
    store, _ = await make_something(url)
    dump = tmp_path / "monday.dump"
    run(databases.server, "pg_dump", "--format=custom", f"--file={dump}", url)
    await store.close()
    run(databases.server, "pg_restore", "--exit-on-error", f"--dbname={restored}", str(dump))
    assert PostgresEngine(restored).check() == []
    assert await contents(restored) == await contents(url) == [b'"a"']


class Recovered(PostgresServer):
    """A server on a copy of the data."""

    @property
    def data(self):
        return self.directory / "base"


@pytest.fixture
def archiving():
    """Run a server whose log is archived."""
    with running() as server:
        server.stop()
        server.directory.chmod(0o777)
        (server.directory / "wal").mkdir()
        (server.directory / "wal").chmod(0o777)
        given = settings("archive_command", server.directory)
        server.start(*(f"{name}={value}" for name, value in given.items()))
        yield server


@pytest.fixture
def recover(archiving):
    """Return what recovers from its base backup and log, up to a time."""
    recovered = Recovered(archiving.directory, 18)

    def start(until):
        (recovered.data / "recovery.signal").touch()
        shutil.chown(recovered.data / "recovery.signal", recovered.data.owner())
        given = settings("restore_command", archiving.directory) | {"recovery_target_time": until}
        recovered.start(*(f"{name}={value}" for name, value in given.items()))
        return recovered

    yield start
    recovered.stop()


async def until_promoted(url):
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while (await rows(url, "SELECT pg_is_in_recovery()"))[0][0]:
        assert time.monotonic() < deadline


async def test_a_base_backup_and_the_log_go_back_to_before_a_mistake(archiving, recover):
    url = archiving.new_database()
    store, me = await make_something(url)
    base = archiving.directory / "base"
    backup = (f"--pgdata={base}", "--checkpoint=fast", f"--dbname={archiving.url()}")
    run(archiving, "pg_basebackup", *backup, **as_somebody())
    await me.append(message("kept"))
    [(before,)] = await rows(url, "SELECT clock_timestamp()::text")
    await me.append(message("mistake"))
    await store.close()
    await execute(url, "SELECT pg_switch_wal()")
    archiving.stop()  # it archives what is left

    recovered = recover(before).url(url.rpartition("/")[2])
    await until_promoted(recovered)
    assert await contents(recovered) == [b'"a"', b'"kept"']
    assert PostgresEngine(recovered).check() == []
