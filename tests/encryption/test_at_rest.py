"""What lies on the disk: nothing that was stored can be read there without the key."""

import os
import re
import secrets
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from dialoguedb.errors import DamagedData
from dialoguedb.store.sqlite import SQLiteStore
from dialoguedb.store.sqlite.connection import commit_log, files
from dialoguedb.store.sqlite.encryption import key_ring
from dialoguedb.store.sqlite.encryption.data_key import DataKey, new_data_key
from dialoguedb.store.sqlite.encryption.unlocking import unlock
from dialoguedb.store.sqlite.maintenance import backup, check, rewriting, snapshot
from tests.encryption.rooms import (
    KEY,
    PAGE_BYTES,
    Words,
    data_key_of,
    database,
    found_in,
    key,
    lying_in,
    opened,
    other_key,
)

pytestmark = pytest.mark.anyio


def nothing(*_: int) -> None:
    """Take no interest in progress."""


async def test_no_word_that_was_stored_is_in_any_file(tmp_path):
    words, data = Words(), tmp_path / "data"
    store = await opened(data)
    await words.store(store)
    while_open = found_in(tmp_path, words.made)
    backup.backup(data, tmp_path / "copy", nothing, key)
    await store.close()
    backup.restore(tmp_path / "copy", tmp_path / "restored", nothing, key)
    rewriting.rekey_data(tmp_path / "copy", key)
    assert set(while_open) >= {f"data/{files.FILE}{end}" for end in ("", "-wal", "-shm")}
    assert set(while_open.values()) == {0}
    assert set(found_in(tmp_path, words.made).values()) == {0}


async def test_the_same_words_are_found_where_nothing_is_encrypted(tmp_path):
    words, data = Words(), tmp_path / "data"
    store = await SQLiteStore.open(data)
    await words.store(store)
    await store.close()
    found = found_in(tmp_path, words.made)
    assert found[f"data/{files.FILE}"] > len(words.made) * 0.9  # some lie across two pages


async def test_encrypting_a_directory_leaves_no_word_in_its_files(tmp_path):
    words, data = Words(), tmp_path / "data"
    store = await SQLiteStore.open(data)
    await words.store(store)
    await store.close()
    replaced = tmp_path / "the file that was replaced"
    replaced.hardlink_to(database(data))
    rewriting.encrypt(data, key)
    assert found_in(tmp_path, words.made) == {
        f"data/{files.FILE}": 0,
        f"data/{key_ring.FILE}": 0,
        f"data/{commit_log.FILE}": 0,
        replaced.name: 0,
    }
    assert check.check(data, key) == []


async def test_no_key_is_in_any_file(tmp_path):
    store = await opened(tmp_path)
    data_key = data_key_of(tmp_path)
    for secret in (KEY, data_key.key):
        for held in lying_in(tmp_path).values():
            assert secret not in held
            assert secret.hex().encode() not in held
    await store.close()
    assert data_key.key.hex() not in repr(data_key)
    assert str(data_key.key) not in repr(data_key)


KINDS_OF_CONNECTION = {
    "writer": files.connect,
    "reader": files.connect_reader,
    "at rest": snapshot._open_at_rest,  # noqa: SLF001 - one of three kinds
}


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no list of open files here")
@pytest.mark.parametrize("connect", KINDS_OF_CONNECTION.values(), ids=KINDS_OF_CONNECTION)
async def test_no_connection_puts_what_it_sorts_into_a_file(tmp_path, connect):
    store = await opened(tmp_path)
    await store.close()
    data_key = unlock(database(tmp_path), key)
    with closing(connect(database(tmp_path), data_key)) as db:
        db.pragma("cache_size", 10)
        rows = db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 40000)"
            " SELECT printf('%0200d', i) AS t FROM n ORDER BY t DESC"
        )
        next(rows)
        assert [name for name in open_files() if "etilqs" in name] == []


def open_files():
    """Return the names of the files that this process has open."""
    names = []
    for entry in os.scandir("/proc/self/fd"):
        try:
            names.append(str(Path(entry.path).readlink()))
        except FileNotFoundError:  # the one that lists them
            continue
    return names


async def contents(directory, source=key):
    """Return the texts of all messages as the engine reads them."""
    path = database(directory)
    with snapshot.snapshot(path, unlock(path, source)) as db:
        return db.execute("SELECT id, content, metadata FROM messages ORDER BY number").fetchall()


async def test_a_flipped_bit_in_any_page_is_found_and_never_served(tmp_path):
    store = await opened(tmp_path)
    await Words().store(store, messages=30)
    await store.close()
    path, whole = database(tmp_path), database(tmp_path).read_bytes()
    before, missed = await contents(tmp_path), []
    for page in range(len(whole) // PAGE_BYTES):
        bit = secrets.randbelow(PAGE_BYTES * 8)
        damaged = bytearray(whole)
        damaged[page * PAGE_BYTES + bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        try:
            assert await contents(tmp_path) == before
            if not check.check(tmp_path, key):
                missed.append((page, bit))
        except DamagedData:
            continue
    path.write_bytes(whole)
    assert check.check(tmp_path, key) == []
    assert missed == []


@pytest.mark.parametrize("has_log", [False, True])
@pytest.mark.parametrize("cut", [1, 100, PAGE_BYTES, 5 * PAGE_BYTES])
async def test_a_file_that_was_cut_is_refused(tmp_path, cut, has_log):
    store = await opened(tmp_path / "data")
    await Words().store(store, messages=30)
    await store.close()
    store = await opened(tmp_path / "data")
    await store.ready()  # which writes to a log
    copied = tmp_path / "copied"
    if has_log:
        shutil.copytree(tmp_path / "data", copied, ignore=shutil.ignore_patterns("*-shm"))
    await store.close()
    if not has_log:
        shutil.copytree(tmp_path / "data", copied)
    path = database(copied)
    assert path.with_name(f"{path.name}-wal").exists() is has_log
    path.write_bytes(path.read_bytes()[:-cut])
    for _ in range(2):  # the first refusal leaves it as it is
        with pytest.raises(DamagedData):
            check.check(copied, key)
        with pytest.raises(DamagedData):
            await opened(copied)


async def test_a_page_in_the_place_of_another_is_found(tmp_path):
    store = await opened(tmp_path)
    await Words().store(store, messages=30)
    await store.close()
    path, whole = database(tmp_path), bytearray(database(tmp_path).read_bytes())
    pages = [slice(start, start + PAGE_BYTES) for start in range(0, len(whole), PAGE_BYTES)]
    for one, other in zip(pages[1:-1:7], pages[2::7], strict=False):
        swapped = bytearray(whole)
        swapped[one], swapped[other] = whole[other], whole[one]
        path.write_bytes(swapped)
        try:
            assert check.check(tmp_path, key) != []
        except DamagedData:
            continue


async def test_a_copy_that_was_damaged_is_not_restored(tmp_path):
    store = await opened(tmp_path / "data")
    await Words().store(store)
    await store.close()
    backup.backup(tmp_path / "data", tmp_path / "copy", nothing, key)
    copied = database(tmp_path / "copy")
    damaged = bytearray(copied.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    copied.write_bytes(damaged)
    with pytest.raises(DamagedData):
        backup.restore(tmp_path / "copy", tmp_path / "restored", nothing, key)
    assert not database(tmp_path / "restored").exists()


def test_each_database_has_a_key_of_its_own():
    assert len({(one.key, one.salt) for one in (new_data_key() for _ in range(100))}) == 100


async def test_a_backup_is_opened_by_the_key_of_its_time(tmp_path):
    store = await opened(tmp_path / "data")
    await Words().store(store)
    await store.close()
    backup.backup(tmp_path / "data", tmp_path / "copy", nothing, key)
    rewriting.rekey(tmp_path / "data", key, other_key(), keep=False)
    assert await contents(tmp_path / "copy", key) == await contents(tmp_path / "data", other_key)


def test_the_address_of_a_file_with_its_key_is_shown_nowhere():
    """It goes to SQLite as a value, not as a part of a statement, which logs may show."""
    key = DataKey(b"k" * 32, b"s" * 16)
    assert re.search(r"key=raw:[0-9a-f]{96}$", key.uri(Path("/data/a b?.sqlite3")))
    assert "a%20b%3F" in key.uri(Path("/data/a b?.sqlite3"))
