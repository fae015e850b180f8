"""Keys of data commands: where they come from, and which of these ways others can see."""

import pytest

from dialoguedb.client.options import connection_options
from dialoguedb.errors import InvalidSetting

KEY = "ddb_" + "k" * 43
OTHER = "ddb_" + "o" * 43
SEEN = "can see --api-key in the list of processes"


@pytest.fixture(scope="module")
def address(serving):
    return ["--endpoint", serving.url]


@pytest.fixture
def key_file(room, serving):
    file = room.directory / "key"
    file.write_text(f"{serving.first_key}\n")
    return file


def test_a_key_in_a_file_is_named_by_a_flag(room, address, key_file):
    ended = room.run("dialogue", "list", *address, "--api-key-file", key_file)
    assert (ended.code, ended.err) == (0, "")


@pytest.mark.parametrize("name", ["DIALOGUEDB_API_KEY", "DIALOGUE_DB_API_KEY"])
def test_a_key_in_a_variable_is_not_warned_of(room, address, serving, name):
    ended = room.run("dialogue", "list", *address, **{name: serving.first_key})
    assert (ended.code, ended.err) == (0, "")


def test_a_key_in_a_file_is_named_by_a_variable(room, address, key_file):
    ended = room.run("dialogue", "list", *address, DIALOGUEDB_API_KEY_FILE=str(key_file))
    assert (ended.code, ended.err) == (0, "")


def test_a_key_on_the_command_line_works_and_is_warned_of(room, address, serving):
    ended = room.run("dialogue", "list", *address, "--api-key", serving.first_key)
    assert ended.code == 0
    assert SEEN in ended.err
    assert serving.first_key not in ended.err


def test_a_key_and_a_file_of_one_are_a_wrong_use(room, address, key_file):
    ended = room.run("dialogue", "list", *address, "--api-key", KEY, "--api-key-file", key_file)
    assert ended.code == 2


@pytest.mark.parametrize("content", [b"", b"hidden", b"hidden\xff"])
def test_a_file_without_a_key_is_refused_and_not_shown(room, address, content):
    (room.directory / "key").write_bytes(content)
    ended = room.run("dialogue", "list", *address, "--api-key-file", "key")
    assert ended.code == 1
    assert "hidden" not in ended.err


def test_a_file_that_is_not_there_is_refused_by_name(room, address):
    ended = room.run("dialogue", "list", *address, DIALOGUEDB_API_KEY_FILE="none")
    assert ended.code == 1
    assert "none cannot be read" in ended.err


def key_from(api_key, **environment):
    return connection_options(api_key, None, None, environment).api_key


def test_what_a_program_passes_wins_over_the_environment(tmp_path):
    (tmp_path / "key").write_text(KEY)
    assert key_from(OTHER, DIALOGUEDB_API_KEY_FILE=str(tmp_path / "key")) == OTHER
    assert key_from(None, DIALOGUEDB_API_KEY_FILE=str(tmp_path / "key")) == KEY


def test_a_variable_and_a_file_at_once_are_refused(tmp_path):
    (tmp_path / "key").write_text(KEY)
    file = str(tmp_path / "key")
    with pytest.raises(InvalidSetting, match="not both"):
        key_from(None, DIALOGUEDB_API_KEY=KEY, DIALOGUEDB_API_KEY_FILE=file)
