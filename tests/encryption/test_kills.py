"""Encrypting and changing keys, killed at random times: nothing is lost, and one key opens it."""

import random
import subprocess
import sys
import time

import pytest

from dialoguedb.errors import DataError
from dialoguedb.store.sqlite import SQLiteStore
from dialoguedb.store.sqlite.connection import commit_log
from dialoguedb.store.sqlite.encryption import key_ring, unlocking
from dialoguedb.store.sqlite.maintenance import check, rewriting, snapshot
from tests.contract.making import message
from tests.encryption.rooms import (
    KEY,
    OTHER_KEY,
    Words,
    database,
    found_in,
    key,
    opened,
    other_key,
    ring_of,
)
from tests.http.server import quiet_environment

pytestmark = pytest.mark.anyio

ROUNDS = [3, pytest.param(100, marks=[pytest.mark.slow, pytest.mark.timeout(1_800)])]

PROGRAM = """
import sys
from pathlib import Path
from dialoguedb.store.sqlite.maintenance import rewriting
change, directory, old, new = sys.argv[1], Path(sys.argv[2]), *map(bytes.fromhex, sys.argv[3:])
print("ready", flush=True)
sys.stdin.readline()
if change == "encrypt":
    rewriting.encrypt(directory, lambda: old)
elif change == "data key":
    rewriting.rekey_data(directory, lambda: old)
else:
    for _ in range(1_000):
        rewriting.rekey(directory, lambda: old, new, keep=False)
        rewriting.rekey(directory, lambda: new, old, keep=False)
print("done", flush=True)
"""


def begin(change, directory):
    """Begin a change in a process, which waits until it is told to go on."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, change, directory, KEY.hex(), OTHER_KEY.hex()],
        env=quiet_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def killed(change, directory, seconds):
    """Kill a change that many seconds after its beginning; returns whether it was done by then."""
    process = begin(change, directory)
    process.stdin.write("\n")
    process.stdin.flush()
    time.sleep(seconds)  # the time of the crash, not a wait
    process.kill()
    return "done" in process.communicate()[0]


def duration(change, directory):
    """Return how many seconds a change takes that is not killed."""
    process = begin(change, directory)
    began = time.perf_counter()
    assert process.communicate("\n")[0] == "done\n"
    return time.perf_counter() - began


def rows(directory, source):
    """Return all messages."""
    path = database(directory)
    with snapshot.snapshot(path, unlocking.unlock(path, source)) as db:
        return db.execute("SELECT id, content FROM messages ORDER BY number").fetchall()


async def make(directory, source, words):
    store = await SQLiteStore.open(directory, key=source)
    await words.store(store, messages=10)
    await store.close()
    return rows(directory, source)


def opens_with(directory, *sources):
    """Return which of the keys open a directory."""
    found = []
    for source in sources:
        try:
            unlocking.unlock(database(directory), source)
        except DataError:
            continue
        found.append(source)
    return found


@pytest.mark.parametrize("rounds", ROUNDS)
async def test_encrypting_that_is_killed_loses_nothing(tmp_path, rounds):
    words = Words()
    await make(tmp_path / "measured", None, words)
    seconds = duration("encrypt", tmp_path / "measured")
    for number in range(rounds):
        data = tmp_path / f"data{number}"
        before = await make(data, None, words)
        is_done = killed("encrypt", data, random.uniform(0, seconds * 1.1))
        [source] = opens_with(data, None, key)
        assert source is key or not is_done
        assert rows(data, source) == before
        assert check.check(data, source) == []
        if source is None:
            rewriting.encrypt(data, key)
        else:
            await (await opened(data)).close()
        assert rows(data, key) == before
        assert set(found_in(data, words.made).values()) == {0}
        names = {path.name for path in data.iterdir()}
        assert names == {database(data).name, key_ring.FILE, commit_log.FILE}


@pytest.mark.parametrize("rounds", ROUNDS)
async def test_another_data_key_that_is_killed_loses_nothing(tmp_path, rounds):
    before = await make(tmp_path, key, Words())
    seconds = duration("data key", tmp_path)
    for _ in range(rounds):
        killed("data key", tmp_path, random.uniform(0, seconds * 1.1))
        assert rows(tmp_path, key) == before
        assert check.check(tmp_path, key) == []
        rewriting.rekey(tmp_path, key, KEY, keep=False)  # every data key is still opened by it
    rewriting.rekey_data(tmp_path, key)
    assert len(ring_of(tmp_path).keys) == 1
    assert rows(tmp_path, key) == before


@pytest.mark.parametrize("rounds", ROUNDS)
async def test_another_key_that_is_killed_leaves_one_of_the_two(tmp_path, rounds):
    store = await opened(tmp_path)
    me = await Words().store(store)
    for number in range(rounds):
        killed("key", tmp_path, random.uniform(0, 0.2))
        [source] = opens_with(tmp_path, key, other_key)
        rewriting.rekey(tmp_path, source, KEY, keep=False)
        await me.append(*[message(f"round {number}")])
    await store.close()
    assert check.check(tmp_path, key) == []


APPENDING = """
import sys
from dialoguedb import DialogueDB
from dialoguedb.errors import DialogueDBError

for number in range(sys.maxsize):
    try:
        with DialogueDB(path=sys.argv[1]) as db:
            db.get_or_create_dialogue("d").save_message("user", str(number))
    except DialogueDBError:
        break
    print(number, flush=True)
"""


def encrypt_when_unused(directory):
    """Encrypt a directory as soon as nobody uses it."""
    while True:
        try:
            rewriting.encrypt(directory, key)
        except DataError as error:
            if "in use" not in error.message:
                raise
        else:
            return


def test_who_opens_the_data_meanwhile_loses_nothing(tmp_path):
    """What waits for the old file, or opens it just before it is replaced, must not write there."""
    for number in range(3):
        data = tmp_path / f"data{number}"
        command = [sys.executable, "-c", APPENDING, data]
        with subprocess.Popen(
            command, env=quiet_environment(), stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout
            acknowledged = [process.stdout.readline()]
            encrypt_when_unused(data)
            acknowledged += process.stdout.readlines()
        stored = [int(content.strip(b'"')) for _, content in rows(data, key)]
        assert stored[: len(acknowledged)] == [int(line) for line in acknowledged]
        assert check.check(data, key) == []
