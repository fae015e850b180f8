"""An erasure goes on where a crash has left it, and keeps the data whole at every commit."""

from contextlib import closing

import apsw
import pytest

from dialoguedb.store.sqlite import SQLiteStore, open_database
from dialoguedb.store.sqlite.connection import files
from dialoguedb.store.sqlite.maintenance import check
from dialoguedb.values import timestamps
from tests.contract.making import World, message

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


async def test_it_goes_on_where_a_crash_has_left_it(tmp_path):
    store = await SQLiteStore.open(tmp_path)
    me = await World(store).tenant()
    for n in range(3):
        sent = [message(f"{n} {m}", tags=("t",)) for m in range(300)]
        await me.new(f"d{n}", "ns", thread_of=f"d{n - 1}" if n else None, messages=sent)
        await me.summarize(f"d{n}", namespace="ns")
    await me.remember(namespace="ns", id="m")
    await me.correct("m", "ns", value="other")
    await me.new("d", messages=[message("stays")])
    portions = 0
    while True:
        progress = await store.erasures.advance(me.project, "ns", b"digest", timestamps.now())
        portions += 1
        await store.close()
        assert check.check(tmp_path) == []
        store = await SQLiteStore.open(tmp_path)
        if progress.is_complete:
            break
    deleted = progress.deleted
    assert (deleted.dialogues, deleted.messages, deleted.summaries) == (3, 900, 3)
    assert deleted.memories == 1
    assert portions > 6
    me.store = store
    assert [one.id for one in await me.dialogues()] == ["d"]
    await store.close()


@pytest.mark.parametrize(
    "harm", ["UPDATE dialogues SET thread_count = 1", "DELETE FROM dialogue_bodies"]
)
async def test_it_is_not_complete_while_a_dialogue_with_damaged_counts_is_left(tmp_path, harm):
    store = await SQLiteStore.open(tmp_path)
    me = await World(store).tenant()
    await me.new("d", "ns", messages=[message()])
    await store.close()
    with closing(open_database(tmp_path / files.FILE)) as db:
        db.execute(harm)
    store = await SQLiteStore.open(tmp_path)
    deleted, is_complete = 0, False
    while not is_complete:
        progress = await store.erasures.advance(me.project, "ns", b"digest", timestamps.now())
        deleted, is_complete = progress.deleted.dialogues, progress.is_complete
    assert deleted == 1
    await store.close()


class Steps:
    """Counts what SQLite does on connections, in hundreds of steps."""

    steps = 0

    def watch(self, db):
        db.set_progress_handler(self.step, 100)

    def step(self):
        self.steps += 1
        return False


async def erased(store, me):
    while True:
        progress = await store.erasures.advance(me.project, "ns", b"digest", timestamps.now())
        if progress.is_complete:
            return progress


async def steps_to_erase(directory, dialogues, *, threads):
    """Return how much SQLite does for an erasure: the steps of its machine."""
    store = await SQLiteStore.open(directory)
    me = await World(store).tenant()
    for n in range(dialogues):
        thread_of = "d0" if threads and n else None
        await me.new(f"d{n}", "ns", thread_of=thread_of, messages=[message("a"), message("b")])
    await store.close()
    counted = Steps()
    apsw.connection_hooks.append(counted.watch)
    store = await SQLiteStore.open(directory)
    apsw.connection_hooks.remove(counted.watch)
    counted.steps = 0
    progress = await erased(store, me)
    assert (progress.deleted.dialogues, progress.deleted.messages) == (dialogues, 2 * dialogues)
    await store.close()
    return counted.steps


@pytest.mark.parametrize("threads", [False, True])
async def test_what_it_does_grows_with_what_it_deletes(tmp_path, threads):
    few = await steps_to_erase(tmp_path / "few", 600, threads=threads)
    many = await steps_to_erase(tmp_path / "many", 2_400, threads=threads)
    assert many < 5 * few
