"""Many processes on the same data: nobody is ever told that the database is locked."""

from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from multiprocessing import get_context

import pytest

from tests.contract.making import World, ids
from tests.crash import appending
from tests.databases.engines import VERSIONS, databases_of

pytestmark = pytest.mark.anyio

PROCESSES = 8
FRESH = {"sqlite": 40, "postgres": 3, "postgres16": 3}
APPENDS = [
    200,
    pytest.param(4_000, marks=[pytest.mark.slow, pytest.mark.timeout(1_800)]),
]


@pytest.fixture
def processes():
    """Start processes that have nothing in common with this one."""
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        yield pool


@pytest.fixture
def locations(engine, tmp_path):
    """Return where data may be that is not there yet."""

    def unused(count):
        if engine in VERSIONS:
            return [databases_of(engine).server.new_database() for _ in range(count)]
        return [tmp_path / str(number) / "data" for number in range(count)]

    return unused


@pytest.mark.parametrize("count", APPENDS)
async def test_all_append_to_one_dialogue_and_nothing_is_lost(count, processes, locations):
    [data] = locations(1)
    store = await appending.opened(data)
    me = await World(store).tenant()
    await me.new("d")
    done = [processes.submit(appending.append, data, number, count) for number in range(PROCESSES)]
    assert sum(one.result() for one in done) == PROCESSES * count
    listed = await me.messages()
    assert (await me.get()).total_messages == len(listed) == PROCESSES * count
    assert sorted(one.seq for one in listed) == list(range(1, PROCESSES * count + 1))
    for process in range(PROCESSES):
        of_task = [one for one in ids(listed) if one.startswith(f"{process}.0.")]
        assert of_task == [f"{process}.0.{number}" for number in range(count // appending.TASKS)]
    assert (await me.usage()).messages == PROCESSES * count
    await store.close()


def test_all_may_be_the_first_to_start(engine, processes, locations):
    fresh = locations(FRESH[engine])
    with get_context("spawn").Manager() as manager:
        barrier = manager.Barrier(PROCESSES)
        jobs = [processes.submit(appending.start_at_once, barrier, fresh) for _ in range(PROCESSES)]
        wait(jobs, return_when=FIRST_EXCEPTION)  # of which others only see that somebody left
        failed = [job for job in jobs if job.done() and job.exception()]
        secrets = [job.result() for job in [*failed, *jobs]]
    assert all(one == secrets[0] for one in secrets), "two made the same data"
    assert len(set(secrets[0])) == FRESH[engine]
