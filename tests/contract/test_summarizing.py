"""Making summaries: in chunks, upon former ones, again when it fails, and each exactly once."""

import asyncio

import pytest
from msgspec import UNSET

from dialoguedb.errors import (
    ServiceUnavailable,
    SummarizerRefused,
    SummarizerUnavailable,
    SummaryNotFound,
)
from dialoguedb.model.refs import DialogueRef
from dialoguedb.model.summaries import LLMUsage, SummaryResult
from dialoguedb.service.summary_worker_handle import SummaryWorkerHandle
from tests.contract.making import World, at, message, summary, together
from tests.contract.summarizing import Work

pytestmark = pytest.mark.anyio

DOWN = SummarizerUnavailable("The model is busy")
OUTCOME = SummaryResult(
    provider="p", model="m", content="c", content_tokens=1, summarized=1, skipped=0, chunks=1
)


@pytest.fixture
async def work(world):
    """Make summaries of at most 16 tokens at once: of a few short messages."""
    return Work(world.store, world.clock, chunk_tokens=16, summary_tokens=8, parallel=2)


@pytest.fixture
async def talk(me):
    """Make a dialogue of two messages."""
    await me.new("d", label="L", messages=[message(text, id=text) for text in "ab"])


async def made(me, work, *ends, **fields):
    """Ask for a summary, have it made and return it."""
    requested = await me.summarize(**fields)
    await work.do(*(ends or ["completed"]))
    return await me.summary(requested.id)


class TestMaking:
    async def test_it_tells_what_was_made_and_what_it_took(self, me, work, talk):
        done = await made(me, work)
        assert (done.status, done.content) == ("completed", "[a, b]")
        assert (done.content_token_count, done.chunks) == (2, 1)
        assert (done.summarized_count, done.skipped_count) == (2, 0)
        assert (done.llm_input_tokens, done.llm_output_tokens, done.llm_total_tokens) == (10, 3, 13)
        assert done.llm_call_count == 1
        assert done.modified > done.created
        assert done.error is UNSET
        assert done.previous_id is UNSET

    async def test_its_content_counts_as_stored_bytes(self, me, work, talk):
        await me.summarize()
        before = (await me.usage()).stored_bytes
        await work.do("completed")
        assert (await me.usage()).stored_bytes == before + len("[a, b]")

    async def test_the_messages_stay_as_they_are(self, me, work, talk):
        before = await me.messages()
        await made(me, work)
        assert await me.messages() == before

    async def test_what_is_appended_meanwhile_does_not_matter(self, me, work, talk):
        requested = await me.summarize()
        await me.append(message("c"))
        await work.do("completed")
        assert (await me.summary(requested.id)).content == "[a, b]"

    async def test_messages_that_say_nothing_are_counted_as_skipped(self, me, work, talk):
        image = {"type": "image", "source": {"type": "url", "url": "https://x.example/i.png"}}
        await me.append(message([image]))
        done = await made(me, work)
        assert (done.summarized_count, done.skipped_count, done.message_count) == (2, 1, 3)

    async def test_nothing_but_images_is_completed_with_nothing(self, me, work):
        image = {"type": "image", "source": {"type": "url", "url": "https://x.example/i.png"}}
        await me.new("d", messages=[message([image])])
        done = await made(me, work)
        assert (done.status, done.content, done.llm_call_count) == ("completed", None, 0)
        assert work.texts == []

    async def test_the_prompt_is_the_templates_filled_in(self, me, work, talk):
        prompt = "{label}/{tokens}/{previous}/{instructions}/{messages}/{}"
        await me.new_template("t", prompt)
        await made(me, work, template="t", instructions="{label} please")
        assert work.summarizer.requests[0][2] == "L/8/(none)/{label} please/a, b/{}"

    async def test_the_prompt_is_that_of_the_time_it_was_asked_for(self, me, work, talk):
        await me.new_template("t", "{messages}!")
        requested = await me.summarize(template="t")
        await me.services.templates.delete(me.project, "t", me.write_options())
        await work.do("completed")
        assert work.summarizer.requests[0][2] == "a, b!"
        assert (await me.summary(requested.id)).template == "t"


class TestChunks:
    async def test_a_long_range_is_made_in_parts_and_these_into_one(self, me, work):
        texts = [f"number {n} it says" for n in range(6)]  # each of 4 words and 8 tokens at least
        await me.new("d", messages=[message(text) for text in texts])
        done = await made(me, work)
        operations = [operation for operation, _ in work.texts]
        read = [text for operation, of in work.texts if operation == "summarize" for text in of]
        assert sorted(read) == texts
        assert done.chunks == operations.count("summarize") > 1
        assert operations[-1] == "combine"
        inside = [done.content.index(text) for text in texts]
        assert inside == sorted(inside)
        assert done.llm_call_count == len(operations)

    async def test_no_more_is_asked_at_once_than_allowed(self, me, work):
        texts = [f"number {n} it says" for n in range(12)]
        await me.new("d", messages=[message(text) for text in texts])
        await made(me, work)
        assert work.summarizer.asking_max == 2

    async def test_a_long_message_is_cut_between_its_words(self, me, work):
        text = " ".join(f"word{n}" for n in range(55))
        await me.new("d", messages=[message(text)])
        done = await made(me, work)
        pieces = [of[0] for operation, of in work.texts if operation == "summarize"]
        assert " ".join(sorted(pieces, key=text.index)) == text
        assert done.chunks == len(pieces) > 2

    async def test_parts_are_combined_in_rounds_while_they_are_too_many(self, me, work):
        texts = [f"one{n} two three four five" for n in range(9)]
        await me.new("d", messages=[message(text) for text in texts])
        done = await made(me, work)
        combined = [of for operation, of in work.texts if operation == "combine"]
        assert len(combined) > 2
        assert all(len(parts) >= 2 for parts in combined)
        inside = [done.content.index(text) for text in texts]
        assert inside == sorted(inside)

    async def test_a_portion_after_another_is_read_to_the_end(self, me, store, world):
        work = Work(store, world.clock)
        await me.new("d", messages=[message(f"m{n}") for n in range(900)])
        await me.append(*[message(f"m{n}") for n in range(900, 1_300)])
        done = await made(me, work)
        assert work.texts == [("summarize", [f"m{n}" for n in range(1_300)])]
        assert (done.message_count, done.summarized_count) == (1_300, 1_300)


class TestBuildingOn:
    async def test_a_later_one_builds_on_the_former_and_what_came_after(self, me, work, talk):
        first = await made(me, work)
        await me.append(message("c"))
        second = await made(me, work)
        assert work.texts[1] == ("summarize", ["c"])
        assert second.content == "[a, b] then [c]"
        assert second.previous_id == first.id
        assert (second.from_id, second.message_count, second.summarized_count) == ("a", 3, 3)

    async def test_it_is_made_of_the_messages_alone_when_that_is_wanted(self, me, work, talk):
        await made(me, work)
        await me.append(message("c"))
        again = await made(me, work, rebuild=True)
        assert again.content == "[a, b, c]"
        assert again.previous_id is UNSET

    @pytest.mark.parametrize("what", ["deleted", "inserted"])
    async def test_a_former_one_of_other_messages_is_not_built_on(self, what, me, work):
        timed = {"a": at(-60), "b": at(-20)}
        await me.new("d", messages=[message(n, id=n, created=t) for n, t in timed.items()])
        await made(me, work)
        if what == "deleted":
            await me.delete_message("a")
            await me.append(message("c"))
        else:
            await me.append(message("c", created=at(-30)))
        await made(me, work)
        expected = ["b", "c"] if what == "deleted" else ["a", "c", "b"]
        assert work.texts[-1] == ("summarize", expected)

    @pytest.mark.parametrize("other", [{"instructions": "i"}, {"template": "t"}, {"start_id": "b"}])
    async def test_one_of_another_wording_or_beginning_is_not_built_on(self, other, me, work, talk):
        await me.new_template("t")
        await made(me, work, **other)
        await me.append(message("c"))
        await made(me, work)
        assert work.texts[-1] == ("summarize", ["a", "b", "c"])

    async def test_two_asked_for_at_once_are_made_one_upon_the_other(self, me, work, talk):
        first = await me.summarize()
        await me.append(message("c"))
        second = await me.summarize()
        await work.do("completed", "completed")
        assert [of for _, of in work.texts] == [["a", "b"], ["c"]]
        assert (await me.summary(second.id)).previous_id == first.id

    async def test_the_same_under_an_id_of_ones_own_is_not_made_again(self, me, work, talk):
        first = await made(me, work)
        second = await made(me, work, id="own")
        assert second.content == first.content
        assert second.llm_call_count == 0
        assert len(work.texts) == 1

    async def test_the_longest_former_one_is_built_on_whatever_failed_since(self, me, work, talk):
        await made(me, work)
        await me.append(message("c"))
        work.summarizer.script = [SummarizerRefused("no")]
        await made(me, work, "failed")
        await made(me, work)
        assert work.texts[-1] == ("summarize", ["c"])


class TestFailing:
    async def test_what_cannot_be_made_now_is_tried_again_later(self, world, me, work, talk):
        work.summarizer.script = [DOWN, DOWN]
        requested = await me.summarize()
        await work.do("retried")
        assert (await me.summary(requested.id)).status == "processing"
        world.clock.set(400)
        await work.do("retried")
        world.clock.set(800)
        await work.do("completed")
        done = await me.summary(requested.id)
        assert (done.status, done.content, done.error) == ("completed", "[a, b]", UNSET)

    async def test_it_is_not_tried_again_before_it_is_due(self, world, me, work, talk):
        work.summarizer.script = [DOWN]
        await me.summarize()
        await work.do("retried")
        now = world.clock()
        assert await world.store.jobs.lease("x", now, at(60)) is None

    @pytest.mark.parametrize(("retry_after_s", "waits_s"), [(90.0, 90), (86_400.0, 3_600)])
    async def test_the_time_a_provider_asks_for_is_waited_at_most_an_hour(
        self, retry_after_s, waits_s, world, me, work, talk
    ):
        busy = SummarizerUnavailable("The model is busy")
        busy.after_s = retry_after_s
        work.summarizer.script = [busy]
        await me.summarize()
        await work.do("retried")
        assert await world.store.jobs.lease("x", at(waits_s), at(waits_s + 60)) is None
        assert await world.store.jobs.lease("x", at(waits_s + 2), at(waits_s + 60))

    async def test_what_cannot_be_stored_has_failed_and_is_not_made_again(self, me, work, talk):
        work.summarizer.input_tokens = 2**63
        failed = await made(me, work, "failed")
        assert failed.error == "The summary could not be stored"
        assert len(work.summarizer.requests) == 1

    async def test_what_was_made_waits_till_it_can_be_stored(
        self, world, me, work, talk, monkeypatch
    ):
        jobs = world.store.jobs
        complete, refused = jobs.complete, [ServiceUnavailable("The disk is full")]

        async def crowded(*args):
            if refused:
                raise refused.pop()
            return await complete(*args)

        monkeypatch.setattr(jobs, "complete", crowded)
        done = await made(me, work)
        assert (done.content, len(work.summarizer.requests)) == ("[a, b]", 1)

    async def test_after_some_attempts_it_has_failed_and_says_why(self, world, me, work, talk):
        work.summarizer.script = [DOWN] * 12
        requested = await me.summarize()
        for attempt in range(11):
            world.clock.set(attempt * 700)
            await work.do("retried")
        world.clock.set(11 * 700)
        await work.do("failed")
        failed = await me.summary(requested.id)
        assert (failed.status, failed.content) == ("failed", None)
        assert failed.error == "The model is busy (tried 12 times)"
        assert await world.store.jobs.waiting() == 0

    async def test_what_is_refused_has_failed_at_once(self, me, work, talk):
        work.summarizer.script = [SummarizerRefused("There is no such model")]
        failed = await made(me, work, "failed")
        assert failed.error == "There is no such model"

    async def test_a_refusal_among_several_decides(self, me, work):
        texts = [f"number {n} it says" for n in range(6)]
        await me.new("d", messages=[message(text) for text in texts])
        work.summarizer.script = [DOWN, SummarizerRefused("never")]
        failed = await made(me, work, "failed")
        assert failed.error == "never"

    async def test_a_defect_is_tried_again_and_tells_nothing_of_itself(self, me, work, talk):
        work.summarizer.script = [KeyError("secret")] * 12
        requested = await me.summarize()
        for attempt in range(11):
            me.clock.set(attempt * 700)
            await work.do("retried")
        me.clock.set(11 * 700)
        await work.do("failed")
        assert "secret" not in (await me.summary(requested.id)).error

    async def test_what_was_used_before_it_failed_is_counted(self, me, work, talk):
        refused = SummarizerRefused("no")
        refused.took = (7, 1, 2)
        work.summarizer.script = [refused]
        failed = await made(me, work, "failed")
        assert (failed.llm_input_tokens, failed.llm_output_tokens) == (7, 1)
        assert failed.llm_call_count == work.ends.spent.calls == 2

    async def test_the_failed_range_can_be_asked_for_again(self, me, work, talk):
        work.summarizer.script = [SummarizerRefused("no")]
        failed = await made(me, work, "failed")
        again = await made(me, work)
        assert again.id != failed.id
        assert again.status == "completed"


class TestLeases:
    async def test_one_is_handed_out_once(self, store, me, talk):
        requested = await me.summarize()
        leases = [store.jobs.lease(f"c{n}", at(60), at(80)) for n in range(20)]
        jobs = [job for job in await together(leases) if job]
        assert [(job.id, job.project_id) for job in jobs] == [(requested.id, me.project.id)]

    async def test_a_lease_that_ran_out_is_taken_over_and_worth_nothing(self, store, me, talk):
        requested = await me.summarize()
        lost = await store.jobs.lease("a", at(60), at(80))
        assert await store.jobs.lease("b", at(79), at(99)) is None
        taken = await store.jobs.lease("b", at(80), at(100))
        assert taken.id == requested.id
        assert not await store.jobs.renew(lost, at(200))
        assert not await store.jobs.complete(lost, OUTCOME, LLMUsage(), at(90))
        assert not await store.jobs.fail(lost, "e", LLMUsage(), at(90))
        await store.jobs.postpone(lost, at(90), LLMUsage(), failed=True)
        assert (await me.summary(requested.id)).status == "processing"
        assert await store.jobs.complete(taken, OUTCOME, LLMUsage(1, 2, 3), at(91))
        assert not await store.jobs.complete(taken, OUTCOME, LLMUsage(1, 2, 3), at(92))
        done = await me.summary(requested.id)
        assert (done.content, done.llm_call_count, done.modified) == ("c", 3, at(91))

    async def test_a_renewed_lease_holds(self, store, me, talk):
        await me.summarize()
        job = await store.jobs.lease("a", at(60), at(80))
        assert await store.jobs.renew(job, at(100))
        assert await store.jobs.lease("b", at(90), at(110)) is None

    async def test_others_are_made_meanwhile(self, me, work):
        for name in ["d", "e"]:
            await me.new(name, messages=[message(name)])
            await me.summarize(name)
        work.summarizer.open.clear()
        async with work.going_on():
            await work.ends.until(lambda seen: seen.running == 2)
            work.summarizer.open.set()
            await work.until("completed", "completed")

    async def test_who_stops_lets_go_at_once(self, store, me, work, talk):
        requested = await me.summarize()
        work.summarizer.open.clear()
        async with work.going_on():
            await work.summarizer.begun.wait()
        job = await store.jobs.lease("next", me.clock(), at(100))
        assert (job.id, job.attempts) == (requested.id, 0)

    async def test_a_deleted_one_is_made_no_further(self, store, work, me, talk):
        workshop = SummaryWorkerHandle(
            "scripted", "m-1", work.summarizing.wake, work.summarizing.drop
        )
        services = World(store, workshop=workshop).services
        requested = await me.summarize()
        work.summarizer.open.clear()
        async with work.going_on():
            await work.summarizer.begun.wait()
            await services.summaries.delete(me.project, None, requested.id, me.write_options())
            await work.until("cancelled")
        with pytest.raises(SummaryNotFound):
            await me.summary(requested.id)
        assert work.summarizer.asking == 0

    async def test_one_whose_dialogue_is_deleted_harms_nobody(self, me, work, talk):
        await me.summarize()
        work.summarizer.open.clear()
        async with work.going_on():
            await work.summarizer.begun.wait()
            await me.delete("d")
            work.summarizer.open.set()
            await work.until("cancelled")

    async def test_it_is_begun_as_soon_as_it_is_asked_for(self, store, work, me, talk):
        workshop = SummaryWorkerHandle(
            "scripted", "m-1", work.summarizing.wake, work.summarizing.drop
        )
        services = World(store, workshop=workshop).services
        async with work.going_on():
            await asyncio.sleep(0)  # it has looked once
            ref = DialogueRef("", "d")
            requested = await services.summaries.create(
                me.project, ref, summary(), me.write_options()
            )
            await work.until("completed")
        done = await me.summary(requested.value.id)
        assert (done.provider, done.model) == ("scripted", "m-1")
