"""The log is damaged, cut short or deleted: what was acknowledged and is missing is told."""

import asyncio
import logging
import os
import random
import shutil
import subprocess
import sys
from contextlib import closing, contextmanager

import pytest

from dialoguedb import DialogueDB
from dialoguedb.errors import DamagedData, NotFound, ServiceUnavailable, UnreadableData
from dialoguedb.ports.statistics import WriterStatistics
from dialoguedb.store.sqlite import SQLiteStore, open_database
from dialoguedb.store.sqlite.connection import commit_log, files, log_frames
from dialoguedb.store.sqlite.maintenance import backup, rewriting
from dialoguedb.store.sqlite.maintenance.check import check
from tests.contract.making import World, message
from tests.crash.test_damage import kept_log

MESSAGES = 60
LOG = files.FILE + "-wal"
MISSING = "missing from"


def as_killed(source, target):
    """Copy data in use as a process leaves it that is killed: without the memory it shares.

    The count first, which is never ahead of the log: a commit may end between two copies.
    """
    target.mkdir()
    for name in (commit_log.FILE, files.FILE, LOG):
        shutil.copy(source / name, target / name)
    return target


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """Make data whose messages are in the log, and leave it as if killed."""
    made = tmp_path_factory.mktemp("made")
    with closing(DialogueDB(path=made / "data")) as db, kept_log(made / "data"):
        dialogue = db.create_dialogue(id="d", namespace="n")
        for index in range(MESSAGES):
            dialogue.save_message("user", f"parcel {index}", id=f"m{index}")
        return as_killed(made / "data", made / "killed")


@pytest.fixture
def data(killed, tmp_path):
    return shutil.copytree(killed, tmp_path / "data")


def messages_in(data):
    with closing(DialogueDB(path=data)) as db:
        try:
            return [one.id for one in db.get_dialogue("d", namespace="n").iter_messages()]
        except NotFound:
            return []


def test_a_log_that_is_whole_is_no_finding(data, caplog):
    assert check(data) == []
    assert len(messages_in(data)) == MESSAGES
    assert MISSING not in caplog.text


def flip(path, chance):
    content = bytearray(path.read_bytes())
    at = chance.randrange(len(content))
    content[at] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def cut(path, chance):
    os.truncate(path, chance.randrange(path.stat().st_size))


def delete(path, _):
    path.unlink()


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("harm", [flip, cut, delete])
def test_whatever_is_missing_is_told(data, tmp_path, caplog, harm, seed):
    harm(data / LOG, random.Random(seed))
    found = "".join(check(data))
    with caplog.at_level(logging.ERROR):
        there = len(messages_in(data))
    assert there == MESSAGES or MISSING in found
    assert (MISSING in caplog.text) == (MISSING in found)


def test_a_backup_without_what_was_acknowledged_is_not_made(data, tmp_path):
    (data / LOG).unlink()
    with pytest.raises(DamagedData, match=MISSING):
        backup.backup(data, tmp_path / "copy", lambda *_: None)


def test_data_without_what_was_acknowledged_is_not_encrypted(data):
    (data / LOG).unlink()
    before = (data / files.FILE).read_bytes()
    with pytest.raises(DamagedData, match=MISSING):
        rewriting.encrypt(data, lambda: bytes(32))
    assert (data / files.FILE).read_bytes() == before
    assert MISSING in "".join(check(data))


def test_it_is_told_once_and_the_data_goes_on(data, caplog):
    (data / LOG).unlink()
    open_database(data / files.FILE).close()
    assert MISSING in caplog.text
    with closing(DialogueDB(path=data)) as db:
        db.create_dialogue(id="after")
    caplog.clear()
    open_database(data / files.FILE).close()
    assert MISSING not in caplog.text


def logged_at_start(data, caplog):
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        assert len(messages_in(data)) == MESSAGES
    return [one.getMessage() for one in caplog.records if commit_log.FILE in one.getMessage()]


@pytest.mark.parametrize("content", [b"", b"\0" * 28, b"\xff" * 28, b"short", b"x" * 4096])
def test_a_damaged_count_is_told_once_and_is_no_loss(data, caplog, content):
    (data / commit_log.FILE).write_bytes(content)
    [finding] = check(data)
    assert f"{commit_log.FILE} is damaged" in finding
    assert MISSING not in finding
    assert logged_at_start(data, caplog) == [finding]
    assert check(data) == []
    assert logged_at_start(data, caplog) == []


def test_a_count_that_is_missing_beside_a_log_is_found(data):
    (data / commit_log.FILE).unlink()
    [finding] = check(data)
    assert f"{commit_log.FILE} is missing" in finding


def test_a_count_that_is_missing_beside_a_log_is_told_once(data, caplog):
    (data / commit_log.FILE).unlink()
    [logged] = logged_at_start(data, caplog)
    assert f"{commit_log.FILE} is missing" in logged
    assert logged_at_start(data, caplog) == []
    assert check(data) == []


def test_a_copy_without_a_count_is_no_finding(data, tmp_path, caplog):
    backup.backup(data, tmp_path / "copy", lambda *_: None)
    assert check(tmp_path / "copy") == []
    assert logged_at_start(tmp_path / "copy", caplog) == []
    assert check(tmp_path / "copy") == []


def test_the_count_is_there_before_the_first_commit_is_counted(tmp_path):
    """So that a kill at any time leaves one."""
    path = tmp_path / files.FILE
    with closing(open_database(path)) as db:
        log = commit_log.CommitLog(db)
        assert commit_log.acknowledged(path) == (db.execute("SELECT database FROM commits").get, 0)
        log.close()


def test_the_count_of_another_database_is_no_alarm(data, tmp_path):
    with closing(DialogueDB(path=tmp_path / "other")) as db:
        db.create_dialogue(id="only")
    (tmp_path / "other" / commit_log.FILE).write_bytes((data / commit_log.FILE).read_bytes())
    assert check(tmp_path / "other") == []


def test_an_older_file_in_place_of_a_newer_one_is_told(data, tmp_path):
    backup.backup(data, tmp_path / "older", lambda *_: None)
    with closing(DialogueDB(path=data)) as db:
        db.create_dialogue(id="newer")
    shutil.copy(tmp_path / "older" / files.FILE, data / files.FILE)
    assert any(MISSING in finding for finding in check(data))


@pytest.mark.anyio
async def test_data_copied_at_any_time_is_no_alarm(tmp_path):
    """As a snapshot of the disk has it, whatever is written meanwhile."""
    store = await SQLiteStore.open(tmp_path / "data")
    me = await World(store).tenant()
    await me.new("d")
    for index in range(20):
        writing = asyncio.gather(*(me.append(message(f"{index}.{k}")) for k in range(4)))
        await asyncio.sleep(0)
        copy = as_killed(tmp_path / "data", tmp_path / f"copy{index}")
        await writing
        assert check(copy) == []
    await store.close()


@pytest.mark.anyio
async def test_the_size_of_the_log_is_measured(tmp_path):
    statistics = WriterStatistics()
    store = await SQLiteStore.open(tmp_path / "data", statistics)
    me = await World(store).tenant()
    await me.new("d")
    assert statistics.log_bytes() == (tmp_path / "data" / LOG).stat().st_size > 0
    await store.close()
    assert statistics.log_bytes() == 0


@pytest.fixture
async def serving(tmp_path):
    """Open a store with messages whose pages are in the log."""
    store = await SQLiteStore.open(tmp_path / "data")
    me = await World(store).tenant()
    await me.new("d")
    for index in range(20):
        await me.append(message(f"parcel {index}", id=f"m{index}"))
    yield store, me
    await store.close()


@pytest.mark.anyio
async def test_a_transaction_that_changes_nothing_is_no_commit(serving):
    store, me = serving
    before = commit_log.acknowledged(store.path)
    await me.append(message("parcel 0", id="m0"))
    assert commit_log.acknowledged(store.path) == before
    await me.append(message("parcel 0", id="m"))
    assert commit_log.acknowledged(store.path) != before


def change_log(store, frame=10):
    """Change a byte of a frame in the log of an open store."""
    log = store.path.with_name(LOG)
    with log.open("r+b") as file:
        file.seek(32 + (frame - 1) * (24 + 4096) + 1_000)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))


@pytest.mark.anyio
async def test_a_log_in_use_that_changes_is_found(serving, tmp_path):
    store, _ = serving
    directory = store.path.parent
    assert check(directory) == []
    change_log(store)
    assert "The write-ahead log is damaged from frame 10 on" in check(directory)
    with pytest.raises(DamagedData, match="frame 10"):
        backup.backup(directory, tmp_path / "copy", lambda *_: None)
    change_log(store)
    assert check(directory) == []


@pytest.mark.anyio
async def test_a_damaged_log_is_not_copied_into_the_database(serving, caplog):
    store, me = serving
    change_log(store)
    before = store.path.read_bytes()
    texts = [message("x" * 3_000, id=f"n{index}") for index in range(1_000)]
    await me.append(*texts)  # the log is found damaged when this is in it
    with pytest.raises(UnreadableData):
        await me.append(message())
    with pytest.raises(UnreadableData):
        await me.messages()
    with pytest.raises(UnreadableData):
        await store.ready()
    assert "is damaged from frame 10 on" in caplog.text
    assert store.path.read_bytes() == before


@pytest.mark.anyio
@pytest.mark.parametrize("length", [0, 1, 31, 32, 33, 4_000, 32 + 4_120, 32 + 4_120 + 3])
async def test_a_log_in_use_that_was_cut_is_damaged_from_there_on(serving, length):
    store, _ = serving
    os.truncate(store.path.with_name(LOG), length)
    assert log_frames.damaged_frame(store.readers.quick.db) == max(1, (length - 32) // 4_120 + 1)


INTERRUPTED = """
import sys, time, apsw
path, seconds = sys.argv[1], float(sys.argv[2])
db = apsw.Connection(path)
db.execute("BEGIN IMMEDIATE")
with open(path + "-shm", "r+b", buffering=0) as memory:
    header = memory.read(48)
    memory.seek(0)
    memory.write(header[:8] + bytes([header[8] ^ 1]) + header[9:])
    print("interrupted", flush=True)
    time.sleep(seconds)
    memory.seek(0)
    memory.write(header)
    db.execute("ROLLBACK")
"""
"""A writer that the machine interrupts between the two copies of what the log holds."""


@contextmanager
def interrupted_writer(path):
    """Be between the two copies when the block begins, and beyond them a little later."""
    command = [sys.executable, "-c", INTERRUPTED, str(path), "0.2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writing:
        assert writing.stdout is not None
        assert writing.stdout.readline() == "interrupted\n"
        yield
    assert writing.returncode == 0


@pytest.mark.anyio
async def test_a_writer_that_is_interrupted_is_waited_for(serving, tmp_path):
    store, me = serving
    directory = store.path.parent
    with interrupted_writer(store.path):
        assert check(directory) == []
    with interrupted_writer(store.path):
        backup.backup(directory, tmp_path / "copy", lambda *_: None)
    with interrupted_writer(store.path):
        assert log_frames.damaged_frame(store.readers.quick.db) is None
    await me.append(message("parcel"))


async def purge(store):
    while await store.index.purge():
        pass


EMPTIES_THE_LOG = [
    lambda store: store.index.forget_log(),
    purge,
    lambda store: store.erasures.clean(),
]


@pytest.mark.anyio
@pytest.mark.parametrize("empty", EMPTIES_THE_LOG, ids=["soon", "purge", "erasure"])
async def test_a_damaged_log_is_not_emptied_after_a_deletion(serving, empty):
    store, me = serving
    await me.delete_message("m0")
    change_log(store)
    before = store.path.read_bytes()
    with pytest.raises(UnreadableData, match="from frame 10 on"):
        await empty(store)
    assert store.path.read_bytes() == before


@pytest.mark.anyio
async def test_a_damaged_log_is_not_copied_at_the_end_either(tmp_path, caplog):
    store = await SQLiteStore.open(tmp_path / "data")
    me = await World(store).tenant()
    await me.new("d", messages=[message(id="m0")])
    change_log(store)
    before = store.path.read_bytes()
    await store.close()
    assert store.path.read_bytes() == before
    open_database(store.path).close()
    assert MISSING in caplog.text


@pytest.mark.anyio
async def test_a_log_that_is_whole_is_copied_as_it_grows(serving):
    store, me = serving
    for index in range(300):
        await me.append(message("x" * 3_000, id=f"n{index}"))
    log = store.path.with_name(LOG)
    assert log.stat().st_size < 1_500 * 4_120
    assert check(store.path.parent) == []


def delete_in_use(store):
    store.path.with_name(LOG).unlink()


def replace_in_use(store):
    log = store.path.with_name(LOG)
    content = log.read_bytes()
    log.unlink()
    log.write_bytes(content)


def cut_in_use(store):
    os.truncate(store.path.with_name(LOG), 0)


def shorten_in_use(store):
    os.truncate(store.path.with_name(LOG), 40 * 4_120)


def forget_shared_memory(store):
    store.path.with_name(f"{files.FILE}-shm").unlink()


def move_data(store):
    store.path.rename(store.path.with_name("elsewhere"))


def migrate_by_a_newer_program(store):
    with closing(files.connect(store.path)) as db:
        db.pragma("user_version", 10_000)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "harm",
    [
        change_log,
        delete_in_use,
        replace_in_use,
        cut_in_use,
        shorten_in_use,
        forget_shared_memory,
        move_data,
        migrate_by_a_newer_program,
    ],
)
async def test_a_server_is_not_ready_once_a_write_would_not_last(serving, harm):
    store, _ = serving
    await store.ready()
    harm(store)
    for _ in range(2):
        with pytest.raises((UnreadableData, ServiceUnavailable)):
            await store.ready()


@pytest.mark.anyio
@pytest.mark.parametrize("harm", [delete_in_use, replace_in_use, forget_shared_memory])
async def test_nothing_is_acknowledged_that_only_a_deleted_log_holds(serving, harm):
    store, me = serving
    harm(store)
    with pytest.raises(ServiceUnavailable, match="moved, replaced or deleted"):
        await me.append(message("lost"))


@pytest.mark.anyio
async def test_many_ask_at_once_whether_a_damaged_log_is_ready(serving):
    store, _ = serving
    change_log(store)
    errors = await asyncio.gather(*(store.ready() for _ in range(50)), return_exceptions=True)
    assert {type(one) for one in errors} == {UnreadableData}
