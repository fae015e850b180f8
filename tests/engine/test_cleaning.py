"""What is deleted leaves the files: rows, index, free pages, unused bytes of pages, and the log."""

import asyncio
import random

import pytest

from dialoguedb.store.sqlite import SQLiteStore
from dialoguedb.store.sqlite.connection import files as store_files
from dialoguedb.store.sqlite.maintenance import check, cleaning
from tests.contract.making import World, message, together

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def store(tmp_path):
    store = await SQLiteStore.open(tmp_path)
    yield store
    await store.close()


@pytest.fixture
async def me(store):
    return await World(store).tenant()


def files_with(word, directory):
    """Return the files of a directory that hold a word anywhere."""
    return [path.name for path in sorted(directory.iterdir()) if word in path.read_bytes()]


class Writing:
    """Fills dialogues of two kinds with words that nobody else has."""

    def __init__(self, me, seed):
        self.me = me
        self.chosen = random.Random(seed)

    def words(self, name, count):
        return " ".join(f"{name}{self.chosen.getrandbits(48):012x}" for _ in range(count))

    async def fill(self, rounds):
        for name in ["zqx", "other"]:
            for n in range(6):
                metadata = b'{"k":"%s"}' % self.words(name, 3).encode()
                await self.me.new(f"{name}{n}", label=self.words(name, 2), metadata=metadata)
        for _ in range(rounds):
            await together([self._append() for _ in range(30)])
            name = self.chosen.choice(["zqx", "other"])
            state = b'{"s":"%s"}' % self.words(name, self.chosen.choice([5, 900])).encode()
            await self.me.put_state("replace", state, f"{name}1")

    def _append(self):
        name = self.chosen.choice(["zqx", "other"])
        text = self.words(name, self.chosen.choice([1, 30, 30, 200, 1_200]))
        tags = tuple(self.words(name, 1) for _ in range(self.chosen.randrange(3)))
        sent = message(text, tags=tags)
        return self.me.append(sent, to=f"{name}{self.chosen.randrange(6)}")


async def deleted(store, me):
    for n in range(6):
        await me.delete(f"zqx{n}")
    left = await store.index.purge()
    while left:
        left = await store.index.purge()


@pytest.mark.parametrize("seed", range(3))
async def test_no_word_of_what_is_deleted_is_left_in_any_file(store, me, tmp_path, seed):
    await Writing(me, seed).fill(10)
    await store.index.catch_up()
    assert files_with(b"zqx", tmp_path)
    others = await me.messages("other1")
    await deleted(store, me)
    assert cleaning.clean(tmp_path / store_files.FILE)
    assert files_with(b"zqx", tmp_path) == []
    assert await me.messages("other1") == others
    assert check.check(tmp_path) == []


async def test_it_does_not_come_back_with_what_others_write_while_it_is_cleaned(
    store, me, tmp_path
):
    await Writing(me, 7).fill(10)
    await store.index.catch_up()
    await deleted(store, me)
    writing = Writing(me, 8)
    cleaner = asyncio.to_thread(cleaning.clean, tmp_path / store_files.FILE)
    writes = [me.append(message(writing.words("other", 40)), to="other0") for _ in range(200)]
    await together([cleaner, *writes])
    await together([me.append(message("other"), to=f"other{n % 6}") for n in range(200)])
    await store.index.catch_up()
    assert cleaning.empty_log(tmp_path / store_files.FILE)
    assert files_with(b"zqx", tmp_path) == []
    assert check.check(tmp_path) == []


async def test_a_long_read_keeps_the_log_as_it_is_and_that_is_said(store, me, tmp_path):
    path = tmp_path / store_files.FILE
    await me.new("d", messages=[message("zqx")])
    reader = store_files.connect_reader(path)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM messages").get == 1
    await me.delete("d")
    assert not cleaning.clean(path, timeout_s=0.2)
    assert not cleaning.empty_log(path)
    reader.close()
    assert cleaning.clean(path)
    assert files_with(b"zqx", tmp_path) == []


async def test_the_log_is_emptied_when_something_was_deleted(store, me, tmp_path):
    log = tmp_path / f"{store_files.FILE}-wal"
    await me.new("d", messages=[message(id="m"), message()])
    await me.summarize(id="s")
    await me.remember(id="k")
    assert not await store.index.forget_log()
    deletions = [
        lambda: me.delete_message("m"),
        lambda: me.delete_summary("s"),
        lambda: me.forget("k"),
        lambda: me.delete("d"),
        lambda: store.projects.delete(me.project.id, me.write_options()),
    ]
    for delete in deletions:
        await delete()
        assert log.stat().st_size
        assert await store.index.forget_log()
        assert log.stat().st_size == 0
        assert not await store.index.forget_log()


async def test_a_log_that_is_in_use_is_emptied_later(store, me, tmp_path):
    await me.new("d", messages=[message("zqx")])
    reader = store_files.connect_reader(tmp_path / store_files.FILE)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM messages").get == 1
    await me.delete("d")
    assert not await store.index.forget_log()
    reader.close()
    assert await store.index.forget_log()
    assert files_with(b"zqx", tmp_path) == []


async def test_purging_empties_the_log(store, me, tmp_path):
    await me.new("d", messages=[message("zqx")])
    log = tmp_path / f"{store_files.FILE}-wal"
    assert log.stat().st_size
    await store.index.purge()
    assert log.stat().st_size == 0
