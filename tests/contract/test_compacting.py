"""Compaction by itself: above the limit, once, all but the last messages, and never in the way."""

import pytest

from tests.contract.making import ids, message, together
from tests.contract.summarizing import Work

pytestmark = pytest.mark.anyio

SAID = "one two three four five six"
LIMITS = {"aboveTokens": 100, "keepRecent": 3}


@pytest.fixture
async def talk(me):
    """Make a dialogue whose project compacts above 100 tokens."""
    await me.set(autoCompact=LIMITS)
    await me.new("d")


async def said(me, count, of="d", start=0):
    """Append messages one by one."""
    for n in range(start, start + count):
        await me.append(message(SAID, id=f"m{n}"), to=of)


class TestCompacting:
    async def test_below_the_limit_nothing_is_asked_for(self, me, talk):
        await said(me, 8)
        assert sum(one.token_count for one in await me.messages()) <= 100
        assert await me.summaries() == []

    async def test_a_batch_that_carries_it_above_is_compacted(self, me, talk):
        await me.append(*[message(SAID, id=f"m{n}") for n in range(20)])
        [made] = await me.summaries()
        assert (made.from_id, made.to_id) == ("m0", "m16")

    async def test_a_dialogue_created_or_changed_above_it_is_compacted(self, me, talk):
        many = [message(SAID) for _ in range(20)]
        await me.new("created", messages=many)
        await me.new("changed")
        await me.change("changed", messages=[message(SAID) for _ in range(20)])
        for name in ["created", "changed"]:
            assert len(await me.summaries(name)) == 1

    async def test_it_goes_on_as_the_dialogue_grows_each_upon_the_former(self, me, talk, world):
        await said(me, 60)
        made = await me.summaries(order="asc")
        work = Work(world.store, world.clock)
        await work.do(*["completed"] * len(made))
        assert 3 <= len(made) <= 8
        made = await me.summaries(order="asc")
        assert [one.previous_id for one in made[1:]] == ids(made[:-1])
        read = [text for _, of in work.texts for text in of]
        assert len(read) == made[-1].message_count

    async def test_many_appends_at_once_are_compacted_once(self, me, talk):
        await said(me, 7)
        await together([me.append(message(SAID)) for _ in range(6)])
        assert len(await me.summaries()) == 1

    async def test_long_last_messages_do_not_make_a_summary_each_time(self, me):
        await me.set(autoCompact={"aboveTokens": 100, "keepRecent": 20})
        await me.new("d")
        await said(me, 30)
        assert 1 <= len(await me.summaries()) <= 4

    async def test_without_the_setting_nothing_is_asked_for(self, me, talk):
        await me.set(autoCompact=None)
        await said(me, 30)
        assert await me.summaries() == []

    async def test_dialogues_of_one_name_in_two_namespaces_are_two(self, me, talk):
        await me.new("d", "ns")
        await me.append(*[message(SAID) for _ in range(20)], namespace="ns")
        await said(me, 4)
        assert await me.summaries() == []
        assert len(await me.summaries(namespace="ns")) == 1
