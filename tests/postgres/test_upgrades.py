"""Servers of two versions on one database: a step of the schema adds, and those that run go on."""

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack

import asyncpg
import pytest

from dialoguedb.errors import NewerSchema
from dialoguedb.store.postgres import PostgresStore
from dialoguedb.store.postgres.schema.migrations import MIGRATIONS
from tests.cli.in_process import Terminal
from tests.contract.making import World, message
from tests.contract.summarizing import Work
from tests.databases.engines import databases_of, storage_flags
from tests.databases.statements import execute
from tests.http.checking import done
from tests.http.making import HELLO, get_dialogue, new_dialogue, new_message
from tests.http.server import running

pytestmark = pytest.mark.anyio

TABLES = (
    *("projects", "keys", "usage", "templates", "dialogues", "dialogue_bodies", "dialogue_tags"),
    *("messages", "message_tags", "attachments", "message_attachments", "memories", "memory_tags"),
    *("summaries", "object_ids", "compaction_room", "receipts", "answers", "message_words"),
)
STEP = (
    *(f"ALTER TABLE {table} ADD later bigint NOT NULL DEFAULT 7" for table in TABLES),
    "CREATE INDEX later ON messages (later)",
    "CREATE TABLE laters (id bigint PRIMARY KEY)",
)
ADDED = (*STEP, f"INSERT INTO migrations VALUES ({len(MIGRATIONS) + 1}, 'later', 'now')")
APPENDS = 40
WAITING = "SELECT count(*) FROM pg_locks WHERE relation = $1::text::regclass AND NOT granted"

# This program as the next version will be: it knows one more step of the schema.
NEWER = f"""
from dialoguedb.store.postgres.schema import migrations
migrations.MIGRATIONS += (migrations.Migration("later", {"; ".join(STEP)!r}),)
from dialoguedb.cli import main
main()
"""
REFUSAL = f"The data has schema {len(MIGRATIONS) + 1}, this program knows up to {len(MIGRATIONS)}: "


@pytest.fixture
def url(tmp_path):
    """Make a database."""
    return databases_of("postgres").url_of(tmp_path / "data")


@pytest.fixture
async def world(url):
    """Open it as a server of this version does."""
    async with AsyncExitStack() as opened:
        store = await PostgresStore.open(url)
        opened.push_async_callback(store.close)
        yield World(store)


async def use_everything(me, name):
    """Write, change, list and delete some of everything."""
    await me.new(name, label="L", state=b'{"a":1}', tags=("x",), messages=[message("a", id="a")])
    await me.append(message("b", id="b", tags=("t",)), to=name)
    await me.tag("b", ("u",), of=name)
    await me.put_state("merge", b'{"b":2}', name)
    await me.change(name, label="M", tags=("y",))
    requested = await me.summarize(of=name)
    await Work(me.store, me.clock).do("completed")
    assert (await me.summary(requested.id)).content == "[a, b]"
    assert len(await me.covered(requested.id)) == 2
    await me.delete_message("a", of=name)
    assert await me.contents(name) == ["b"]
    assert len(await me.dialogues(tags=("y",))) == 1
    await me.remember("v", id=name)
    await me.forget(name)
    await me.new_template(name)
    await me.new_key(name=name)
    await me.keys()
    await me.usage()
    await me.delete(name)


async def test_servers_that_run_go_on_while_a_newer_one_adds_to_the_schema(url, world):
    me = await world.tenant()
    await use_everything(me, "before")
    await me.new("d")

    async def append(count):
        for _ in range(count):
            await me.append(message("m"))

    appending = [asyncio.create_task(append(APPENDS)) for _ in range(4)]
    for statement in ADDED:
        await execute(url, statement)
    await asyncio.gather(*appending)
    assert [one.seq for one in await me.messages()] == [*range(1, 4 * APPENDS + 1)]
    await use_everything(me, "after")


async def test_a_step_that_waits_for_a_server_that_waits_for_it_begins_again(url, world):
    name = url.rpartition("/")[2]
    await execute(url, f'ALTER DATABASE "{name}" SET deadlock_timeout = 3000')
    writing = await asyncpg.connect(url)
    await writing.execute("SET deadlock_timeout = 60000")  # the other one is broken off
    await writing.execute("BEGIN; LOCK TABLE memories IN ROW EXCLUSIVE MODE")
    newer = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", NEWER, "migrate", "--database", url), stdout=subprocess.PIPE
    )
    try:
        while not await writing.fetchval(WAITING, "memories"):  # noqa: ASYNC110 - in the database
            await asyncio.sleep(0.05)
        await writing.execute("LOCK TABLE projects IN ROW EXCLUSIVE MODE")
        await writing.execute("COMMIT")
    finally:
        await writing.close()
    out, _ = await newer.communicate()
    assert (newer.returncode, out) == (0, b"Done: later\n")


async def test_one_that_starts_on_a_newer_schema_is_refused(url, world):
    for statement in ADDED:
        await execute(url, statement)
    with pytest.raises(NewerSchema, match="written by a newer version"):
        await PostgresStore.open(url)


class TestProgramsOfTwoVersions:
    def test_serve_side_by_side_while_the_newer_one_migrates(self, tmp_path):
        (tmp_path / "newer").mkdir()
        started_by = [sys.executable, "-c", NEWER]
        data = tmp_path / "data"
        with running("postgres", tmp_path) as old, old.client(old.first_key) as first:
            new_dialogue(first, id="d")
            until, written = threading.Event(), []

            def write():
                while not until.is_set():
                    written.append(new_message(first, "d")["seq"])

            with ThreadPoolExecutor(1) as pool:
                writing = pool.submit(write)
                try:
                    with running("postgres", tmp_path / "newer", data, (), started_by) as newer:
                        with newer.client(old.first_key) as second:
                            written.extend(new_message(second, "d")["seq"] for _ in range(20))
                            key = {"Idempotency-Key": "k"}
                            path = "/dialogue/d/messages"
                            made = done(first.post(path, json=HELLO, headers=key))
                            assert done(second.post(path, json=HELLO, headers=key)) == made
                            until.set()
                            writing.result()
                            assert get_dialogue(second, "d")["totalMessages"] == len(written) + 1
                        assert newer.command("check").startswith("Nothing wrong")
                finally:
                    until.set()
            assert get_dialogue(first, "d")["totalMessages"] == len(written) + 1
            assert len(set(written)) == len(written)
            assert done(first.get("/ready"))
            assert "Traceback" not in old.log()

    def test_refuse_data_of_the_newer_one_in_every_command_of_the_older(self, tmp_path):
        data = tmp_path / "data"
        room, flags = Terminal(tmp_path), storage_flags("postgres", data)
        with running("postgres", tmp_path, data):
            pass
        url = flags[1]
        for statement in ADDED:
            asyncio.run(execute(url, statement))
        commands: list[list[object]] = [
            ["check"],
            ["migrate"],
            ["migrate", "--dry-run"],
            ["reindex"],
            ["keys", "list"],
            ["keys", "create"],
            ["projects", "list"],
            ["export"],
            ["dialogue", "list"],
        ]
        for words in commands:
            ended = room.run(*words, *flags)
            assert (ended.code, ended.out) == (1, ""), words
            assert REFUSAL in ended.error, words
        with running("sqlite", tmp_path, tmp_path / "other"):
            pass
        other, new = (f"sqlite:{tmp_path / name}" for name in ("other", "copy"))
        for source, target in ((url, new), (other, url)):
            ended = room.run("copy", "--from", source, "--to", target)
            assert ended.code == 1
            assert REFUSAL in ended.error
        ended = room.run_alone("serve", "--port", "0", *flags)
        assert ended.code == 1
        assert REFUSAL in ended.error
