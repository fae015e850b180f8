"""An erasure that is killed: the data is whole, and another run completes it."""

import json
import shutil
import subprocess

import pytest

from dialoguedb.store.sqlite import SQLiteStore
from dialoguedb.store.sqlite.connection import files as store_files
from dialoguedb.store.sqlite.maintenance import check
from tests.contract.making import World, message
from tests.http.server import program, quiet_environment

pytestmark = pytest.mark.anyio

DIALOGUES, MESSAGES = 12, 250


async def filled(directory):
    """Fill a namespace and another one, and return the name of their project."""
    store = await SQLiteStore.open(directory)
    me = await World(store).tenant()
    for n in range(DIALOGUES):
        sent = [message(f"zqx{n}x{m} " * 30, tags=(f"zqx{n}tag{m}",)) for m in range(MESSAGES)]
        await me.new(f"zqx{n}", "zqxname", messages=sent)
    await me.new("other", messages=[message("other")])
    await store.index.catch_up()
    await store.close()
    return me.project.name


def messages_left(directory):
    """Count the messages of both namespaces."""
    db = store_files.connect_reader(directory / store_files.FILE)
    count = db.execute("SELECT count(*) FROM messages").get
    db.close()
    return count


def erase(directory, project, until=0):
    """Erase the namespace and return the receipt; killed when fewer messages are left."""
    words = ["erase", "--namespace", "zqxname", "--project", project, "--yes", "--json"]
    with subprocess.Popen(
        [program(), *words, "--data", str(directory)],
        env=quiet_environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        while process.poll() is None and messages_left(directory) > until:
            pass
        if until:
            process.kill()
        out, _ = process.communicate()
    return json.loads(out) if out else None


async def test_one_that_is_killed_is_completed_by_the_next(tmp_path):
    directory = tmp_path / "data"
    project = await filled(directory)
    for until in [DIALOGUES * MESSAGES * share // 4 for share in (4, 3, 1)]:
        while erase(directory, project, until) is not None:  # before this process had its turn
            shutil.rmtree(directory)
            project = await filled(directory)
        assert messages_left(directory) <= until
        assert check.check(directory) == []
    receipt = erase(directory, project)
    deleted = receipt["deleted"]
    assert (deleted["dialogues"], deleted["messages"]) == (DIALOGUES, DIALOGUES * MESSAGES)
    assert receipt["filesCleaned"]
    assert check.check(directory) == []
    left = [path.name for path in directory.iterdir() if b"zqx" in path.read_bytes().lower()]
    assert left == []
