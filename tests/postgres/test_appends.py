"""Appends that share a transaction: each has the outcome that it would have alone."""

import asyncio

import pytest

from dialoguedb.errors import DialogueEnded, DialogueNotFound, DuplicateId, ServiceUnavailable
from dialoguedb.ports import IdempotencyHit
from tests.contract.making import idempotent, message, together

pytestmark = pytest.mark.anyio


@pytest.fixture
async def me(worlds):
    """Make a project on one server, with two dialogues."""
    tenant = await worlds[0].tenant()
    await tenant.new("d")
    await tenant.new("e")
    return tenant


async def outcomes(*operations):
    """Do many things in one turn of the event loop; return the results and the errors."""
    return await asyncio.gather(*operations, return_exceptions=True)


class TestGatheredAppends:
    async def test_one_that_is_refused_harms_no_other(self, me):
        await me.new("ended")
        await me.change_status("end", "ended")
        await me.append(message("first", id="m"))
        done = await outcomes(
            me.append(message("a")),
            me.append(message("b"), to="nowhere"),
            me.append(message("c"), to="ended"),
            me.append(message("other", id="m")),
            me.append(message("d"), to="e"),
        )
        assert [type(one) for one in done[1:4]] == [DialogueNotFound, DialogueEnded, DuplicateId]
        assert await me.contents() == ["first", "a"]
        assert await me.contents("e") == ["d"]

    async def test_those_to_one_dialogue_follow_each_other(self, me):
        await together(me.append(message(str(n), id=f"m{n}"), message("x")) for n in range(40))
        listed = await me.messages()
        assert [one.seq for one in listed] == [*range(1, 81)]
        assert (await me.get()).total_messages == 80

    async def test_they_keep_their_order_while_others_are_stored(self, me):
        waiting = []
        for n in range(60):
            waiting.append(asyncio.ensure_future(me.append(message(str(n)), to="de"[n % 2])))
            if n % 7 == 0:
                await asyncio.sleep(0.001)
        await asyncio.gather(*waiting)
        assert await me.contents("d") == [str(n) for n in range(0, 60, 2)]
        assert await me.contents("e") == [str(n) for n in range(1, 60, 2)]

    async def test_a_message_that_two_of_them_hold_is_stored_once(self, me):
        done = await outcomes(*(me.append(message("a", id="m")) for _ in range(5)))
        assert [[one.seq for one in appended] for appended in done] == [[1]] * 5
        assert await me.contents() == ["a"]

    async def test_an_idempotency_key_is_used_once(self, me):
        async def append(text, key):
            return await me.append(message(text), options=me.write_options(idempotent(key)))

        done = await outcomes(append("a", "k"), append("b", "l"), append("a", "k"))
        assert type(done[2]) is IdempotencyHit
        again = await outcomes(append("c", "m"), append("b", "l"))
        assert type(again[1]) is IdempotencyHit
        assert await me.contents() == ["a", "b", "c"]

    async def test_one_that_the_database_refuses_harms_no_other(self, me):
        refused = me.store.messages.create(
            me.project, "", "d", [message("b", id="m\0")], me.write_options()
        )
        done = await outcomes(me.append(message("a")), refused, me.append(message("c"), to="e"))
        assert isinstance(done[1], Exception)
        assert await me.contents() == ["a"]
        assert await me.contents("e") == ["c"]

    async def test_those_that_wait_are_stored_before_the_store_closes(self, me):
        waiting = [asyncio.ensure_future(me.append(message(str(n)))) for n in range(5)]
        await asyncio.sleep(0)
        await me.store.close()
        assert [[one.seq for one in await done] for done in waiting] == [[1], [2], [3], [4], [5]]
        with pytest.raises(ServiceUnavailable):
            await me.append(message("late"))
