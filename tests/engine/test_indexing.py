"""Whatever meets in one commit, the index is of what is stored."""

import random

import pytest

from dialoguedb.embed.wordllama import WordLlama
from dialoguedb.errors import DialogueDBError
from dialoguedb.store.sqlite import SQLiteStore
from dialoguedb.store.sqlite.connection import files as store_files
from dialoguedb.store.sqlite.maintenance import check
from dialoguedb.store.sqlite.maintenance.snapshot import snapshot
from dialoguedb.store.sqlite.search_index.purging import left_over
from tests.contract.making import World, message, together

pytestmark = pytest.mark.anyio

IDS = ("a", "b", "c")
HALF = 0.5


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def store(tmp_path):
    store = await SQLiteStore.open(tmp_path, None, WordLlama())
    yield store
    await store.close()


@pytest.fixture
async def me(store):
    return await World(store).tenant()


def some_operation(me, chosen):
    """Return something that may be done, or refused."""
    one, dialogue = chosen.choice(IDS), chosen.choice(IDS)
    tags = tuple(chosen.sample(["x", "y", "z"], chosen.randrange(3)))
    sent = message(f"words {chosen.random()}", id=one, tags=tags)
    return chosen.choice(
        [
            lambda: me.new(dialogue, label=one, tags=tags, messages=[sent]),
            lambda: me.new(one, thread_of=dialogue),
            lambda: me.append(sent, to=dialogue),
            lambda: me.append(*(message(str(n), id=str(n)) for n in range(60)), to=dialogue),
            lambda: me.append(sent, message("more", id="b"), to=dialogue),
            lambda: me.change(dialogue, label=one, messages=[sent]),
            lambda: me.change(dialogue, tags=tags),
            lambda: me.tag(one, tags, of=dialogue),
            lambda: me.delete_message(one, of=dialogue),
            lambda: me.delete(dialogue),
            lambda: me.remember("words", id=one, tags=tags),
            lambda: me.tag_memory(one, tags),
            lambda: me.forget(one),
        ]
    )()


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_is_done_at_once_the_index_agrees_with_the_data(store, me, tmp_path, seed):
    chosen = random.Random(seed)
    for _ in range(8):
        operations = [some_operation(me, chosen) for _ in range(chosen.randrange(1, 24))]
        await together(operations, failing=DialogueDBError)
        assert check.check(tmp_path) == []
        if chosen.random() < HALF:
            await store.index.catch_up()
            assert check.check(tmp_path) == []
            assert not await store.index.catch_up()


async def test_words_of_what_is_deleted_leave_the_file(store, me, tmp_path):
    await me.new("d", messages=[message(f"common {n}", id=f"{n}") for n in range(200)])
    await me.append(message("zyzzyva", id="secret"))
    await store.index.catch_up()
    path = tmp_path / store_files.FILE
    with snapshot(path) as db:
        assert holds(db, b"zyzzyva")
    await me.delete_message("secret")
    left = await store.index.purge()
    while left:
        left = await store.index.purge()
    with snapshot(path) as db:
        assert not holds(db, b"zyzzyva")
        assert left_over(db) == []
    assert check.check(tmp_path) == []


async def test_without_deletions_there_is_nothing_to_purge(store, me):
    await me.new("d", messages=[message("words", id="m")])
    assert not await store.index.purge()


def holds(db, word):
    """Tell whether a word can be read in the blocks of the index."""
    blocks = db.execute("SELECT block FROM message_words_data")
    return any(word in block for (block,) in blocks)


@pytest.mark.parametrize(
    "damage", ["tags = x'ff'", "metadata = x'ff'", "content = x'ff'", "created = 'gone'"]
)
async def test_a_damaged_object_keeps_no_other_from_being_found(store, me, tmp_path, damage):
    await me.new("d", messages=[message(f"word {n}", id=f"{n}") for n in range(3)])
    with store_files.connect(tmp_path / store_files.FILE) as db:
        db.execute(f"UPDATE messages SET {damage} WHERE id = '1'")
    while await store.index.catch_up():
        pass
    with snapshot(tmp_path / store_files.FILE) as db:
        found = db.execute("SELECT rowid FROM message_words WHERE message_words MATCH 'word'")
        assert len(found.fetchall()) >= 2
