"""Requests are counted in the background: nothing asks or ends past what is being written."""

import asyncio

import pytest
from msgspec.structs import replace

from dialoguedb.http.admission.admission import RequestCounts

pytestmark = pytest.mark.anyio

LOOP_TURNS = 100


class Held:
    """Projects whose requests are written when the test lets them be."""

    def __init__(self, projects):
        self._projects = projects
        self.begun, self.released = asyncio.Event(), asyncio.Event()

    def __getattr__(self, name):
        return getattr(self._projects, name)

    async def record_activity(self, *activity):
        self.begun.set()
        await self.released.wait()
        await self._projects.record_activity(*activity)


@pytest.fixture
async def held(world):
    return Held(world.services.projects)


@pytest.fixture
async def counts(world, held):
    return RequestCounts(replace(world.services, projects=held))


@pytest.fixture
async def count(world, me, counts):
    """Return what counts a request of the project, as its settings are then."""
    secret, _ = await me.new_key()

    async def count():
        return await counts.count(await world.services.keys.find(secret))

    await count()
    return count


async def after(held, work):
    """Let what is held go on once something had its turns, and return what came of that."""
    task = asyncio.ensure_future(work)
    for _ in range(LOOP_TURNS):
        await asyncio.sleep(0)
    held.released.set()
    return await task


@pytest.fixture
async def being_written(held, counts, count):
    """Begin to write what was counted."""
    writing = asyncio.create_task(counts.flush())
    await held.begun.wait()
    yield
    await writing


@pytest.mark.usefixtures("being_written")
class TestWhatIsBeingWritten:
    async def test_is_part_of_the_usage(self, me, held, counts):
        async def usage():
            await counts.flush()
            return await me.usage()

        assert (await after(held, usage())).requests == 1

    async def test_counts_towards_a_quota(self, me, held, count):
        await me.set(quotas={"requests": 1})
        assert await after(held, count())


async def test_what_is_written_at_the_end_is_counted(me, held, counts, count):
    running = asyncio.create_task(counts.run())
    await held.begun.wait()
    running.cancel()
    await after(held, counts.flush())
    assert (await me.usage()).requests == 1
