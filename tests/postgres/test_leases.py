"""Summaries made by several servers on one database: each is leased once, and by one at a time."""

import asyncio
from contextlib import asynccontextmanager

import asyncpg
import pytest

from dialoguedb.errors import MessageNotFound
from dialoguedb.model.summaries import LLMUsage, SummaryResult
from dialoguedb.ports.summaries import Job
from tests.contract.making import at, message, together
from tests.contract.summarizing import Work

pytestmark = pytest.mark.anyio

DIALOGUES = 12
ROUNDS = 25
NOTHING_SPENT = LLMUsage()


WAIT_AT_COMMIT = """
    CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END
    $$;
    CREATE CONSTRAINT TRIGGER wait AFTER DELETE ON messages
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait();
"""
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@asynccontextmanager
async def held_before_commit(url, operation):
    """Run an operation that deletes a message, held in the block right before its commit."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(WAIT_AT_COMMIT)
        await connection.execute("SELECT pg_advisory_lock(1)")
        task = asyncio.create_task(operation)
        async with asyncio.timeout(60):
            while not await connection.fetchval(WAITING):
                assert not task.done()
                await asyncio.sleep(0.01)
        yield
        await connection.execute("SELECT pg_advisory_unlock(1)")
        await task
    finally:
        await connection.close()


def outcome(content="c"):
    return SummaryResult(
        provider="p",
        model="m",
        content=content,
        content_tokens=1,
        summarized=1,
        skipped=0,
        chunks=1,
    )


async def lease_all(server, name, now, until):
    """Lease what is to be had."""
    jobs: list[Job] = []
    while (job := await server.store.jobs.lease(f"{name}{len(jobs)}", now, until)) is not None:
        jobs.append(job)
    return jobs


async def ask_for_two_each(server):
    """Have two summaries of each dialogue made, by different instructions."""
    for n in range(DIALOGUES):
        await server.new(f"d{n}", messages=[message("a")])
        for instructions in ("first", "second"):
            await server.summarize(of=f"d{n}", id=f"{n} {instructions}", instructions=instructions)


async def test_each_is_leased_once_and_the_older_of_a_dialogue_first(servers):
    await ask_for_two_each(servers[0])
    asking = (
        lease_all(server, f"server {n} task {task} ", at(100), at(200))
        for n, server in enumerate(servers)
        for task in range(4)
    )
    leased = [job.id for jobs in await together(asking) for job in jobs]
    assert sorted(leased) == sorted(f"{n} first" for n in range(DIALOGUES))


async def test_two_servers_make_each_once(servers):
    await ask_for_two_each(servers[0])
    one, other = (Work(server.store, server.clock) for server in servers)
    async with one.going_on(), other.going_on(), asyncio.timeout(60):
        while await servers[0].store.jobs.waiting():  # noqa: ASYNC110 - of both servers together
            await asyncio.sleep(0.05)
    assert len(one.texts) + len(other.texts) == 2 * DIALOGUES
    assert sorted(one.ends.ends + other.ends.ends) == ["completed"] * 2 * DIALOGUES


async def test_a_lost_lease_is_taken_over_by_another_server(servers):
    one, other = servers
    await one.new("d", messages=[message("a")])
    requested = await one.summarize()
    former = await one.store.jobs.lease("former", at(100), at(110))
    assert await other.store.jobs.lease("later", at(105), at(115)) is None
    later = await other.store.jobs.lease("later", at(110), at(120))
    assert (later.id, later.attempts) == (requested.id, 1)
    assert not await one.store.jobs.renew(former, at(130))
    assert not await one.store.jobs.complete(former, outcome("former"), NOTHING_SPENT, at(111))
    assert await other.store.jobs.complete(later, outcome("later"), NOTHING_SPENT, at(112))
    assert (await one.summary(requested.id)).content == "later"


async def test_one_that_ran_out_is_taken_over_by_one_server_only(servers):
    await servers[0].new("d", messages=[message("a")])
    await servers[0].summarize()
    for n in range(ROUNDS):
        now, until = at(100 * n + 100), at(100 * n + 150)
        taken = await together(
            server.store.jobs.lease(f"{n} {which}", now, until)
            for server in servers
            for which in range(3)
        )
        assert len([job for job in taken if job]) == 1


@pytest.mark.parametrize("server_that_deletes", [0, 1])
async def test_no_summary_repeats_a_message_deleted_while_it_is_completed(
    servers, server_that_deletes
):
    making, deleting = servers[0], servers[server_that_deletes]
    await making.set(summariesAfterDeletion="remake")
    deleting.project = making.project
    for n in range(ROUNDS):
        await making.new(f"d{n}", messages=[message("secret", id="s"), message("b", id="b")])
        requested = await making.summarize(of=f"d{n}")
        job = await making.store.jobs.lease(f"{n}", at(100), at(200))
        assert job.id == requested.id
        await together(
            [
                deleting.delete_message("s", of=f"d{n}"),
                making.store.jobs.complete(job, outcome("secret"), NOTHING_SPENT, at(101)),
            ]
        )
        left = await making.summary(requested.id)
        assert (left.status, left.content, left.message_count) == ("processing", None, 1)
        await making.delete_summary(requested.id)


async def test_no_summary_repeats_a_message_deleted_while_it_is_leased(servers):
    making, deleting = servers
    await making.set(summariesAfterDeletion="remake")  # of one that was made before the deletion
    deleting.project = making.project

    async def make(name, until):
        """Make what is due of the messages that are there."""
        job = await making.store.jobs.lease(name, at(100), until)
        if job is None:
            return
        read = await making.store.jobs.read(job, None, 10)
        text = " ".join(reading.turn.text for reading in read.items)
        await making.store.jobs.complete(job, outcome(text), NOTHING_SPENT, at(101))

    for n in range(ROUNDS):
        await making.new(f"d{n}", messages=[message("secret", id="s"), message("b", id="b")])
        requested = await making.summarize(of=f"d{n}")
        await together([make(f"{n}", at(200)), deleting.delete_message("s", of=f"d{n}")])
        await make(f"{n} again", at(200))
        left = await making.summary(requested.id)
        assert (left.status, left.content) == ("completed", "b")


async def test_none_is_leased_while_the_deletion_of_its_message_is_not_committed(url, servers):
    making, deleting = servers
    await making.new("d", messages=[message("secret", id="s"), message("b", id="b")])
    await making.summarize()
    async with held_before_commit(url, deleting.delete_message("s")):
        assert await making.store.jobs.lease("early", at(100), at(200)) is None
    job = await making.store.jobs.lease("later", at(100), at(200))
    read = await making.store.jobs.read(job, None, 10)
    assert [one.turn.text for one in read.items] == ["b"]


async def test_a_message_is_deleted_or_named_by_a_summary_that_is_asked_for(servers):
    asking, deleting = servers
    for n in range(ROUNDS):
        await asking.new(f"d{n}", messages=[message("a", id="a"), message("b", id="b")])
        made, _ = await together(
            [asking.summarize(of=f"d{n}", start_id="a"), deleting.delete_message("a", of=f"d{n}")],
            failing=MessageNotFound,
        )
        if not isinstance(made, MessageNotFound):
            job = await asking.store.jobs.lease(f"{n}", at(100), at(200))
            read = await asking.store.jobs.read(job, None, 10)
            assert [one.turn.text for one in read.items] == ["b"]
            await asking.delete_summary(made.id)


async def test_all_who_ask_for_the_same_at_once_get_one_summary(servers):
    for n in range(ROUNDS):
        await servers[0].new(f"d{n}", messages=[message("a")])
        made = await together(server.summarize(of=f"d{n}") for server in servers for _ in range(3))
        assert len({one.id for one in made}) == 1
        assert len(await servers[1].summaries(of=f"d{n}")) == 1


async def test_one_id_is_of_one_summary_whichever_dialogue_it_is_asked_for(servers):
    for n in range(ROUNDS):
        for name in "ab":
            await servers[0].new(f"{name}{n}", messages=[message("a")])
        made = await asyncio.gather(
            *(
                server.summarize(of=f"{name}{n}", id=f"s{n}")
                for server, name in zip(servers, "ab", strict=True)
            ),
            return_exceptions=True,
        )
        assert sorted(type(one).__name__ for one in made) == ["DuplicateId", "Summary"]
        listed = [await servers[0].summaries(of=f"{name}{n}") for name in "ab"]
        assert sorted(map(len, listed)) == [0, 1]


async def test_appends_through_two_servers_start_one_summary_after_the_other(servers):
    await servers[0].set(autoCompact={"aboveTokens": 40, "keepRecent": 2})
    servers[1].project = servers[0].project
    await servers[0].new("d")
    await together(
        server.append(message(f"{n} says some words of its own"))
        for n in range(30)
        for server in servers
    )
    summaries = await servers[0].summaries()
    assert len(summaries) > 1
    position = {one.id: n for n, one in enumerate(await servers[0].messages())}
    ends = {position[one.to_id]: one.id for one in summaries}
    assert len(ends) == len(summaries)
    tail = await servers[1].store.summaries.tail(servers[1].project, "", "d")
    assert tail.newest == ends[max(ends)]
