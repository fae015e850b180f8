"""What repeats a deleted object goes with it: summaries."""

import pytest
from msgspec import UNSET

from dialoguedb.errors import SummaryNotFound
from tests.contract.making import message
from tests.contract.summarizing import Work

pytestmark = pytest.mark.anyio


@pytest.fixture
async def work(world):
    """Make summaries of at most 16 tokens at once."""
    return Work(world.store, world.clock, chunk_tokens=16, summary_tokens=8, parallel=2)


@pytest.fixture
async def talk(me):
    """Make a dialogue of five messages."""
    await me.new("d", messages=[message(text, id=text) for text in "abcde"])


async def made(me, work, **fields):
    requested = await me.summarize(**fields)
    await work.do("completed")
    return await me.summary(requested.id)


class TestDeleted:
    @pytest.mark.parametrize("gone", ["b", "c", "d"])
    async def test_one_that_covers_a_deleted_message_is_deleted(self, me, work, talk, gone):
        covering = await made(me, work, start_id="b", end_id="d")
        other = await made(me, work, start_id="e")
        await me.delete_message(gone)
        with pytest.raises(SummaryNotFound):
            await me.summary(covering.id)
        assert (await me.summaries()) == [other]

    @pytest.mark.parametrize("gone", ["a", "e"])
    async def test_one_that_does_not_cover_it_stays(self, me, work, talk, gone):
        before = await made(me, work, start_id="b", end_id="d")
        await me.delete_message(gone)
        assert await me.summary(before.id) == before

    async def test_one_that_came_before_the_message_stays(self, me, work, talk):
        before = await made(me, work)
        first = (await me.messages())[0]
        await me.append(message("early", id="x", created=first.created))
        await me.delete_message("x")
        assert await me.summary(before.id) == before

    async def test_one_that_nobody_has_begun_is_made_of_the_rest(self, me, work, talk):
        requested = await me.summarize(end_id="c")
        await me.delete_message("b")
        await work.do("completed")
        assert (await me.summary(requested.id)).content == "[a, c]"

    async def test_one_that_is_being_made_is_begun_again(self, me, work, talk):
        requested = await me.summarize(end_id="c")
        job = await me.store.jobs.lease("lease", me.clock(), "2030-01-01T00:00:00.000Z")
        assert job.id == requested.id
        await me.delete_message("b")
        assert not await me.store.jobs.renew(job, "2030-01-01T00:00:00.000Z")
        await work.do("completed")
        assert (await me.summary(requested.id)).content == "[a, c]"


class TestMadeAgain:
    @pytest.fixture(autouse=True)
    async def remaking(self, me):
        await me.set(summariesAfterDeletion="remake")

    @pytest.mark.parametrize(("gone", "left"), [("b", "cd"), ("c", "bd"), ("d", "bc")])
    async def test_one_is_made_again_without_it(self, me, work, talk, gone, left):
        before = await made(me, work, start_id="b", end_id="d")
        await me.delete_message(gone)
        waiting = await me.summary(before.id)
        assert (waiting.status, waiting.content) == ("processing", None)
        assert (waiting.from_id, waiting.to_id) == (left[0], left[-1])
        await work.do("completed")
        after = await me.summary(before.id)
        assert after.content == f"[{left[0]}, {left[-1]}]"
        assert (after.message_count, after.created) == (2, before.created)

    async def test_one_of_nothing_is_completed(self, me, work, talk):
        before = await made(me, work, start_id="c", end_id="c")
        await me.delete_message("c")
        after = await me.summary(before.id)
        assert (after.status, after.content, after.from_id) == ("completed", None, UNSET)

    async def test_several_deletions_are_one_making(self, me, work, talk):
        before = await made(me, work)
        for gone in "ace":
            await me.delete_message(gone)
        await work.do("completed")
        assert (await me.summary(before.id)).content == "[b, d]"
