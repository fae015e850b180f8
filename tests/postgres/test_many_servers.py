"""Two servers on one database: neither loses, repeats or leaves behind what the other does."""

import asyncio
import random
from functools import partial

import asyncpg
import pytest

from dialoguedb.errors import NotFound, ProjectNotFound, VersionConflict
from dialoguedb.ports import IdempotencyHit
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.maintenance import check
from tests.contract.making import idempotent, message, together
from tests.contract.test_attachments import picture, received

pytestmark = pytest.mark.anyio

NAMED_BY_PROJECT = """
    SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind = 'r' AND a.attname = 'project'
    AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'projects'::regclass)
"""
NAMES = [f"d{n}" for n in range(4)]
WRITING_S = 5


@pytest.fixture
async def database(url):
    """Look into the database."""
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


@pytest.fixture
def rows_of(database):
    """Return a function that counts a project's rows in each table that has any."""

    async def count(number):
        tables = [row[0] for row in await database.fetch(NAMED_BY_PROJECT)]
        counts = {
            table: await database.fetchval(
                f"SELECT count(*) FROM {table} WHERE project = $1", number
            )
            for table in tables
        }
        return {table: count for table, count in counts.items() if count}

    return count


async def fill(me):
    """Put some of everything into a namespace."""
    for n, name in enumerate(NAMES):
        sent = [message(f"{m}", id=f"m{m}", tags=("t",)) for m in range(20)]
        parent = NAMES[n - 1] if n else None
        await me.new(name, "ns", thread_of=parent, messages=sent, tags=("t",))
        await me.append(received(picture()), to=name, namespace="ns")
        await me.summarize(name, namespace="ns")
    await me.remember(id="m", namespace="ns", tags=("t",))


async def keep_writing(me, chosen, until):
    """Write everything that can be written, whatever is gone, until told to stop."""
    n = 0
    while not until.is_set():
        n += 1
        unique, name = f"{id(chosen)} {n}", chosen.choice(NAMES)
        repeated = me.write_options(idempotent(unique))
        write = chosen.choice(
            [
                partial(me.new, unique, "ns", messages=[message(tags=("t",))], tags=("t",)),
                partial(me.new, unique, "ns", thread_of=name),
                partial(me.append, message(), to=name, namespace="ns", options=repeated),
                partial(me.append, received(picture()), to=name, namespace="ns"),
                partial(me.delete_message, f"m{n % 20}", name, "ns"),
                partial(me.remember, id=unique, namespace="ns", tags=("t",)),
                partial(me.tag_memory, "m", ("t", unique), "ns"),
                partial(me.summarize, name, namespace="ns"),
                partial(me.change, name, "ns", label=unique, tags=(unique,)),
                partial(me.store.projects.count_request, me.project, "2026-03"),
                me.new_key,
            ]
        )
        try:
            await write()
        except NotFound:
            await asyncio.sleep(0.001)


@pytest.fixture
def while_both_write(servers):
    """Return a function that does something while both servers write, for some seconds at most."""

    async def meanwhile(work):
        until = asyncio.Event()
        asyncio.get_running_loop().call_later(WRITING_S, until.set)
        writing = [
            asyncio.create_task(keep_writing(server, random.Random(n), until))
            for n, server in enumerate([*servers, *servers])
        ]
        await asyncio.sleep(0.3)
        try:
            return await work
        finally:
            await asyncio.sleep(0.3)
            until.set()
            await asyncio.gather(*writing)

    return meanwhile


async def test_deleting_a_project_leaves_nothing_of_it_and_all_of_others(
    worlds, servers, database, rows_of, while_both_write
):
    me, other = servers[0], await worlds[0].tenant()
    await fill(me)
    await fill(other)
    before = await rows_of(2)
    delete = worlds[1].services.projects.delete(me.project.id, me.write_options())
    deleted = await while_both_write(delete)
    assert deleted.dialogues >= len(NAMES)
    assert await rows_of(1) == {}
    assert await rows_of(2) == before
    assert await database.fetchval("SELECT count(*) FROM projects") == 1
    assert await check.check(Connection(database)) == []


async def test_of_many_that_delete_a_project_one_does(servers):
    await fill(servers[0])
    deleting = (
        one.services.projects.delete(one.project.id, one.write_options())
        for one in [*servers, *servers]
    )
    answers = await together(deleting, failing=ProjectNotFound)
    assert sum(isinstance(one, ProjectNotFound) for one in answers) == len(answers) - 1


async def test_an_erasure_leaves_only_what_was_written_after_it(
    servers, database, while_both_write
):
    me, beside = servers
    await fill(me)
    erase = beside.services.erasures.erase(me.project, "ns")
    receipt = await while_both_write(erase)
    assert receipt.deleted.messages >= 20 * len(NAMES)
    assert receipt.files_cleaned is None
    assert await check.check(Connection(database)) == []
    left = await me.services.erasures.erase(me.project, "ns")
    assert left.deleted.dialogues <= receipt.deleted.dialogues
    assert await me.dialogues(namespace="ns") == []
    assert await me.memories(namespace="ns") == []
    assert await check.check(Connection(database)) == []


async def test_a_duplicate_in_flight_is_answered_as_the_first_one_was(servers):
    for n in range(10):
        await servers[0].new(f"d{n}")
        options = servers[0].write_options(idempotent(f"key {n}"), expected=1)
        attempts = (
            one.change(f"d{n}", label="l", state=b'{"a":1}', options=options)
            for one in [*servers, *servers]
        )
        answers = await together(attempts, failing=(IdempotencyHit, VersionConflict))
        assert not any(isinstance(one, VersionConflict) for one in answers)
        assert sum(isinstance(one, IdempotencyHit) for one in answers) == len(answers) - 1


async def test_a_duplicate_append_in_flight_is_answered_as_the_first_one_was(servers):
    for n in range(10):
        await servers[0].new(f"d{n}")
        options = servers[0].write_options(idempotent(f"key {n}"), expected=0)
        attempts = (
            one.append(message("m"), to=f"d{n}", options=options) for one in [*servers, *servers]
        )
        answers = await together(attempts, failing=(IdempotencyHit, VersionConflict))
        assert not any(isinstance(one, VersionConflict) for one in answers)
        assert sum(isinstance(one, IdempotencyHit) for one in answers) == len(answers) - 1


async def test_an_expired_answer_is_replaced_once(servers):
    me = servers[0]
    await me.new("d")
    await me.append(message("old"), options=me.write_options(idempotent()))
    me.clock.set(25 * 3600)
    options = me.write_options(idempotent(request="other"))
    attempts = (one.append(message("new"), options=options) for one in [*servers, *servers])
    answers = await together(attempts, failing=IdempotencyHit)
    assert sum(isinstance(one, IdempotencyHit) for one in answers) == len(answers) - 1
    assert await me.contents() == ["old", "new"]


async def test_settings_and_keys_are_seen_by_the_other_server_at_once(servers):
    me, beside = servers
    secret, key = await me.new_key()
    await me.set(quotas={"messages": 3})
    caller = await beside.services.keys.find(secret)
    assert caller.project.settings.quotas.messages == 3
    await me.services.keys.revoke(me.project, key.id, me.write_options())
    assert await beside.services.keys.find(secret) is None


async def test_requests_counted_by_both_are_counted_one_by_one(servers):
    counting = (one.store.projects.count_request(one.project, "2026-03") for one in [*servers] * 10)
    assert sorted(await together(counting)) == list(range(1, 21))


async def test_use_noted_by_both_loses_nothing_and_never_goes_back(servers):
    me = servers[0]
    keys = [(await me.new_key())[1].id for _ in range(5)]
    times = [f"2026-03-01T00:00:{n:02}.000Z" for n in range(20)]
    noting = (
        servers[n % 2].store.projects.record_activity(
            "2026-03", {me.project.id: 1}, dict.fromkeys(keys[:: 1 if n % 3 else -1], time)
        )
        for n, time in enumerate(times)
    )
    await together(noting)
    assert (await me.usage()).requests == 20
    assert {one.last_used for one in await me.keys()} == {times[-1]}


async def test_a_quota_holds_for_both_together(servers):
    me, beside = servers
    await me.new("d")
    await me.set(quotas={"messages": 10})
    beside.project = me.project
    appends = (one.append(message(str(n))) for n in range(20) for one in servers)
    await asyncio.gather(*appends, return_exceptions=True)
    assert (await me.get()).total_messages == 10
