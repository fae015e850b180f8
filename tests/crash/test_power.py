"""Power is lost: whatever the disk made of what was not synced, nothing acknowledged is missing."""

import asyncio
import sys
from typing import Any

import apsw
import pytest

from dialoguedb.store.sqlite import SQLiteStore
from dialoguedb.store.sqlite.connection import vfs
from dialoguedb.store.sqlite.maintenance.check import check
from tests.contract.making import Tenant, World, message, over
from tests.crash.power import Disk, DiskVFS

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform == "win32", reason="the imagined disk is one of Unix"),
]

WRITERS = 8
CUTS_CHECKED_MAX = 60
LOADS = [
    (1, 150, 0.02),
    pytest.param(2, 2_000, 0.001, marks=[pytest.mark.slow, pytest.mark.timeout(1_800)]),
]


@pytest.fixture
def make_disk():
    """Put an imagined disk under every database that is opened from now on."""
    before = apsw.vfs_names()[0]
    made: list[DiskVFS] = []

    def make(seed, chance):
        disk = Disk(seed, chance)
        made.append(DiskVFS(f"disk-{seed}", before, disk))
        apsw.set_default_vfs(f"disk-{seed}")
        _forget_checksums()  # the next database has them made above this disk
        return disk

    yield make
    apsw.set_default_vfs(before)
    _forget_checksums()
    for one in made:
        one.unregister()


def _forget_checksums():
    if vfs.NAME in apsw.vfs_names():
        apsw.unregister_vfs(vfs.NAME)


async def write(me, writer, turns, acknowledged):
    """Append and delete, noting what is acknowledged in the very order in which it is."""
    for turn in range(turns):
        names = [f"{writer}.{turn}.{number}" for number in range(1 + turn % 3)]
        await me.append(*(message("x" * 300, id=name) for name in names))
        acknowledged.append((names, True))
        if turn % 4 == 3:
            acknowledged.append((names, None))
            await me.delete_message(names[0])
            acknowledged.append((names[:1], False))


def expected(acknowledged):
    """Return which messages must be there, and which must not."""
    known: dict[str, bool | None] = {}
    for names, stored in acknowledged:
        known.update(dict.fromkeys(names if stored is not None else names[:1], stored))
    return known


async def check_cut(cut, acknowledged, directory):
    """Open what is left after a power cut, and compare."""
    cut.restore(directory)
    store = await SQLiteStore.open(directory)
    services, clock = over(store)
    me = Tenant(services, clock, await services.projects.get("project-1"), store)
    listed = {one.id for one in await me.messages()}
    known = expected(acknowledged[: cut.note])
    assert {name for name, stored in known.items() if stored} <= listed
    assert not {name for name, stored in known.items() if stored is False} & listed
    assert (await me.get()).total_messages == len(listed)
    await store.close()
    assert check(directory) == []


class Noted(list[Any]):
    """What was acknowledged; the disk knows how much of it at any time."""

    def __init__(self, disk):
        super().__init__()
        self._disk = disk

    def append(self, one):
        super().append(one)
        self._disk.note = len(self)


@pytest.mark.parametrize(("seed", "turns", "chance"), LOADS)
async def test_what_was_acknowledged_survives_a_power_cut(seed, turns, chance, make_disk, tmp_path):
    disk = make_disk(seed, chance)
    store = await SQLiteStore.open(tmp_path / "data")
    me = await World(store).tenant()
    await me.new("d")
    disk.cuts.clear()
    acknowledged = Noted(disk)
    await asyncio.gather(*(write(me, writer, turns, acknowledged) for writer in range(WRITERS)))
    await store.close()
    cuts = disk.cuts[:: 1 + len(disk.cuts) // CUTS_CHECKED_MAX]
    assert len(cuts) > 10
    for number, cut in enumerate(cuts):
        await check_cut(cut, acknowledged, tmp_path / f"after-{number}")
