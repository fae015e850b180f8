"""Data directories: which are opened, which are refused, and that a refusal changes nothing."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from dialoguedb.errors import DamagedData, DataError, NewerSchema, NotOurData
from dialoguedb.store.sqlite import SQLiteStore, open_database
from dialoguedb.store.sqlite.connection import commit_log, files
from dialoguedb.store.sqlite.schema import migrations
from tests.contract.making import World, message

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def data(tmp_path):
    """Make a data directory with something in it."""
    data = tmp_path / "data"
    store = await SQLiteStore.open(data)
    me = await World(store).tenant()
    await me.new("d", messages=[message("x" * 500) for _ in range(200)])
    await store.close()
    return data


@pytest.fixture
def frozen():
    """Forbid every change of a directory, also to the superuser."""
    attribute = shutil.which("chattr")
    entries: list[Path] = []

    def freeze(directory):
        entries.extend([directory, *directory.iterdir()])
        if not attribute or subprocess.run([attribute, "+i", *entries], check=False).returncode:
            pytest.skip("attributes cannot be set here")

    yield freeze
    if attribute:
        subprocess.run([attribute, "-i", *entries], check=False)


def lying_in(directory):
    """Return everything in a directory, byte by byte."""
    return {
        path.relative_to(directory): path.read_bytes() if path.is_file() else None
        for path in directory.rglob("*")
    }


async def refused(directory, kind):
    """Check that a directory is refused in this way and left as it was; returns the message."""
    before = lying_in(directory) if directory.is_dir() else directory.read_bytes()
    message = await refusal(directory, kind)
    assert (lying_in(directory) if directory.is_dir() else directory.read_bytes()) == before
    return message


async def refusal(directory, kind):
    with pytest.raises(DataError) as caught:
        await SQLiteStore.open(directory)
    assert type(caught.value) is kind
    return caught.value.message


def make_foreign(path, journal="delete", mark=0):
    """Make a database of another program."""
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA journal_mode={journal}")
    db.execute(f"PRAGMA application_id={mark}")
    db.execute("CREATE TABLE theirs (a)")
    db.execute("INSERT INTO theirs VALUES (1)")
    db.commit()
    db.close()


class TestOpened:
    async def test_an_absent_or_empty_directory_becomes_a_data_directory(self, tmp_path):
        (tmp_path / "empty").mkdir()
        for directory in [tmp_path / "empty", tmp_path / "a" / "b" / "c"]:
            store = await SQLiteStore.open(directory)
            await store.ready()
            await store.close()
            assert set(lying_in(directory)) == {Path(commit_log.FILE), Path(files.FILE)}

    async def test_what_systems_put_everywhere_is_no_hindrance(self, tmp_path):
        for name in ["lost+found", ".Trash", "tls"]:
            (tmp_path / name).mkdir()
        store = await SQLiteStore.open(tmp_path)
        await store.close()

    async def test_an_empty_file_in_our_place_is_taken_for_a_new_one(self, tmp_path):
        (tmp_path / files.FILE).touch()
        store = await SQLiteStore.open(tmp_path)
        await store.ready()
        await store.close()

    async def test_it_can_be_opened_again_and_moved(self, data, tmp_path):
        moved = data.rename(tmp_path / "moved")
        for _ in range(2):
            store = await SQLiteStore.open(moved)
            project = await store.projects.get("project-1")
            assert (await store.dialogues.get(project, "", "d", 0)).value.total_messages == 200
            await store.close()

    async def test_names_of_directories_may_be_any_text(self, tmp_path):
        for name in ["a b", "é😀", "?mode=ro", "%41", "#", "file:x", "'", '"']:
            store = await SQLiteStore.open(tmp_path / name)
            await store.close()
            assert (tmp_path / name / files.FILE).is_file()


class TestRefused:
    async def test_a_directory_with_other_things_in_it(self, tmp_path):
        (tmp_path / "holiday.jpg").write_bytes(b"x")
        assert "empty or new" in await refused(tmp_path, NotOurData)

    async def test_a_file_in_place_of_the_directory(self, tmp_path):
        (tmp_path / "data").write_bytes(b"x")
        await refused(tmp_path / "data", NotOurData)
        with pytest.raises(NotOurData):
            await SQLiteStore.open(tmp_path / "data" / "below")

    async def test_a_directory_in_place_of_the_file(self, tmp_path):
        (tmp_path / files.FILE).mkdir()
        await refused(tmp_path, DataError)

    @pytest.mark.parametrize("journal", ["delete", "wal"])
    @pytest.mark.parametrize("mark", [0, 0x12345678])
    async def test_a_database_of_another_program(self, journal, mark, tmp_path):
        make_foreign(tmp_path / files.FILE, journal, mark)
        assert "another program" in await refused(tmp_path, NotOurData)

    @pytest.mark.parametrize("content", [b"hello", b"\0" * 4096, b"SQLite format 3\0", b"x" * 9999])
    async def test_what_is_no_database(self, content, tmp_path):
        (tmp_path / files.FILE).write_bytes(content)
        assert "restore" in await refused(tmp_path, DamagedData)

    @pytest.mark.parametrize("kept", [100, 512, 4096, 4097, 20_000])
    async def test_one_that_was_cut_off(self, kept, data):
        os.truncate(data / files.FILE, kept)
        await refused(data, DamagedData)

    async def test_one_whose_schema_is_overwritten(self, data):
        with (data / files.FILE).open("r+b") as file:
            file.seek(100)
            file.write(b"\xff" * 3_996)
        await refused(data, DamagedData)

    async def test_one_of_a_newer_program(self, data):
        newer = len(migrations.MIGRATIONS) + 1
        db = files.connect(data / files.FILE)
        db.pragma("user_version", newer)
        db.close()
        assert f"schema {newer}" in await refused(data, NewerSchema)

    @pytest.mark.parametrize("name", ["empty", "data"])
    async def test_a_directory_that_cannot_be_written(self, name, data, frozen):
        directory = data.with_name(name)
        directory.mkdir(exist_ok=True)
        frozen(directory)
        await refused(directory, DataError)


class TestRaces:
    @pytest.mark.parametrize("before_statement", range(4))
    async def test_another_process_may_make_the_schema_at_any_time(
        self, before_statement, tmp_path
    ):
        path = tmp_path / files.FILE
        db = files.connect(path)
        ran: list[bool] = []

        def trace(*_):
            if len(ran) == before_statement:
                open_database(path).close()
            ran.append(True)
            return True

        db.exec_trace = trace
        files.check_ours(db, path)
        db.exec_trace = None
        db.close()


READS_IT = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute('{}'); db.close()"


async def test_data_that_a_process_opens_twice_keeps_its_log_when_another_one_closes(tmp_path):
    """Older SQLites go by the locks of the file alone; without them the log would be deleted."""
    first = await SQLiteStore.open(tmp_path)
    second = await SQLiteStore.open(tmp_path)
    log = tmp_path / f"{files.FILE}-wal"
    before = log.stat().st_ino
    reads = READS_IT.format("SELECT count(*) FROM sqlite_schema")
    command = [sys.executable, "-c", reads, str(first.path)]
    await asyncio.to_thread(subprocess.run, command, check=True)
    assert log.stat().st_ino == before
    await second.close()
    await first.close()
