"""Encryption on the command line: every command works with it, and none shows a key."""

import base64
import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from dialoguedb import DialogueDB
from tests.cli.in_process import Terminal
from tests.encryption.rooms import KEY, OTHER_KEY, found_in
from tests.http.server import program, quiet_environment

TEXT = "zqsecretthatwasstored"


@pytest.fixture
def room(tmp_path):
    """Make a directory to run commands in, with two keys beside the data."""
    room = Terminal(tmp_path)
    (tmp_path / "key").write_text(KEY.hex() + "\n")
    (tmp_path / "other").write_text(base64.b64encode(OTHER_KEY).decode())
    return room


WITH_KEY = ("--encryption-key-file", "key")
WITH_OTHER = ("--encryption-key-file", "other")
IN_ENVIRONMENT = {"DIALOGUEDB_ENCRYPTION_KEY_FILE": "key"}


def filled(room):
    """Begin an encrypted directory with a project, a key and a memory."""
    assert room.run("keys", "create", *WITH_KEY).code == 0
    made = room.run("memory", "create", "--value", TEXT, "--data", room.data, **IN_ENVIRONMENT)
    assert made.code == 0, made.err
    return room


def test_every_command_for_operators_works_with_a_key(room):
    filled(room)
    for words in (
        ("keys", "list"),
        ("projects", "list"),
        ("projects", "create", "acme"),
        ("check",),
        ("reindex",),
        ("migrate", "--dry-run"),
        ("migrate",),
        ("backup", "copy"),
        ("restore", "copy", "--data", "restored"),
    ):
        ended = room.run(*words, *WITH_KEY)
        assert ended.code == 0, (words, ended.err)
        refused = room.run(*words, *(("--data", "new") if words[0] == "restore" else ()))
        assert "is encrypted; name its key" in refused.error, words
    assert set(found_in(room.directory, [TEXT]).values()) == {0}


def test_backup_and_restore_tell_that_they_are_encrypted(room):
    filled(room)
    assert room.run("backup", "copy", *WITH_KEY).out.rstrip().endswith("bytes, encrypted)")
    restored = room.run("restore", "copy", "--data", "restored", *WITH_KEY)
    assert restored.out.rstrip().endswith("bytes, encrypted)")
    assert room.run("check", "--data", "restored", *WITH_KEY).code == 0
    room.run("keys", "create", "--data", "plain")
    assert room.run("backup", "other copy", "--data", "plain").out.rstrip().endswith("bytes)")


def test_commands_for_data_find_the_key_in_their_environment(room):
    filled(room)
    exported = room.run("export", "--data", room.data, **IN_ENVIRONMENT)
    assert TEXT in exported.out
    again = room.run("import", "-", "--data", "second", stdin=exported.out, **IN_ENVIRONMENT)
    assert again.code == 0, again.err
    listed = room.run("memory", "list", "--data", "second", **IN_ENVIRONMENT)
    assert TEXT in listed.out
    assert "is encrypted" in room.run("memory", "list", "--data", "second").error


def test_a_key_may_be_named_in_the_file_of_settings(room):
    filled(room)
    (room.directory / "dialoguedb.toml").write_text('encryption-key-file = "key"\n')
    assert room.run("check").code == 0
    assert TEXT in room.run("memory", "list", "--data", room.data).out


def test_the_engine_in_a_program_finds_the_key(room, monkeypatch):
    filled(room)
    monkeypatch.setenv("DIALOGUEDB_ENCRYPTION_KEY_FILE", str(room.directory / "key"))
    with DialogueDB(path=room.data) as db:
        assert [memory.value for memory in db.list_memories()] == [TEXT]


def test_a_server_serves_encrypted_data_and_logs_no_key(room):
    with room.serving(*WITH_KEY) as serving:
        client = serving.client(serving.first_key)
        stored = client.post("/dialogue", json={"message": {"role": "user", "content": TEXT}})
        assert stored.status_code == 200
        found = client.post("/search", json={"object": "message", "query": TEXT})
        assert TEXT in found.text
        assert room.run("backup", "copy", *WITH_KEY).code == 0
        command = Path(f"/proc/{serving.process.pid}/cmdline")
        shown = command.read_text() if command.exists() else ""
        assert set(found_in(room.data, [TEXT]).values()) == {0}
        assert serving.stop() == 0
    for text in (serving.log_file.read_text(), serving.out, shown):
        assert KEY.hex() not in text
    assert set(found_in(room.directory / "copy", [TEXT]).values()) == {0}


def test_a_server_without_its_key_says_so_and_ends(room):
    filled(room)
    ended = room.run_alone("serve", "--port", "0")
    assert ended.code != 0
    assert "is encrypted; name its key with --encryption-key-file" in ended.err


def test_encrypting_data_that_was_not(room):
    room.run("memory", "create", "--value", TEXT, "--data", room.data)
    assert TEXT in room.run("memory", "list", "--data", room.data).out
    assert "run `dialoguedb encrypt`" in room.run("check", *WITH_KEY).error
    assert "A key is needed" in room.run("encrypt").error
    assert room.run("encrypt", *WITH_KEY).out.startswith("Encrypted and verified: ")
    assert "encrypted already" in room.run("encrypt", *WITH_KEY).error
    assert TEXT in room.run("memory", "list", "--data", room.data, **IN_ENVIRONMENT).out
    assert set(found_in(room.data, [TEXT]).values()) == {0}


def test_another_key_while_a_server_runs(room):
    with room.serving(*WITH_KEY) as serving:
        client = serving.client(serving.first_key)
        changed = room.run("rekey", *WITH_KEY, "--new-key-file", "other")
        assert changed.out == f"The new key opens {room.data.name}\n"
        assert client.post("/dialogue", json={}).status_code == 200
        assert room.run("check", *WITH_OTHER).code == 0
        assert "another key" in room.run("check", *WITH_KEY).error
        assert serving.stop() == 0
    with room.serving(*WITH_OTHER) as serving:
        assert serving.stop() == 0


def test_the_old_key_may_be_kept(room):
    filled(room)
    kept = room.run("rekey", *WITH_KEY, "--new-key-file", "other", "--keep-old")
    assert "the old one does, too" in kept.out
    assert room.run("check", *WITH_KEY).code == room.run("check", *WITH_OTHER).code == 0


def test_another_key_for_the_data(room):
    filled(room)
    done = room.run("rekey", *WITH_KEY, "--data-key")
    assert done.out.startswith("Encrypted again and verified: ")
    assert TEXT in room.run("memory", "list", "--data", room.data, **IN_ENVIRONMENT).out
    with room.serving(*WITH_KEY):
        assert "is in use" in room.run("rekey", *WITH_KEY, "--data-key").error


@pytest.mark.parametrize(
    "words",
    [(), ("--keep-old",), ("--data-key", "--keep-old"), ("--data-key", "--new-key-file", "other")],
)
def test_rekey_is_told_what_to_change(room, words):
    filled(room)
    assert room.run("rekey", *WITH_KEY, *words).code == 2


def test_two_sources_of_a_new_key_are_refused(room):
    both = ("--new-key-file", "other", "--new-key-command", "cat other")
    assert "not both" in room.run("rekey", *WITH_KEY, *both).error


def test_what_is_not_encrypted_has_no_key_to_change(room):
    room.run("keys", "create")
    assert "dialoguedb encrypt" in room.run("rekey", "--new-key-file", "other").error
    assert "dialoguedb encrypt" in room.run("rekey", "--data-key").error


PRINTING = shlex.join([sys.executable, "-c", f"print({KEY.hex()!r})"])


def test_a_key_may_be_printed_by_a_command(room):
    filled(room)
    assert room.run("check", "--encryption-key-command", PRINTING).code == 0
    variables = {"DIALOGUEDB_ENCRYPTION_KEY_COMMAND": "cat key"}
    assert TEXT in room.run("memory", "list", "--data", room.data, **variables).out


def test_the_command_is_run_once_for_each_start(room):
    filled(room)
    counted = "sh -c 'echo x >> runs; cat key'"
    for words in (("keys", "list"), ("check",), ("backup", "copy"), ("rekey", "--data-key")):
        (room.directory / "runs").unlink(missing_ok=True)
        assert room.run(*words, "--encryption-key-command", counted).code == 0
        assert (room.directory / "runs").read_text() == "x\n", words


BAD_COMMANDS = {
    "none such": ("no-such-program --flag", "No such file"),
    "one that fails": (shlex.join([sys.executable, "-c", "raise SystemExit(7)"]), "status 7"),
    "one that prints nothing": ("true", "is not 32 bytes"),
}


@pytest.mark.parametrize(("command", "complaint"), BAD_COMMANDS.values(), ids=BAD_COMMANDS)
def test_a_command_that_prints_no_key_is_told(room, command, complaint):
    assert complaint in room.run("keys", "create", "--encryption-key-command", command).error


BAD_KEYS = {
    "empty": b"",
    "short": b"ab" * 31,
    "long": b"ab" * 33,
    "no hexadecimal": b"zz" * 32,
    "a password": b"correct horse battery staple",
    "binary": bytes(range(200, 232)),
    "base64 of 16 bytes": base64.b64encode(b"k" * 16),
    "in quotes": b'"' + b"ab" * 32 + b'"',
}


@pytest.mark.parametrize("text", BAD_KEYS.values(), ids=BAD_KEYS)
def test_a_file_without_a_key_is_told_and_not_shown(room, text):
    (room.directory / "key").write_bytes(text)
    error = room.run("keys", "create", *WITH_KEY).error
    assert "is not 32 bytes in hexadecimal or base64" in error
    assert not text or text.decode("latin-1") not in error
    assert not room.data.exists() or list(room.data.iterdir()) == []


GOOD_KEYS = {
    "hexadecimal": KEY.hex(),
    "upper case": KEY.hex().upper(),
    "white space around": f"\n {KEY.hex()} \r\n",
    "base64": base64.b64encode(KEY).decode(),
}


@pytest.mark.parametrize("text", GOOD_KEYS.values(), ids=GOOD_KEYS)
def test_one_key_may_be_written_in_several_ways(room, text):
    filled(room)
    (room.directory / "key").write_text(text)
    assert room.run("check", *WITH_KEY).code == 0


def test_a_file_that_cannot_be_read_is_told(room):
    error = room.run("keys", "create", "--encryption-key-file", "nowhere").error
    assert error == "The encryption key nowhere: No such file or directory"


def test_a_file_and_a_command_are_refused(room):
    both = (*WITH_KEY, "--encryption-key-command", "cat key")
    assert "not both" in room.run("keys", "create", *both).error


WITHOUT_CIPHERS = """
import sys, apsw
del apsw.mc_version
from dialoguedb.cli import main
main(sys.argv[1:], prog_name="dialoguedb")
"""


def test_an_sqlite_that_cannot_encrypt_is_told_before_anything_is_made(room):
    """As it is after another package has brought the plain `apsw`."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_CIPHERS, "keys", "create", *WITH_KEY],
        check=False,
        capture_output=True,
        cwd=room.directory,
        env=quiet_environment(),
        text=True,
    )
    assert "pip install --force-reinstall --no-deps apsw-sqlite3mc" in done.stderr
    assert not room.data.exists() or list(room.data.iterdir()) == []


def test_the_program_is_installed_with_ciphers():
    code = "import apsw, json; print(json.dumps(apsw.mc_version))"
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert json.loads(shown.stdout).startswith("SQLite3 Multiple Ciphers")
    assert program()
