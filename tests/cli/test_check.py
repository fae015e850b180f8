"""`dialoguedb check` and `migrate`."""

import apsw
import pytest

from dialoguedb.store.sqlite.connection import vfs
from tests.cli.test_backup import FILE, damage
from tests.cli.test_directories import ended_by
from tests.e2e.test_serve import stored


def tamper(room, sql):
    """Change data behind the program's back."""
    db = vfs.open_file(str(room.data / FILE), apsw.SQLITE_OPEN_READWRITE)
    db.execute(sql)
    db.close()


def test_sound_data_passes_while_a_server_writes(room):
    with room.serving() as serving:
        stored(serving.client(serving.first_key))
        ended = room.run("check")
    assert (ended.code, ended.out) == (0, "Nothing wrong with dialoguedb-data\n")


def test_each_finding_is_a_line_and_the_exit_code_tells(room):
    with room.serving() as serving:
        dialogue = stored(serving.client(serving.first_key))
    tamper(room, "UPDATE dialogues SET total_messages = 7, thread_count = 2")
    ended = room.run("check")
    who = f"Dialogue '{dialogue['id']}' of namespace '' in project 'default'"
    assert ended.out.splitlines() == [
        f"{who} counts 7 messages and has 1",
        f"{who} counts 2 threads and has 0",
    ]
    assert (ended.code, ended.err) == (1, "")


def test_a_damaged_file_is_told_line_by_line(filled):
    damage(filled.data / FILE)
    ended = filled.run("check")
    assert ended.code == 1
    assert ended.out.startswith("The file is damaged: ")


def test_a_check_changes_nothing(filled):
    before = (filled.data / FILE).read_bytes()
    filled.run("check")
    filled.run("migrate", "--dry-run")
    assert (filled.data / FILE).read_bytes() == before


def test_data_of_this_version_needs_no_migration(filled):
    for words in (["migrate"], ["migrate", "--dry-run"]):
        assert filled.run(*words).out == "The schema is up to date\n"


@pytest.mark.parametrize(
    "words",
    [
        ["serve", "--port", "0"],
        ["keys", "list"],
        ["keys", "create"],
        ["projects", "list"],
        ["backup", "copy"],
        ["restore", "dialoguedb-data", "--data", "restored"],
        ["check"],
        ["migrate"],
        ["migrate", "--dry-run"],
    ],
    ids=" ".join,
)
def test_data_of_a_newer_version_is_left_alone(filled, words):
    tamper(filled, "PRAGMA user_version = 99")
    ended = ended_by(filled, words)
    assert ended.code == 1
    assert ended.error.startswith("The data has schema 99, this program knows up to ")
    assert ended.error.endswith("Install that version or a later one.")
