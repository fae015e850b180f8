"""Backups of what is in use, larger than the memory that a copy is made with."""

import pytest

from dialoguedb.store.sqlite import SQLiteStore
from dialoguedb.store.sqlite.maintenance import backup
from dialoguedb.store.sqlite.maintenance.check import check
from tests.contract.making import World, message

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("messages", [10, 2_000])
async def test_pages_that_were_changed_since_they_were_copied_have_checksums(tmp_path, messages):
    store = await SQLiteStore.open(tmp_path / "data")
    me = await World(store).tenant()
    await me.new("d")
    for start in range(0, messages, 500):
        portion = range(start, min(start + 500, messages))
        await me.append(*(message("x" * 3_000, id=f"m{index}") for index in portion))
    for index in range(50):  # these pages are in the file as well as in the log
        await me.append(message("parcel", id=f"n{index}"))
    copy = tmp_path / "copy"
    backup.backup(tmp_path / "data", copy, lambda *_: None)
    assert check(copy) == []
    await store.close()
