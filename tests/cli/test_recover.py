"""`dialoguedb recover`."""

from tests.cli.test_backup import FILE, damage


def test_damaged_data_is_recovered_line_by_line(filled):
    damage(filled.data / FILE)
    assert filled.run("check").code == 1
    ended = filled.run("recover", "--from", "dialoguedb-data", "--to", "recovered")
    assert (ended.code, ended.err) == (0, "")
    *lines, last = ended.out.splitlines()
    assert all(line.startswith(("Lost: ", "Changed: ")) for line in lines)
    assert last.startswith(f"Recovered into recovered/{FILE}: ")
    assert filled.run("check", "--data", "recovered").code == 0


def test_what_is_not_there_is_refused(filled):
    ended = filled.run("recover", "--from", "nothing", "--to", "recovered")
    assert ended.code == 1
    assert "There is no data in nothing" in ended.error


def test_the_directory_that_is_named_is_recovered_whatever_database_is_set(filled):
    words = ["recover", "--from", "dialoguedb-data", "--to", "recovered"]
    ended = filled.run(*words, DIALOGUEDB_DATABASE="sqlite:elsewhere")
    assert (ended.code, ended.err) == (0, "")


def test_encrypted_data_is_recovered_with_its_key_alone(filled):
    (filled.data.parent / "key").write_text("5a" * 32)
    key = ["--encryption-key-file", "key"]
    encrypted = filled.run("encrypt", *key)
    assert encrypted.code == 0, encrypted.err
    words = ["recover", "--from", "dialoguedb-data", "--to", "recovered"]
    ended = filled.run(*words)
    assert ended.code == 1
    assert "is encrypted; name its key" in ended.error
    assert not (filled.data.parent / "recovered").exists()
    ended = filled.run(*words, *key)
    assert (ended.code, ended.err) == (0, "")
    assert filled.run("check", "--data", "recovered", *key).code == 0
