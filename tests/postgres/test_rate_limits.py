"""Token buckets in the database: what they give to whom, and how often they are asked."""

import asyncio
import time

import pytest
from msgspec.structs import replace

from dialoguedb.errors import ProjectNotFound
from dialoguedb.http.admission.rate_limits import RateLimits
from dialoguedb.http.admission.shared_rate_limits import SharedRateLimits
from dialoguedb.model.projects import ProjectSettings, RateLimit
from dialoguedb.model.writes import WriteOptions
from dialoguedb.store.postgres import PostgresStore
from tests.contract.making import World
from tests.databases import pooler
from tests.databases.engines import databases_of

pytestmark = pytest.mark.anyio


class Counting:
    """Passes on what is taken, and counts how often."""

    def __init__(self, store):
        self._store = store
        self.calls = 0

    async def take(self, project, requests):
        self.calls += 1
        return await self._store.take(project, requests)


def limited(project, **rate):
    return replace(project, settings=ProjectSettings(rate_limit=RateLimit(**rate)))


async def test_a_bucket_gives_what_it_has(servers):
    one, other = (server.store.rate_limits for server in servers)
    project, began = limited(servers[0].project, per_second=1, burst=10), time.monotonic()
    assert (await one.take(project, 4)).count == 4
    rest = await other.take(project, 100)
    returned = time.monotonic() - began
    assert 6 <= rest.count <= 6 + returned
    assert 0 <= rest.left < 1
    assert (await one.take(project, 0)).count == 0


async def test_a_bucket_that_became_smaller_holds_no_more(servers):
    store, project = servers[0].store.rate_limits, servers[0].project
    await store.take(limited(project, per_second=1, burst=1_000), 1)
    assert (await store.take(limited(project, per_second=1, burst=5), 1_000)).count == 5


async def test_a_bucket_fills_by_the_clock_of_the_database(servers):
    store = servers[0].store.rate_limits
    project = limited(servers[0].project, per_second=1_000, burst=100_000)
    before = await store.take(project, 100_000)
    await asyncio.sleep(0.05)
    taken = await store.take(project, 100_000)
    assert before.count == 100_000
    assert taken.count >= 50


async def test_servers_take_no_token_twice(servers):
    project, began = limited(servers[0].project, per_second=1, burst=50), time.monotonic()
    stores = [server.store.rate_limits for server in servers]
    taken = await asyncio.gather(*(stores[n % 2].take(project, 1) for n in range(200)))
    returned = time.monotonic() - began
    assert 50 <= sum(one.count for one in taken) <= 50 + returned


@pytest.mark.skipif(pooler.PROGRAM is None, reason="pgbouncer is not installed")
async def test_servers_behind_a_pooler_take_no_token_twice():
    server = databases_of("postgres").server
    name = server.new_database().rpartition("/")[2]
    with pooler.pooling(server.port) as port:
        url, began = f"postgresql://postgres@127.0.0.1:{port}/{name}", time.monotonic()
        stores = [await PostgresStore.open(url, pooled=True) for _ in range(2)]
        world = World(stores[0])
        made = [(await world.tenant()).project for _ in range(3)]
        buckets = [store.rate_limits for store in stores if store.rate_limits]
        projects = [limited(one, per_second=1, burst=20 + n) for n, one in enumerate(made)]
        for n, project in enumerate(projects):
            takes = (buckets[turn % 2].take(project, 1) for turn in range(100))
            taken = await asyncio.gather(*takes)
            returned = time.monotonic() - began
            assert 20 + n <= sum(one.count for one in taken) <= 20 + n + returned
        for store in stores:
            await store.close()


async def test_requests_that_arrive_together_are_counted_together(servers):
    project = limited(servers[0].project, per_second=1, burst=1_000)
    counting = Counting(servers[0].store.rate_limits)
    limits = SharedRateLimits(counting, RateLimits(enabled=True))
    spent = await asyncio.gather(*(limits.spend(project) for _ in range(500)))
    await limits.close()
    assert counting.calls <= 2
    assert [status.remaining for status, _ in spent[:3]] == [999, 998, 997]
    assert {wait_s for _, wait_s in spent} == {0.0}


async def test_a_project_that_is_gone_has_none(servers):
    tenant = servers[0]
    project = limited(tenant.project, per_second=1, burst=5)
    await tenant.store.rate_limits.take(project, 1)
    await tenant.store.projects.delete(project.id, WriteOptions("2026-11-30T00:00:00.000Z"))
    with pytest.raises(ProjectNotFound):
        await tenant.store.rate_limits.take(project, 1)
    limits = SharedRateLimits(tenant.store.rate_limits, RateLimits(enabled=True))
    status, _ = await limits.spend(project)
    assert status.remaining == 4
