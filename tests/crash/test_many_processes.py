"""Many processes on one data directory: nobody is ever told that the database is locked."""

from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from multiprocessing import get_context

import pytest

from dialoguedb.store.sqlite import SQLiteStore
from tests.contract.making import World, ids
from tests.crash import appending

pytestmark = pytest.mark.anyio

PROCESSES = 8
FRESH_DIRECTORIES = 40
APPENDS = [
    200,
    pytest.param(4_000, marks=[pytest.mark.slow, pytest.mark.timeout(1_800)]),
]


@pytest.fixture
def processes():
    """Start processes that have nothing in common with this one."""
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize("count", APPENDS)
async def test_all_append_to_one_dialogue_and_nothing_is_lost(count, processes, tmp_path):
    data = tmp_path / "data"
    store = await SQLiteStore.open(data)
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


def test_all_may_be_the_first_to_start(processes, tmp_path):
    directories = [tmp_path / str(number) / "data" for number in range(FRESH_DIRECTORIES)]
    with get_context("spawn").Manager() as manager:
        barrier = manager.Barrier(PROCESSES)
        jobs = [
            processes.submit(appending.start_at_once, barrier, directories)
            for _ in range(PROCESSES)
        ]
        wait(jobs, return_when=FIRST_EXCEPTION)  # of which others only see that somebody left
        failed = [job for job in jobs if job.done() and job.exception()]
        secrets = [job.result() for job in [*failed, *jobs]]
    assert all(one == secrets[0] for one in secrets), "two made the same data"
    assert len(set(secrets[0])) == FRESH_DIRECTORIES
