"""An erasure goes on where a crash has left it, and keeps the data whole at every commit."""

from contextlib import closing

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
    await me.remember(namespace="ns")
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
