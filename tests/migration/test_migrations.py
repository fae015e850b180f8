"""The schema grows step by step; every release's data is brought along, whole or not at all."""

import os
import signal
from multiprocessing import get_context
from typing import Any

import apsw
import pytest

from dialoguedb.embed.tokens import count_tokens
from dialoguedb.errors import DataError, NewerSchema
from dialoguedb.formats.tokens import measure_message
from dialoguedb.store.sqlite import open_database
from dialoguedb.store.sqlite.connection import files
from dialoguedb.store.sqlite.schema import migrations
from tests.migration.recorded import NOW, SCHEMAS, dump, file_of, fresh, released

NEWEST = len(migrations.MIGRATIONS)
VERSIONS = range(1, NEWEST + 1)

MESSAGES_OF_SCHEMA_2 = f"""
    INSERT INTO projects VALUES (1, 'p', 'default', X'7B7D', '{NOW}', '{NOW}');
    INSERT INTO dialogues (number, project, namespace, id, request_id, created, modified)
    VALUES (5, 1, '', 'd', 'r', '{NOW}', '{NOW}');
    WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
    INSERT INTO messages SELECT i, 5, i, 'm' || i, 'user', NULL,
        CAST('"parcel number ' || i || '"' AS BLOB), 9, X'5B5D', X'7B7D', '{NOW}', '{NOW}' FROM n;
    INSERT INTO messages VALUES (7000, 5, 1201, 'n', 'user', 'Ada',
        CAST('[{{"type":"text","text":"two\\n\\nlines"}}]' AS BLOB),
        9, X'5B5D', X'7B7D', '{NOW}', '{NOW}');
"""


def die_at(path, statement):
    """Migrate, and be killed before the given statement."""
    db = files.connect(path)
    ran = 0

    def trace(*_):
        nonlocal ran
        ran += 1
        if ran == statement:
            os.kill(os.getpid(), signal.SIGKILL)
        return True

    db.exec_trace = trace
    migrations.migrate(db, NOW)


def migrated_before(path, statement):
    """Migrate, and fail at the given statement; returns whether all was done before it came."""
    db = files.connect(path)
    left = statement

    def fail(*_):
        nonlocal left
        left -= 1
        return left >= 0  # False breaks off what runs

    db.exec_trace = fail
    try:
        migrations.migrate(db, NOW)
    except apsw.ExecTraceAbort:
        return False
    finally:
        db.exec_trace = None
        db.close()
    return True


class TestSchema:
    def test_every_step_has_its_record(self):
        assert sorted(path.name for path in SCHEMAS.iterdir()) == [
            file_of(version).name for version in VERSIONS
        ]

    def test_the_newest_record_is_the_fresh_schema(self):
        assert file_of(NEWEST).read_text() == dump(fresh())

    @pytest.mark.parametrize("version", VERSIONS)
    def test_every_release_migrates_to_the_fresh_schema(self, version):
        db = released(version)
        steps = migrations.migrate(db, NOW)
        assert len(steps) == NEWEST - version
        assert dump(db) == dump(fresh())
        assert db.pragma("user_version") == NEWEST
        assert db.pragma("integrity_check") == "ok"
        assert db.pragma("foreign_key_check") is None

    def test_each_step_leaves_its_record_in_the_data(self):
        recorded = fresh().execute("SELECT version, name, applied FROM migrations").fetchall()
        assert recorded == [
            (version, migration.name, NOW)
            for version, migration in enumerate(migrations.MIGRATIONS, 1)
        ]

    def test_migrating_again_does_nothing(self):
        db = fresh()
        before = dump(db), db.pragma("schema_version")
        assert migrations.migrate(db, "2027-01-01T00:00:00.000Z") == []
        assert (dump(db), db.pragma("schema_version")) == before

    def test_every_table_is_strict(self):
        tables = fresh().execute(
            "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
        )
        assert {name for name, strict in tables if not strict} == {
            "sqlite_schema",
            "sqlite_sequence",
        }

    def test_every_foreign_key_can_be_followed_back_by_an_index(self):
        """Deleting a parent would otherwise read the whole table of its children."""
        db = fresh()
        keys = db.execute(
            'SELECT t.name, k."from" FROM pragma_table_list t, pragma_foreign_key_list(t.name) k'
        ).fetchall()
        assert len(keys) > 5
        for table, column in keys:
            sql = f"EXPLAIN QUERY PLAN SELECT 1 FROM {table} WHERE {column} = 1"
            plan = str(db.execute(sql).fetchall()[0][3])
            assert plan.startswith("SEARCH"), (table, column, plan)


class TestNewer:
    @pytest.mark.parametrize("ahead", [1, 1_000])
    def test_a_newer_schema_is_refused_and_left_alone(self, ahead, tmp_path):
        path = tmp_path / files.FILE
        db = open_database(path)
        db.pragma("user_version", NEWEST + ahead)
        db.close()
        before = path.read_bytes()
        with pytest.raises(NewerSchema, match=f"schema {NEWEST + ahead}.* up to {NEWEST}"):
            open_database(path)
        assert path.read_bytes() == before


class TestInterrupted:
    def test_a_step_that_fails_anywhere_is_taken_whole_or_not_at_all(self, tmp_path):
        whole = {0: "", **{version: file_of(version).read_text() for version in VERSIONS}}
        path = tmp_path / files.FILE
        statement = 0
        while not migrated_before(path, statement):
            db = files.connect(path)
            assert dump(db) == whole[migrations.version(db)]
            db.close()
            statement += 1
        assert statement > 20
        db = open_database(path)
        assert dump(db) == dump(fresh())
        db.close()

    @pytest.mark.parametrize("statement", [2, 12, 30])
    def test_a_process_killed_in_the_middle_of_a_step_leaves_nothing(self, statement, tmp_path):
        path = tmp_path / files.FILE
        process = get_context("spawn").Process(target=die_at, args=(path, statement))
        process.start()
        process.join(60)
        assert process.exitcode == -signal.SIGKILL
        db = files.connect(path)
        assert (migrations.version(db), dump(db)) == (0, "")
        db.close()
        db = open_database(path)
        assert dump(db) == dump(fresh())
        db.close()


class TestTokens:
    def test_what_was_stored_before_tokens_were_is_counted_as_what_is_stored_now(self):
        db = released(2)
        db.execute(MESSAGES_OF_SCHEMA_2)
        migrations.migrate(db, NOW, count_tokens)
        counted: Any = db.execute(
            "SELECT role, content, name, metadata, tokens FROM messages"
        ).fetchall()
        assert len(counted) == 1_201
        for role, content, name, metadata, tokens in counted:
            measured = measure_message(role, content, name, metadata, count_tokens)
            assert tokens == measured.tokens > 4

    def test_without_a_counter_messages_stay_in_the_old_schema(self):
        db = released(2)
        db.execute(MESSAGES_OF_SCHEMA_2)
        with pytest.raises(DataError, match="without counting"):
            migrations.migrate(db, NOW)
        assert migrations.version(db) == 2


MESSAGES_OF_SCHEMA_7 = f"""
    INSERT INTO projects VALUES (1, 'p', 'default', X'7B7D', '{NOW}', '{NOW}');
    INSERT INTO dialogues (number, project, namespace, id, request_id, created, modified)
    VALUES (5, 1, '', 'd', 'r', '{NOW}', '{NOW}');
    INSERT INTO compaction_room VALUES (5, 100, 1000);
    INSERT INTO indexed VALUES ('message', 2);
    WITH new (number, role, content) AS (VALUES
        (1, 'user', '"a text"'),
        (2, 'assistant', '[{{"type":"thinking","thinking":"a long one","signature":"s"}}]'),
        (3, 'tool', '{{"type":"computer_call_output","call_id":"c","output":"done"}}'))
    INSERT INTO messages (number, dialogue, seq, id, role, content, content_length, tags, metadata,
        created, modified, tokens)
    SELECT number, 5, number, 'm' || number, role, CAST(content AS BLOB), 9, X'5B5D', X'7B7D',
        '{NOW}', '{NOW}', 1000 FROM new;
"""


class TestShownTexts:
    def test_what_is_more_than_a_text_is_counted_and_indexed_again(self):
        db = released(7)
        db.execute(MESSAGES_OF_SCHEMA_7)
        migrations.migrate(db, NOW, count_tokens)
        counted = db.execute("SELECT tokens, token_offset FROM messages ORDER BY seq").fetchall()
        assert counted == [(1000, 0), (4, 1000), (4 + 4 + 1, 1004)]
        assert db.execute("SELECT appended_tokens FROM dialogues").get == 1013
        assert db.execute("SELECT object, number, text FROM changed").fetchall() == [
            ("message", 2, 1)  # the third is not indexed yet in any case
        ]
        assert db.execute("SELECT count(*) FROM compaction_room").get == 0


def test_texts_with_a_nul_are_reported_and_stay(caplog):
    db = released(13)
    db.execute(MESSAGES_OF_SCHEMA_7)
    db.execute("UPDATE messages SET name = 'a' || char(0) WHERE seq < 3")
    db.execute("UPDATE dialogues SET label = char(0)")
    migrations.migrate(db, NOW, count_tokens)
    reported = [record.getMessage() for record in caplog.records]
    assert [one.split(",")[0] for one in reported] == [
        "2 messages hold U+0000 as name",
        "1 dialogues hold U+0000 as label",
    ]
    kept = db.execute("SELECT count(*) FROM messages WHERE name = 'a' || char(0)").get
    assert kept == 2
