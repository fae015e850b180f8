"""Filters of tags and status give the same answer whether few things match or many.

An engine may look for few in another way than for many; the embedded one does so at 2,000.
"""

import msgspec
import pytest

from dialoguedb.values.lists import TimeRange
from tests.contract.making import at, ids, message, together

pytestmark = [pytest.mark.anyio, pytest.mark.every_version]

TAGGED = [1_999, 2_000, 2_001]
OTHERS = 100


def fields(number, tagged):
    """Return what thing `number` has; `tagged` of them are tagged, all among others."""
    tags = {"many": number < tagged, "some": number % 7 == 0, "few": number % 500 == 0}
    return {
        "id": f"{number:04}",
        "tags": tuple(tag for tag, has in tags.items() if has),
        "created": at(number * 37 % 1_000),
    }


def matching(things, tags, span, order):
    """Return the ids a list must show, from the rules alone."""
    found = [
        one
        for one in things
        if set(one["tags"]) & set(tags) and span.lower <= one["created"] < span.upper
    ]
    found.sort(key=lambda one: (one["created"], one["id"]), reverse=order == "desc")
    return [one["id"] for one in found]


FILTERS = [
    (("many",), TimeRange()),
    (("many", "few"), TimeRange()),
    (("some", "absent"), TimeRange()),
    (("few",), TimeRange(at(100), at(700))),
    (("many", "some"), TimeRange(at(100), at(110))),
    (("many",), TimeRange(at(2_000))),
    (("absent",), TimeRange()),
]


@pytest.mark.parametrize("tagged", TAGGED)
class TestTags:
    async def check(self, list_all, things):
        """Check every filter in both orders, in one page after another."""
        for tags, span in FILTERS:
            for order in ["asc", "desc"]:
                listed = await list_all(order=order, limit=900, tags=tags, created=span)
                assert ids(listed) == matching(things, tags, span, order)

    async def test_messages(self, tagged, me):
        await me.new("d")
        await me.new("other")
        things = [fields(number, tagged) for number in range(tagged + OTHERS)]
        for start in range(0, len(things), 1_000):
            batch = things[start : start + 1_000]
            await me.append(*(message(**one) for one in batch))
            await me.append(*(message(**one) for one in batch), to="other")
        await self.check(me.messages, things)

    async def test_dialogues(self, tagged, me, stranger):
        things = [fields(number, tagged) for number in range(tagged + OTHERS)]
        for tenant, count in [(me, len(things)), (stranger, 10)]:
            await together(
                tenant.new(one["id"], tags=one["tags"], created=one["created"])
                for one in things[:count]
            )
        await self.check(me.dialogues, things)

    async def test_memories(self, tagged, me, stranger):
        things = [fields(number, tagged) for number in range(tagged + OTHERS)]
        await together(me.remember(**one) for one in things)
        await together(stranger.remember(**one) for one in things[:10])
        await self.check(me.memories, things)

    async def test_closed_dialogues(self, tagged, me):
        things = [fields(number, tagged) for number in range(tagged + OTHERS)]
        await together(me.new(one["id"], created=one["created"]) for one in things)
        await together(me.change_status("end", one["id"]) for one in things[:tagged])
        await together(me.change_status("archive", one["id"]) for one in things[tagged:])
        statuses = {"ended": things[:tagged], "archived": things[tagged:], "active": []}
        for status, these in statuses.items():
            for order in ["asc", "desc"]:
                keys = [(one["created"], one["id"]) for one in these]
                listed = await me.dialogues(order, limit=900, status=status)
                assert [(one.created, one.id) for one in listed] == sorted(
                    keys, reverse=order == "desc"
                )


class TestTagsChanged:
    async def test_a_filter_follows_every_change_of_tags(self, me):
        count = 2_050
        await me.new("d")
        for start in range(0, count, 1_000):
            batch = range(start, min(start + 1_000, count))
            await me.append(*(message(id=f"{n:04}", tags=("t",)) for n in batch))
        await together(me.tag(f"{number:04}", ("u",)) for number in range(0, count, 2))
        listed = await me.messages(tags=("t",))
        assert ids(listed) == [f"{number:04}" for number in range(1, count, 2)]
        assert len(await me.messages(tags=("t", "u"))) == count
        await together(me.delete_message(f"{number:04}") for number in range(1, count, 2))
        assert await me.messages(tags=("t",)) == []
        left = await me.messages(tags=("u",))
        assert ids(left) == [f"{number:04}" for number in range(0, count, 2)]
        assert all(msgspec.json.decode(one.tags) == ["u"] for one in left)

    @pytest.mark.parametrize(
        "tag", ["", " ", "a,b", "%", "_", "é", "e\u0301", "😀", '"', "'; --", "\x01", "\n", "A"]
    )
    async def test_a_tag_is_matched_whole_and_exactly(self, tag, me):
        await me.new("d", tags=(tag,), messages=[message(id="m", tags=(tag,))])
        await me.remember(id="m", tags=(tag,))
        await me.new("e", tags=("x", "a"), messages=[message(tags=("x", "a"))])
        await me.remember(tags=("x", "a"))
        assert ids(await me.dialogues(tags=(tag,))) == ["d"]
        assert ids(await me.messages(tags=(tag,))) == ["m"]
        assert ids(await me.memories(tags=(tag,))) == ["m"]
        await me.tag("m", ("other",))
        assert await me.messages(tags=(tag,)) == []
