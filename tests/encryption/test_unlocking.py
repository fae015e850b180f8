"""Which directories open with which key, and that a refusal changes nothing."""

import asyncio
import shutil
import threading
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor

import pytest

from dialoguedb.embed.tokens import count_tokens
from dialoguedb.errors import DamagedData, DataError, InvalidSetting, NotUnlocked
from dialoguedb.store.sqlite import SQLiteStore
from dialoguedb.store.sqlite.encryption import key_ring
from dialoguedb.store.sqlite.encryption.unlocking import unlock
from dialoguedb.store.sqlite.maintenance import backup, check, rewriting, upgrade
from tests.contract.making import Tenant, World, message
from tests.encryption.rooms import KEY, Words, database, key, lying_in, opened, other_key, ring_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def encrypted(tmp_path):
    """Make an encrypted directory as a killed server leaves it: with a log."""
    store = await opened(tmp_path / "used")
    await Words().store(store)
    shutil.copytree(tmp_path / "used", tmp_path / "data")
    await store.close()
    return tmp_path / "data"


@pytest.fixture
async def plain(tmp_path):
    """Make a directory that is not encrypted, with a log."""
    store = await SQLiteStore.open(tmp_path / "used")
    await Words().store(store)
    shutil.copytree(tmp_path / "used", tmp_path / "data")
    await store.close()
    return tmp_path / "data"


def nothing(*_: int) -> None:
    """Take no interest in progress."""


async def open_store(directory, source):
    store = await SQLiteStore.open(directory, key=source)
    await store.close()


async def back_up(directory, source):
    backup.backup(directory, directory.parent / "copy", nothing, source)


async def restore(directory, source):
    backup.restore(directory, directory.parent / "restored", nothing, source)


async def find_damage(directory, source):
    check.check(directory, source)


async def list_steps(directory, source):
    upgrade.missing_steps(directory, source)


async def migrate(directory, source):
    upgrade.upgrade(directory, count_tokens, source)


async def rekey_data(directory, source):
    rewriting.rekey_data(directory, source)


async def rekey(directory, source):
    rewriting.rekey(directory, source, b"n" * 32, keep=True)


WAYS = (open_store, back_up, restore, find_damage, list_steps, migrate, rekey_data, rekey)


@pytest.fixture(params=WAYS, ids=[way.__name__ for way in WAYS])
def use(request):
    """Return a way to use a directory."""
    return request.param


async def refused(use, directory, source, kind):
    """Return what is said to a use that changes nothing."""
    before = lying_in(directory)
    with pytest.raises(kind) as refusal:
        await use(directory, source)
    assert lying_in(directory) == before
    return refusal.value.message


async def test_a_wrong_key_is_refused_before_anything_is_written(use, encrypted):
    assert "another key" in await refused(use, encrypted, other_key, NotUnlocked)


async def test_a_missing_key_is_asked_for(use, encrypted):
    assert "--encryption-key-file" in await refused(use, encrypted, None, NotUnlocked)


async def test_a_key_for_what_is_not_encrypted_is_refused(use, plain):
    assert "dialoguedb encrypt" in await refused(use, plain, key, DataError)


async def test_a_lost_file_of_keys_is_told(use, encrypted):
    (encrypted / key_ring.FILE).unlink()
    assert key_ring.FILE in await refused(use, encrypted, key, DataError)


async def test_a_lost_file_of_keys_is_told_without_a_key_as_well(use, encrypted):
    (encrypted / key_ring.FILE).unlink()
    assert f"without its {key_ring.FILE}" in await refused(use, encrypted, None, DamagedData)


async def test_what_lost_its_file_of_keys_is_not_encrypted_again(encrypted):
    (encrypted / key_ring.FILE).unlink()
    with pytest.raises(DamagedData, match=f"without its {key_ring.FILE}"):
        rewriting.encrypt(encrypted, key)


BAD_RINGS = {
    "empty": b"",
    "no JSON": b"{",
    "not ours": b'{"a": 1}',
    "no keys": b'{"format": 1, "cipher": "chacha20", "keys": []}',
    "newer": b'{"format": 2, "cipher": "chacha20", "keys": []}',
    "binary": b"\xff\x00",
}


@pytest.mark.parametrize("ring", BAD_RINGS.values(), ids=BAD_RINGS)
async def test_a_damaged_file_of_keys_is_told(ring, encrypted):
    (encrypted / key_ring.FILE).write_bytes(ring)
    assert key_ring.FILE in await refused(open_store, encrypted, key, DataError)


async def test_a_sealed_key_that_was_changed_opens_nothing(encrypted):
    path = encrypted / key_ring.FILE
    [entry] = ring_of(encrypted).keys
    text = path.read_text()
    for part in (entry.sealed[0].nonce, entry.sealed[0].box, entry.salt):
        changed = bytes([part[0] ^ 1]) + part[1:]
        path.write_text(text.replace(encoded(part), encoded(changed)))
        await refused(open_store, encrypted, key, (NotUnlocked, DamagedData))
    path.write_text(text)
    await open_store(encrypted, key)


def encoded(part):
    return b64encode(part).decode()


async def test_the_file_of_keys_of_another_directory_does_not_fit(encrypted, tmp_path):
    await open_store(tmp_path / "other", key)
    shutil.copy(tmp_path / "other" / key_ring.FILE, encrypted)
    assert key_ring.FILE in await refused(open_store, encrypted, key, DamagedData)


async def test_a_foreign_file_is_no_encrypted_database(tmp_path):
    database(tmp_path).write_bytes(b"something else" * 1_000)
    assert "no SQLite database" in await refused(open_store, tmp_path, key, DataError)


def failing():
    raise InvalidSetting("The key cannot be read")


async def test_a_key_that_cannot_be_read_makes_nothing(tmp_path):
    assert await refused(open_store, tmp_path, failing, InvalidSetting) == "The key cannot be read"


async def test_many_that_begin_a_directory_at_once_agree_on_its_key(tmp_path):
    gate = threading.Barrier(8)

    def begin():
        gate.wait()
        return unlock(database(tmp_path), key)

    with ThreadPoolExecutor(8) as pool:
        keys = {begun.result() for begun in [pool.submit(begin) for _ in range(8)]}
    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == [key_ring.FILE]


async def test_several_engines_share_an_encrypted_directory(tmp_path):
    stores = await asyncio.gather(*(opened(tmp_path) for _ in range(4)))
    first, *others = stores
    me = await Words().store(first)
    worlds = [World(other) for other in others]
    tenants = [me, *(Tenant(one.services, one.clock, me.project, one.store) for one in worlds)]
    texts = [f"{name} {number}" for name in range(4) for number in range(20)]
    await asyncio.gather(
        *(tenants[int(text[0])].append(message(text)) for text in texts),
    )
    for tenant in tenants:
        assert set(texts) <= set(await tenant.contents())
    for one in stores:
        await one.close()
    assert check.check(tmp_path, key) == []


async def test_only_the_owner_may_read_the_file_of_keys(encrypted):
    assert (encrypted / key_ring.FILE).stat().st_mode & 0o777 == 0o600
    rewriting.rekey(encrypted, key, b"n" * 32, keep=False)
    assert (encrypted / key_ring.FILE).stat().st_mode & 0o777 == 0o600


def test_the_tests_use_a_key_of_the_right_length():
    assert len(KEY) == 32
