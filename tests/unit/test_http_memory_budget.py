"""A budget of memory: shared by all, divided by keys, and waited for in order."""

import asyncio

import pytest

from dialoguedb.errors import ServiceUnavailable
from dialoguedb.http.memory_budget import MemoryBudget

pytestmark = pytest.mark.anyio

MIB = 1024 * 1024
SIZE = 100 * MIB
"""Of which one key gets a half."""


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def budget():
    return MemoryBudget(SIZE)


@pytest.fixture
def hasty():
    """Make a budget that is waited for no longer than the loop needs to look."""
    return MemoryBudget(SIZE, wait_seconds=0)


async def turns():
    """Let all tasks run as far as they can."""
    for _ in range(10):
        await asyncio.sleep(0)


class TestRoom:
    async def test_a_key_gets_half(self, hasty):
        share = hasty.share("one")
        await share.grow_to(SIZE // 2)
        with pytest.raises(ServiceUnavailable):
            await hasty.share("one").grow_to(1)
        await hasty.share("another").grow_to(SIZE // 2)
        assert (hasty.held_bytes, hasty.refused) == (SIZE, 1)

    async def test_one_that_is_alone_gets_what_it_needs(self, hasty):
        await hasty.share("one").grow_to(SIZE * 2)
        assert hasty.held_bytes == SIZE * 2

    async def test_what_is_released_is_free(self, budget):
        for _ in range(5):
            share = budget.share("one")
            await share.grow_to(SIZE // 2)
            share.release()
        assert budget.held_bytes == 0

    async def test_a_share_that_is_over_takes_nothing_more(self, budget):
        share = budget.share("one")
        share.release()
        await share.grow_to(MIB)
        assert budget.held_bytes == share.held_bytes == 0

    async def test_a_share_grows_and_shrinks(self, budget):
        share = budget.share("one")
        await share.grow_to(MIB)
        await share.grow_to(MIB // 2)
        assert budget.held_bytes == MIB
        share.set_to(2 * MIB, force=False)
        share.set_to(7, force=False)
        assert budget.held_bytes == share.held_bytes == 7

    async def test_what_is_there_already_is_refused_or_counted(self, budget):
        await budget.share("one").grow_to(SIZE // 2)
        share = budget.share("one")
        with pytest.raises(ServiceUnavailable):
            share.set_to(MIB, force=False)
        share.set_to(MIB, force=True)
        assert budget.held_bytes == SIZE // 2 + MIB


class TestWaiting:
    async def test_it_ends_when_there_is_room(self, budget):
        first, second = budget.share("one"), budget.share("one")
        await first.grow_to(SIZE // 2)
        waiting = asyncio.ensure_future(second.grow_to(MIB))
        await turns()
        assert not waiting.done()
        assert budget.waiting == 1
        first.release()
        await waiting
        assert (budget.held_bytes, budget.waiting) == (MIB, 0)

    async def test_it_is_in_the_order_of_arrival_for_one_key(self, budget):
        first, order = budget.share("one"), []
        await first.grow_to(SIZE // 2)

        async def wait(number, count):
            await budget.share("one").grow_to(count)
            order.append(number)

        waiting = [
            asyncio.ensure_future(wait(number, count))
            for number, count in enumerate([SIZE // 2 - 1, 1, 0 + MIB // MIB])
        ]
        await turns()
        first.release()
        await turns()
        assert order == [0, 1]
        assert budget.waiting == 1
        waiting[2].cancel()

    async def test_other_keys_pass_by(self, budget):
        await budget.share("one").grow_to(SIZE // 2)
        waiting = asyncio.ensure_future(budget.share("one").grow_to(MIB))
        await turns()
        await budget.share("another").grow_to(MIB)
        assert not waiting.done()
        waiting.cancel()

    async def test_those_that_want_more_do_not_wait_for_each_other(self, budget):
        shares = [budget.share("one") for _ in range(50)]
        for share in shares:
            await share.grow_to(MIB)

        async def use(share):
            await share.grow_to(32 * MIB)
            await turns()
            share.release()

        await asyncio.gather(*map(use, shares))
        assert budget.held_bytes == 0

    async def test_one_that_gives_up_leaves_nothing(self, budget):
        first = budget.share("one")
        await first.grow_to(SIZE // 2)
        waiting = [asyncio.ensure_future(budget.share("one").grow_to(MIB)) for _ in range(2)]
        await turns()
        waiting[0].cancel()
        first.release()
        waiting[1].cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert (budget.held_bytes, budget.waiting) == (0, 0)

    async def test_it_ends_with_an_error_of_ours(self, hasty):
        await hasty.share("one").grow_to(SIZE // 2)
        with pytest.raises(ServiceUnavailable):
            await hasty.share("one").grow_to(1)
        assert (hasty.waiting, hasty.held_bytes) == (0, SIZE // 2)
