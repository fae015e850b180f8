"""Who makes summaries: makers that vanish, and others than those that were asked."""

import pytest
from msgspec import UNSET

from dialoguedb.model.refs import DialogueRef
from dialoguedb.model.summaries import LLMUsage
from dialoguedb.service.summary_worker_handle import SummaryWorkerHandle
from tests.contract.making import World, at, message, summary
from tests.contract.summarizing import Work

pytestmark = pytest.mark.anyio


@pytest.fixture
async def talk(me):
    """Make a dialogue of two messages."""
    await me.new("d", messages=[message(text, id=text) for text in "ab"])


@pytest.fixture
async def work(world):
    """Make summaries with a summarizer called scripted, of the model m-1."""
    return Work(world.store, world.clock)


async def vanish(store, times):
    """Lease a summary so many times, each time when the lease before has run out."""
    for n in range(times):
        assert await store.jobs.lease(f"c{n}", at(20 * n + 20), at(20 * n + 32))


class TestMakersThatVanish:
    async def test_who_takes_over_knows_that_it_was_tried(self, store, me, talk):
        await me.summarize()
        await vanish(store, 3)
        job = await store.jobs.lease("next", at(80), at(92))
        assert job.attempts == 3

    async def test_who_lets_go_has_not_tried(self, store, me, talk):
        await me.summarize()
        job = await store.jobs.lease("a", at(20), at(32))
        await store.jobs.postpone(job, at(21), LLMUsage(), failed=False)
        assert (await store.jobs.lease("b", at(22), at(34))).attempts == 0

    async def test_one_that_ends_every_maker_fails_in_the_end(self, store, me, work, talk):
        requested = await me.summarize()
        await vanish(store, 20)
        me.clock.set(20 * 22)
        await work.do("failed")
        assert work.texts == []
        failed = await me.summary(requested.id)
        assert failed.error == "Whatever made it stopped before it was done"


class TestAnotherMaker:
    async def test_it_is_named_who_made_it(self, store, me, work, talk):
        requested = await me.summarize()  # nobody there makes any
        assert requested.provider == "extractive"
        await work.do("completed")
        made = await me.summary(requested.id)
        assert (made.provider, made.model) == ("scripted", "m-1")

    async def test_it_builds_on_what_the_same_one_made(self, me, work, talk):
        requested = await me.summarize()
        await work.do("completed")
        await me.append(message("c"))
        later = await me.summarize()
        await work.do("completed")
        assert (await me.summary(later.id)).previous_id == requested.id

    async def test_it_builds_on_nothing_that_another_made(self, world, me, work, talk):
        await me.summarize()
        await work.do("completed")
        await me.append(message("c"))
        services = World(world.store, workshop=SummaryWorkerHandle("scripted", "m-1")).services
        later = await services.summaries.create(
            me.project, DialogueRef("", "d"), summary(), me.write_options()
        )
        work.summarizer.model = "m-2"
        await work.do("completed")
        made = await me.summary(later.value.id)
        assert (made.model, made.previous_id) == ("m-2", UNSET)
