"""Compaction by itself: above the limit, once, all but the last messages, and never in the way."""

import pytest
from msgspec import UNSET

from dialoguedb.errors import DialogueEnded, SummarizerRefused
from tests.contract.making import Tenant, ids, message, over, together
from tests.contract.summarizing import Work

pytestmark = [pytest.mark.anyio, pytest.mark.needs("compaction")]

TEXT = "one two three four five six"
LIMITS = {"aboveTokens": 100, "keepRecent": 3}


@pytest.fixture
async def talk(me):
    """Make a dialogue whose project compacts above 100 tokens."""
    await me.set(autoCompact=LIMITS)
    await me.new("d")


async def append_some(me, count, of="d", start=0):
    """Append messages one by one."""
    for n in range(start, start + count):
        await me.append(message(TEXT, id=f"m{n}"), to=of)


class TestCompacting:
    async def test_below_the_limit_nothing_is_asked_for(self, me, talk):
        await append_some(me, 8)
        assert sum(one.token_count for one in await me.messages()) <= 100
        assert await me.summaries() == []

    async def test_a_batch_that_carries_it_above_is_compacted(self, me, talk):
        await me.append(*[message(TEXT, id=f"m{n}") for n in range(20)])
        [made] = await me.summaries()
        assert (made.from_id, made.to_id) == ("m0", "m16")

    async def test_a_dialogue_created_or_changed_above_it_is_compacted(self, me, talk):
        many = [message(TEXT) for _ in range(20)]
        await me.new("created", messages=many)
        await me.new("changed")
        await me.change("changed", messages=[message(TEXT) for _ in range(20)])
        for name in ["created", "changed"]:
            assert len(await me.summaries(name)) == 1

    async def test_it_goes_on_as_the_dialogue_grows_each_upon_the_former(self, me, talk, world):
        await append_some(me, 60)
        made = await me.summaries(order="asc")
        work = Work(world.store, world.clock)
        await work.do(*["completed"] * len(made))
        assert 3 <= len(made) <= 8
        made = await me.summaries(order="asc")
        assert [one.previous_id for one in made[1:]] == ids(made[:-1])
        read = [text for _, of in work.texts for text in of]
        assert len(read) == made[-1].message_count

    async def test_many_appends_at_once_are_compacted_once(self, me, talk):
        await append_some(me, 7)
        await together([me.append(message(TEXT)) for _ in range(6)])
        assert len(await me.summaries()) == 1

    async def test_long_last_messages_do_not_make_a_summary_each_time(self, me):
        await me.set(autoCompact={"aboveTokens": 100, "keepRecent": 20})
        await me.new("d")
        await append_some(me, 30)
        assert 1 <= len(await me.summaries()) <= 4

    async def test_what_failed_is_summarized_again_but_not_at_once(self, me, talk, world):
        work = Work(world.store, world.clock)
        await append_some(me, 20)
        count = len(await me.summaries())
        work.summarizer.script = [SummarizerRefused("The key is not valid")] * count
        await work.do(*["failed"] * count)
        await append_some(me, 20, start=20)
        assert len(await me.summaries()) == count
        world.clock.set(86_400)
        await append_some(me, 12, start=40)
        made = await me.summaries()
        assert len(made) > count
        assert made[0].from_id == "m0"

    async def test_one_with_instructions_covers_nothing(self, me, talk):
        await append_some(me, 8)
        await me.summarize(instructions="Which colours are named?")
        await append_some(me, 4, start=8)
        assert [one.instructions for one in await me.summaries()] == [
            UNSET,
            "Which colours are named?",
        ]

    async def test_a_message_of_the_future_that_is_covered_holds_nothing_up(self, me, talk):
        await me.append(message(TEXT, id="late", created="2100-01-01T00:00:00.000Z"))
        await me.summarize()
        await append_some(me, 60)
        made = await me.summaries()
        assert 4 <= len(made) <= 9
        assert made[0].message_count > 40

    async def test_a_call_that_is_never_answered_holds_nothing_up(self, me, talk):
        for n in range(30):
            call = {"type": "tool_use", "id": f"c{n}", "name": "look", "input": {"at": TEXT}}
            await me.append(message([call], role="assistant", id=f"c{n}"))
            if n != 2:
                result = {"type": "tool_result", "tool_use_id": f"c{n}", "content": TEXT}
                await me.append(message([result], id=f"r{n}"))
        assert len(await me.summaries()) > 2

    async def test_without_the_setting_nothing_is_asked_for(self, me, talk):
        await me.set(autoCompact=None)
        await append_some(me, 30)
        assert await me.summaries() == []

    async def test_dialogues_of_one_name_in_two_namespaces_are_two(self, me, talk):
        await me.new("d", "ns")
        await me.append(*[message(TEXT) for _ in range(20)], namespace="ns")
        await append_some(me, 4)
        assert await me.summaries() == []
        assert len(await me.summaries(namespace="ns")) == 1

    async def test_engines_side_by_side_compact_a_dialogue_once(self, me, talk, engine, tmp_path):
        await append_some(me, 7)
        other = await engine(tmp_path / "data")
        try:
            services, clock = over(other)
            beside = Tenant(services, clock, me.project, other)
            await together([one.append(message(TEXT)) for _ in range(3) for one in (me, beside)])
        finally:
            await other.close()
        assert len(await me.summaries()) == 1

    async def test_a_limit_that_was_lowered_counts_from_the_next_append_on(self, me, talk):
        await me.set(autoCompact={"aboveTokens": 10_000, "keepRecent": 3})
        await append_some(me, 20)
        assert await me.summaries() == []
        await me.set(autoCompact=LIMITS)
        await append_some(me, 1, start=20)
        assert len(await me.summaries()) == 1

    async def test_a_summary_that_was_deleted_is_made_again(self, me, talk):
        await append_some(me, 12)
        [made] = await me.summaries()
        await me.delete_summary(made.id)
        await append_some(me, 1, start=12)
        [again] = await me.summaries()
        assert (again.from_id, again.to_id) == ("m0", "m9")

    async def test_a_summary_beyond_the_quota_is_left_out_and_the_append_is_not(self, me, talk):
        def many():
            return [message(TEXT) for _ in range(20)]

        await me.set(autoCompact=None)
        before = (await me.usage()).stored_bytes
        await me.append(*many())
        used = (await me.usage()).stored_bytes - before
        await me.set(autoCompact=LIMITS, quotas={"storedBytes": before + used * 2})
        await me.append(*many())
        assert len(await me.messages()) == 40
        assert await me.summaries() == []

    async def test_an_append_that_is_refused_leaves_no_summary(self, me, talk):
        await me.change_status("end")
        with pytest.raises(DialogueEnded):
            await me.append(*[message(TEXT) for _ in range(20)])
        assert await me.summaries() == []

    @pytest.mark.parametrize("is_one_deleted", [True, False])
    async def test_what_a_summary_covers_is_counted_as_if_it_was_asked_for(
        self, me, is_one_deleted
    ):
        await me.set(autoCompact=LIMITS)
        await me.new("d")
        await append_some(me, 20)
        await me.append(message(TEXT, id="early", created="2020-01-01T00:00:00.000Z"))
        if is_one_deleted:
            await me.delete_message("m2")
        await append_some(me, 20, start=20)
        [made, *_] = await me.summaries()
        requested = await me.summarize(end_id=made.to_id, rebuild=True)
        assert made.from_id == requested.from_id == "early"
        assert (made.message_count, made.total_tokens) == (
            requested.message_count,
            requested.total_tokens,
        )
        assert len(await me.covered(made.id)) == made.message_count
