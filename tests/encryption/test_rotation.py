"""Changing keys: the operator's while the data is in use, the data's own while it is not."""

import traceback

import pytest

from dialoguedb.errors import DataError, InvalidSetting, NotUnlocked
from dialoguedb.store.sqlite import SQLiteStore
from dialoguedb.store.sqlite.connection import commit_log
from dialoguedb.store.sqlite.encryption import key_ring, unlocking
from dialoguedb.store.sqlite.encryption.data_key import new_data_key
from dialoguedb.store.sqlite.maintenance import check, rewriting, snapshot
from tests.contract.making import World, message
from tests.encryption.rooms import (
    KEY,
    OTHER_KEY,
    Words,
    data_key_of,
    database,
    key,
    lying_in,
    opened,
    other_key,
    ring_of,
)

pytestmark = pytest.mark.anyio

THIRD_KEY = b"3" * 32


def third_key():
    return THIRD_KEY


async def opens(directory, source):
    try:
        store = await SQLiteStore.open(directory, key=source)
    except NotUnlocked:
        return False
    await store.close()
    return True


async def opened_by(directory):
    """Return which of the three keys open a directory."""
    sources = (key, other_key, third_key)
    return [source.__name__ for source in sources if await opens(directory, source)]


async def test_the_key_changes_while_the_data_is_in_use(tmp_path):
    store = await opened(tmp_path)
    me = await World(store).tenant()
    await me.new("d", messages=[message("before")])
    rewriting.rekey(tmp_path, key, OTHER_KEY, keep=False)
    await me.append(message("after"))
    read = await store.readers.run(lambda reader: reader.db.execute("SELECT 1").get)
    assert read == 1  # by a connection that was opened after the change
    again = await opened(tmp_path, other_key)
    assert await me.contents() == ["before", "after"]
    await again.close()
    await store.close()
    assert await opened_by(tmp_path) == ["other_key"]


async def test_the_old_key_is_kept_until_the_next_change_if_that_is_wanted(tmp_path):
    await (await opened(tmp_path)).close()
    rewriting.rekey(tmp_path, key, OTHER_KEY, keep=True)
    assert await opened_by(tmp_path) == ["key", "other_key"]
    rewriting.rekey(tmp_path, other_key, THIRD_KEY, keep=True)
    assert await opened_by(tmp_path) == ["other_key", "third_key"]
    rewriting.rekey(tmp_path, third_key, THIRD_KEY, keep=False)
    assert await opened_by(tmp_path) == ["third_key"]


async def test_changing_the_key_leaves_the_database_as_it_is(tmp_path):
    await (await opened(tmp_path)).close()
    before = database(tmp_path).read_bytes()
    rewriting.rekey(tmp_path, key, OTHER_KEY, keep=False)
    assert database(tmp_path).read_bytes() == before


async def everything(directory, source):
    """Return all rows of all tables, and what SQLite knows of the file."""
    path = database(directory)
    with snapshot.snapshot(path, unlocking.unlock(path, source)) as db:
        tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%\\_data'"
        names = [name for (name,) in db.execute(tables + " ESCAPE '\\' ORDER BY name")]
        rows = {name: sorted(map(repr, db.execute(f'SELECT * FROM "{name}"'))) for name in names}
        schema = db.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY 1, 2").fetchall()
        return rows, schema, db.pragma("user_version"), db.pragma("application_id")


async def test_the_data_gets_another_key_and_stays_the_same(tmp_path):
    store = await opened(tmp_path)
    await Words().store(store)
    await store.close()
    before, [entry] = await everything(tmp_path, key), ring_of(tmp_path).keys
    old = data_key_of(tmp_path)
    rewriting.rekey_data(tmp_path, key)
    [other] = ring_of(tmp_path).keys
    assert data_key_of(tmp_path).key != old.key
    assert other.salt != entry.salt
    assert await everything(tmp_path, key) == before
    assert check.check(tmp_path, key) == []
    assert set(lying_in(tmp_path)) == {database(tmp_path).name, key_ring.FILE, commit_log.FILE}


async def test_a_file_that_cannot_be_made_is_told_without_the_key(tmp_path):
    await (await opened(tmp_path)).close()
    new = new_data_key()
    (tmp_path / "partial").mkdir()
    with snapshot.snapshot(database(tmp_path), data_key_of(tmp_path)) as db:
        db.execute("COMMIT")
        with pytest.raises(DataError, match="partial") as refusal:
            rewriting.vacuum_into(db, tmp_path / "partial", new)
    text = "".join(traceback.format_exception(refusal.value))
    assert new.key.hex() not in text


async def test_a_rest_that_cannot_be_removed_is_told(tmp_path):
    await (await opened(tmp_path)).close()
    database(tmp_path).with_name(database(tmp_path).name + ".rewritten").mkdir()
    with pytest.raises(DataError, match="cannot be written"):
        rewriting.rekey_data(tmp_path, key)
    assert await opened_by(tmp_path) == ["key"]


async def test_a_key_that_changes_while_the_data_gets_another_stays_changed(tmp_path):
    await (await opened(tmp_path)).close()
    calls = iter(range(3))

    def slow_key():
        if next(calls) == 1:  # the data key is open, and the new one not sealed yet
            rewriting.rekey(tmp_path, key, OTHER_KEY, keep=False)
        return KEY

    with pytest.raises(NotUnlocked):
        rewriting.rekey_data(tmp_path, slow_key)
    assert await opened_by(tmp_path) == ["other_key"]
    assert check.check(tmp_path, other_key) == []


async def test_encrypting_keeps_everything(tmp_path):
    store = await SQLiteStore.open(tmp_path)
    await Words().store(store)
    await store.close()
    before = await everything(tmp_path, None)
    rewriting.encrypt(tmp_path, key)
    assert await everything(tmp_path, key) == before
    assert check.check(tmp_path, key) == []


async def test_what_is_in_use_is_not_rewritten(tmp_path):
    store = await opened(tmp_path / "encrypted")
    with pytest.raises(DataError, match="in use"):
        rewriting.rekey_data(tmp_path / "encrypted", key)
    await Words().store(store)
    await store.close()
    store = await SQLiteStore.open(tmp_path / "plain")
    with pytest.raises(DataError, match="in use"):
        rewriting.encrypt(tmp_path / "plain", key)
    await Words().store(store)
    await store.close()
    assert check.check(tmp_path / "encrypted", key) == []
    assert check.check(tmp_path / "plain") == []


async def test_what_is_encrypted_is_not_encrypted_again(tmp_path):
    await (await opened(tmp_path)).close()
    with pytest.raises(DataError, match="dialoguedb rekey"):
        rewriting.encrypt(tmp_path, key)


async def test_encrypting_needs_a_key(tmp_path):
    await (await SQLiteStore.open(tmp_path)).close()
    with pytest.raises(InvalidSetting, match="openssl rand"):
        rewriting.encrypt(tmp_path, None)


async def test_data_that_waits_for_its_encryption_can_be_used_without(tmp_path):
    """As an `encrypt` leaves it that was killed before it was done."""
    store = await SQLiteStore.open(tmp_path)
    await store.close()
    key_ring.make(tmp_path, OTHER_KEY)
    await (await SQLiteStore.open(tmp_path)).close()
    rewriting.encrypt(tmp_path, key)
    assert await opened_by(tmp_path) == ["key"]


async def test_what_an_interrupted_rewriting_left_is_erased_at_the_next_start(tmp_path):
    words = Words()
    store = await SQLiteStore.open(tmp_path / "plain")
    await words.store(store)
    await store.close()
    await (await opened(tmp_path / "data")).close()
    left = unlocking.replaced_by(database(tmp_path / "data"))
    database(tmp_path / "plain").rename(left)
    other_name = tmp_path / "the same file"
    other_name.hardlink_to(left)
    await (await opened(tmp_path / "data")).close()
    assert not left.exists()
    assert not any(word.encode() in other_name.read_bytes() for word in words.made)


async def test_the_database_itself_is_never_erased_as_a_rest(tmp_path):
    store = await opened(tmp_path)
    await Words().store(store)
    await store.close()
    unlocking.replaced_by(database(tmp_path)).hardlink_to(database(tmp_path))
    assert await opened_by(tmp_path) == ["key"]
    assert check.check(tmp_path, key) == []
