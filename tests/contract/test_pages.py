"""Pages: what is there throughout is seen exactly once, whatever happens meanwhile."""

from typing import Any

import pytest

from dialoguedb.errors import Forbidden, InvalidRequest
from dialoguedb.model.dialogues import DialogueFilter
from dialoguedb.model.memories import MemoryFilter
from dialoguedb.model.messages import MessageFilter
from dialoguedb.service.messages import MessageListFilter
from dialoguedb.service.pages import ListRequest, PageRequest
from dialoguedb.values.lists import TimeRange
from tests.contract.making import at, ids, message

pytestmark = pytest.mark.anyio

ORDERS = ["asc", "desc"]
COUNT = 24


class Dialogues:
    """A list of dialogues that things happen to."""

    def __init__(self, me, **filters):
        self.me, self.filters = me, DialogueFilter(**filters)

    async def page(self, order, limit, token=None):
        return await self.me.page(self.filters, order, limit, token)

    async def make(self, name, seconds):
        first = [message(created=at(seconds))]
        tags, parent = self.filters.tags, self.filters.thread_of
        await self.me.new(name, created=at(seconds), messages=first, tags=tags, thread_of=parent)

    async def touch(self, name):
        await self.me.append(message(created=at(1_000)), to=name)
        await self.me.change(name, label="touched")

    async def delete(self, name):
        await self.me.delete(name)


class Messages:
    """A list of messages that things happen to."""

    def __init__(self, me, **filters):
        self.me, self.filters = me, MessageFilter(**filters)

    async def page(self, order, limit, token=None):
        listed = MessageListFilter("", "d", self.filters)
        return (await self.me.messages_page(listed, order, limit, token)).value

    async def make(self, name, seconds):
        tags = self.filters.tags
        await self.me.append(message(id=name, created=at(seconds), tags=tags))

    async def touch(self, name):
        await self.me.tag(name, ("touched", *self.filters.tags))

    async def delete(self, name):
        await self.me.delete_message(name)


class Memories:
    """A list of memories that things happen to."""

    def __init__(self, me, **filters):
        self.me, self.filters = me, MemoryFilter(**filters)

    async def page(self, order, limit, token=None):
        request = PageRequest(ListRequest(self.filters, order, limit), next=token)
        return await self.me.services.memories.list(self.me.project, request)

    async def make(self, name, seconds):
        await self.me.remember(id=name, created=at(seconds), tags=self.filters.tags)

    async def touch(self, name):
        await self.me.tag_memory(name, ("touched", *self.filters.tags))

    async def delete(self, name):
        await self.me.forget(name)


LISTS: dict[str, Any] = {
    "dialogues by created": (Dialogues, {}),
    "dialogues by modified": (Dialogues, {"order_by": "modified"}),
    "dialogues by last message": (Dialogues, {"order_by": "lastMessageCreated"}),
    "tagged dialogues": (Dialogues, {"tags": ("t",)}),
    "active dialogues": (Dialogues, {"status": "active"}),
    "dialogues of a time": (Dialogues, {"created": TimeRange(at(0), at(12))}),
    "dialogues of a time by modified": (
        Dialogues,
        {"created": TimeRange(at(0), at(12)), "order_by": "modified"},
    ),
    "dialogues of a namespace": (Dialogues, {"namespace": ""}),
    "threads": (Dialogues, {"thread_of": "root"}),
    "threads by modified": (Dialogues, {"thread_of": "root", "order_by": "modified"}),
    "messages": (Messages, {}),
    "messages of a time": (Messages, {"created": TimeRange(at(0), at(12))}),
    "tagged messages": (Messages, {"tags": ("t",)}),
    "messages of a role": (Messages, {"role": "user"}),
    "memories by created": (Memories, {}),
    "memories by modified": (Memories, {"order_by": "modified"}),
    "memories of a time": (Memories, {"created": TimeRange(at(0), at(12))}),
    "tagged memories": (Memories, {"tags": ("t",)}),
}


@pytest.fixture(params=LISTS)
async def listed(request, me):
    """Make a list with pairs of items with the same time."""
    kind, filters = LISTS[request.param]
    listed = kind(me, **filters)
    if kind is Messages:
        await me.new("d")
    if "thread_of" in filters:
        await me.new("root")
    for number in range(COUNT):
        await listed.make(f"i{number * 7 % COUNT:02}", number // 2)
    return listed


async def walk(listed, order, limit, meanwhile):
    """Turn the pages; `meanwhile` is called between them with the items just shown."""
    seen, token = [], None
    while True:
        page = await listed.page(order, limit, token)
        seen += ids(page.items)
        token = page.next
        if token is None:
            return seen
        await meanwhile(ids(page.items))


@pytest.mark.parametrize("order", ORDERS)
class TestEveryItemExactlyOnce:
    async def test_pages_of_any_size_make_the_same_list(self, order, listed):
        async def nothing(_):
            pass

        whole = ids((await listed.page(order, 1_000)).items)
        assert sorted(whole) == [f"i{number:02}" for number in range(COUNT)]
        for limit in [1, 2, 5, COUNT - 1, COUNT, COUNT + 1]:
            assert await walk(listed, order, limit, nothing) == whole

    async def test_one_order_is_the_other_backwards(self, order, listed):
        there = ids((await listed.page("asc", 1_000)).items)
        assert ids((await listed.page("desc", 1_000)).items) == there[::-1]

    @pytest.mark.parametrize("limit", [1, 5])
    async def test_whatever_is_added_meanwhile(self, limit, order, listed):
        turn = iter(range(10_000))

        async def add(_):
            number = next(turn)
            if number < 20:
                await listed.make(f"past{number}", -number)
                await listed.make(f"amidst{number}", number / 2)
                await listed.make(f"future{number}", 100 + number)

        whole = ids((await listed.page(order, 1_000)).items)
        seen = await walk(listed, order, limit, add)
        assert [one for one in seen if one.startswith("i")] == whole
        assert len(seen) == len(set(seen))

    @pytest.mark.parametrize("limit", [1, 5])
    async def test_whatever_is_deleted_meanwhile(self, limit, order, listed):
        whole = ids((await listed.page(order, 1_000)).items)
        to_delete = whole[1::3]

        async def delete(shown):
            if shown[-1] in to_delete:  # the very item that the token rests on
                to_delete.remove(shown[-1])
                await listed.delete(shown[-1])
            elif to_delete:
                await listed.delete(to_delete.pop())

        seen = await walk(listed, order, limit, delete)
        kept = [one for one in whole if one not in whole[1::3]]
        assert [one for one in seen if one in kept] == kept
        assert len(seen) == len(set(seen))

    async def test_whatever_is_touched_meanwhile(self, order, listed):
        whole = ids((await listed.page(order, 1_000)).items)
        to_touch = whole[::4]

        async def touch(_):
            if to_touch:
                await listed.touch(to_touch.pop())

        seen = await walk(listed, order, 3, touch)
        kept = [one for one in whole if one not in whole[::4]]
        assert [one for one in seen if one in kept] == kept

    async def test_deleting_everything_ends_the_list(self, order, listed):
        first = await listed.page(order, 5)
        for number in range(COUNT):
            await listed.delete(f"i{number:02}")
        rest = await listed.page(order, 5, first.next)
        assert (rest.items, rest.next) == ([], None)


class TestTokens:
    async def token(self, me, **filters):
        for number in range(3):
            await me.new(f"d{number}", tags=("t",))
        return (await me.page(DialogueFilter(**filters), "desc", 1)).next

    async def test_the_token_alone_is_enough(self, me):
        token = await self.token(me, tags=("t",), order_by="modified")
        assert ids((await me.page(limit=1, token=token)).items) == ["d1"]

    async def test_one_of_another_project_is_refused(self, me, stranger):
        token = await self.token(me)
        await self.token(stranger)
        with pytest.raises(InvalidRequest):
            await stranger.page(token=token)

    async def test_one_of_another_list_is_refused(self, me):
        token = await self.token(me)
        with pytest.raises(InvalidRequest):
            await me.messages_page(token=token)
        with pytest.raises(InvalidRequest):
            await Memories(me).page("desc", 1, token)

    async def test_a_forged_one_is_refused(self, me):
        token = await self.token(me)
        for forged in [token[:-2], "A" + token, token.swapcase(), "", "é", "?", "A" * 4_000]:
            with pytest.raises(InvalidRequest):
                await me.page(token=forged)

    async def test_a_bound_key_turns_only_the_pages_of_its_namespace(self, me):
        for number in range(6):
            await me.new(f"d{number}", "mine" if number % 2 else "other")
        for namespace in [None, "other"]:
            token = (await me.page(DialogueFilter(namespace=namespace), "desc", 1)).next
            bound = PageRequest(ListRequest(DialogueFilter(), "desc"), next=token, bound="mine")
            with pytest.raises(Forbidden):
                await me.services.dialogues.list(me.project, bound)
        token = (await me.page(DialogueFilter(namespace="mine"), "desc", 1)).next
        bound = PageRequest(ListRequest(DialogueFilter(), "desc"), next=token, bound="mine")
        assert len((await me.services.dialogues.list(me.project, bound)).items) == 2
