"""Data directories as they should not be: what each command says of them, and leaves of them."""

import os
import subprocess

import apsw
import pytest

from tests.cli.test_backup import FILE

READERS = [["keys", "list"], ["projects", "list"], ["backup", "copy"], ["check"], ["migrate"]]
MAKERS = [["serve", "--port", "0"], ["keys", "create"], ["projects", "create", "acme"]]


def ended_by(room, words):
    """Run a command; a server in a process, for it configures the logs of its own."""
    return room.run_alone(*words) if words[0] == "serve" else room.run(*words)


def error_of(room, words):
    """Run a command that has to fail, and return its one line."""
    ended = ended_by(room, words)
    assert ended.code == 1
    assert len(ended.error) < 300
    return ended.error


@pytest.mark.parametrize("words", READERS, ids=" ".join)
def test_reading_what_is_not_there_makes_nothing(room, words):
    error = error_of(room, words)
    assert error == "There is no data in dialoguedb-data: it does not exist"
    assert not room.data.exists()


@pytest.mark.parametrize("words", READERS, ids=" ".join)
def test_reading_an_empty_directory_leaves_it_empty(room, words):
    room.data.mkdir()
    error = error_of(room, words)
    assert error == "There is no data in dialoguedb-data: it is empty or something else"
    assert list(room.data.iterdir()) == []


@pytest.mark.parametrize("words", MAKERS, ids=" ".join)
def test_a_directory_of_other_things_is_refused_and_left_alone(room, words):
    room.data.mkdir()
    (room.data / "thesis.tex").write_text("mine")
    error = error_of(room, words)
    assert error.startswith("dialoguedb-data holds other files and no dialoguedb.sqlite3")
    assert [path.name for path in room.data.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("words", MAKERS, ids=" ".join)
def test_a_file_in_place_of_the_directory_is_refused(room, words):
    room.data.write_text("mine")
    assert error_of(room, words) == "dialoguedb-data is a file; a data directory is needed"
    assert room.data.read_text() == "mine"


@pytest.mark.parametrize("words", [*READERS, *MAKERS], ids=" ".join)
def test_another_programs_database_is_refused_and_left_alone(room, words):
    room.data.mkdir()
    db = apsw.Connection(str(room.data / FILE))
    db.execute("CREATE TABLE recipes (name)")
    db.close()
    before = (room.data / FILE).read_bytes()
    assert "is a database of another program" in error_of(room, words)
    assert (room.data / FILE).read_bytes() == before


@pytest.mark.parametrize("words", [*READERS, *MAKERS], ids=" ".join)
def test_a_file_that_is_no_database_is_refused_and_left_alone(room, words):
    room.data.mkdir()
    (room.data / FILE).write_text("not a database at all, but long enough to look at" * 99)
    error = error_of(room, words)
    assert "is damaged or no SQLite database" in error
    assert "dialoguedb restore" in error
    assert (room.data / FILE).read_text().startswith("not a database")


@pytest.mark.parametrize("words", MAKERS, ids=" ".join)
def test_a_place_where_nothing_can_be_made_is_told(room, words):
    error = error_of(room, [*words, "--data", "/proc/dialoguedb"])
    assert error.startswith("/proc/dialoguedb cannot be used: ")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
@pytest.mark.parametrize("mode", [0o500, 0o700], ids=["and its directory", "alone"])
@pytest.mark.parametrize("words", MAKERS, ids=" ".join)
def test_a_file_that_cannot_be_written_is_told(room, words, mode):
    room.run("projects", "create", "before")
    (room.data / FILE).chmod(0o400)
    room.data.chmod(mode)
    assert "cannot be opened for writing" in error_of(room, words)


def test_hidden_files_and_certificates_are_no_hindrance(room):
    room.data.mkdir()
    (room.data / ".DS_Store").touch()
    (room.data / "tls").mkdir()
    assert room.run("projects", "create", "acme").code == 0


@pytest.mark.parametrize("table", ["secrets", "keys", "projects", "migrations", "dialogues"])
def test_a_damaged_table_is_told_in_one_line(room, table):
    room.run("keys", "create")
    path = room.data / FILE
    db = apsw.Connection(str(path))
    size = db.pragma("page_size")
    root = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).get
    db.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(os.urandom(size))
    for words in [*READERS, *MAKERS] if table == "secrets" else [*READERS, *MAKERS[1:]]:
        ended = ended_by(room, words)
        assert "Traceback" not in ended.err
        assert ended.code == 0 or "damaged" in ended.err + ended.out


def test_a_backup_on_a_disk_that_is_read_only_is_checked(room):
    room.run("projects", "create", "before")
    room.run("backup", "copy")
    copy = room.directory / "copy"
    mounted = ["mount", "--bind", "-o", "ro", copy, copy]
    if os.geteuid() != 0 or subprocess.run(mounted, check=False, capture_output=True).returncode:
        pytest.skip("mounting is not permitted here")
    try:
        for words in (["check"], ["migrate", "--dry-run"], ["backup", "again"]):
            ended = room.run(*words, "--data", "copy")
            assert ended.code == 0, ended.err
        assert error_of(room, ["backup", "copy/inner"]).startswith("copy/inner cannot be used")
        ended = room.run_alone("serve", "--port", "0", "--data", "copy")
        assert "cannot be opened for writing" in ended.err
    finally:
        subprocess.run(["umount", copy], check=True)
