"""Servers of two versions on one database: a step of the schema adds, and those that run go on."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from dialoguedb.errors import NewerSchema
from dialoguedb.store.postgres import PostgresStore
from dialoguedb.store.postgres.schema.migrations import MIGRATIONS
from tests.contract.making import World, message
from tests.contract.summarizing import Work
from tests.databases.engines import databases_of
from tests.databases.statements import execute

pytestmark = pytest.mark.anyio

TABLES = (
    *("projects", "keys", "usage", "templates", "dialogues", "dialogue_bodies", "dialogue_tags"),
    *("messages", "message_tags", "attachments", "message_attachments", "memories", "memory_tags"),
    *("summaries", "object_ids", "compaction_room", "receipts", "answers", "message_words"),
)
ADDED = (
    *(f"ALTER TABLE {table} ADD later bigint NOT NULL DEFAULT 7" for table in TABLES),
    "CREATE INDEX later ON messages (later)",
    "CREATE TABLE laters (id bigint PRIMARY KEY)",
    f"INSERT INTO migrations VALUES ({len(MIGRATIONS) + 1}, 'later', 'now')",
)
APPENDS = 40


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


async def test_one_that_starts_on_a_newer_schema_is_refused(url, world):
    for statement in ADDED:
        await execute(url, statement)
    with pytest.raises(NewerSchema, match="written by a newer version"):
        await PostgresStore.open(url)
