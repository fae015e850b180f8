"""Databases that were made without checksums get them, or go on as they were."""

from contextlib import closing

import apsw
import pytest

from dialoguedb.embed.tokens import count_tokens
from dialoguedb.errors import DamagedData, DataError
from dialoguedb.store.sqlite import open_database
from dialoguedb.store.sqlite.connection import files, vfs
from dialoguedb.store.sqlite.maintenance import upgrade
from dialoguedb.store.sqlite.maintenance.check import check
from dialoguedb.store.sqlite.schema import page_checksums
from tests.migration.recorded import released


@pytest.fixture
def old(tmp_path):
    """Make data as an older version left it, without checksums."""
    path = tmp_path / files.FILE
    file = apsw.Connection(str(path))
    file.pragma("journal_mode", "wal")
    with closing(released(11)) as db, file.backup("main", db, "main") as copy:
        copy.step(-1)
    file.close()
    return path


def has_checksums(path):
    with closing(vfs.open_file(str(path), apsw.SQLITE_OPEN_READWRITE)) as db:
        return vfs.has_checksums(db)


def test_a_small_database_gets_checksums_when_it_is_opened(old, caplog):
    assert not has_checksums(old)
    open_database(old, count_tokens).close()
    assert has_checksums(old)
    assert "carry checksums from now on" in caplog.text
    assert check(old.parent) == []


def test_one_that_others_have_open_goes_on_as_it_was(old, caplog):
    with closing(apsw.Connection(str(old))) as other:
        assert other.execute("SELECT count(*) FROM projects").fetchall()
        open_database(old, count_tokens).close()
    assert not has_checksums(old)
    assert "`dialoguedb migrate` adds them" in caplog.text
    assert check(old.parent) == []
    open_database(old).close()
    assert has_checksums(old)


def test_a_large_one_waits_for_migrate(old, caplog):
    with closing(apsw.Connection(str(old))) as db:
        db.execute("CREATE TABLE filling (bytes)")
        db.execute("INSERT INTO filling VALUES (zeroblob(70000000))")
        db.execute("DROP TABLE filling")
    open_database(old, count_tokens).close()
    assert not has_checksums(old)
    assert "`dialoguedb migrate` adds them" in caplog.text
    assert upgrade.missing_steps(old.parent) == [page_checksums.STEP]
    assert upgrade.upgrade(old.parent, count_tokens) == [page_checksums.STEP]
    assert has_checksums(old)
    assert upgrade.missing_steps(old.parent) == []
    assert check(old.parent) == []


def test_migrate_refuses_while_others_have_it_open(old):
    with closing(apsw.Connection(str(old))) as other:
        assert other.execute("SELECT count(*) FROM projects").fetchall()
        with pytest.raises(DataError, match="stop the servers"):
            upgrade.upgrade(old.parent, count_tokens)


def test_a_header_that_denies_the_checksums_is_damage(old):
    open_database(old, count_tokens).close()
    content = bytearray(old.read_bytes())
    content[20] = 0
    old.write_bytes(content)
    with pytest.raises(DamagedData):
        open_database(old)
    assert check(old.parent) != []
