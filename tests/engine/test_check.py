"""Every contradiction that data can hold is found, and sound data shows none."""

import asyncio

import apsw
import pytest

from dialoguedb.store.sqlite import SQLiteStore
from dialoguedb.store.sqlite.connection import files, vfs
from dialoguedb.store.sqlite.maintenance import check
from tests.awkward_data import fill


async def filled(directory, embedder=None):
    store = await SQLiteStore.open(directory, None, embedder)
    await fill(store)
    await store.close()


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    directory = tmp_path_factory.mktemp("data")
    asyncio.run(filled(directory))
    return (directory / files.FILE).read_bytes()


@pytest.fixture
def damaged(sound, tmp_path):
    """Return a function that damages a copy of sound data and checks it."""

    def damage(*statements):
        path = tmp_path / files.FILE
        path.write_bytes(sound)
        db = vfs.open_file(str(path), apsw.SQLITE_OPEN_READWRITE)
        for statement in statements:
            db.execute(statement)
        db.close()
        return check.check(tmp_path)

    return damage


def test_sound_data_shows_nothing(damaged):
    assert damaged() == []


PARENT_NAMED = "Dialogue 'parent' of namespace 'n' in project 'default'"
CHILD_NAMED = "Dialogue 'child' of namespace 'n' in project 'default'"

DAMAGE = {
    f"{PARENT_NAMED} counts 5 messages and has 2": (
        "UPDATE dialogues SET total_messages = 5 WHERE id = 'parent'"
    ),
    f"{PARENT_NAMED} has last sequence number 1 but a message numbered 2": (
        "UPDATE dialogues SET last_seq = 1 WHERE id = 'parent'"
    ),
    f"{PARENT_NAMED} has a message numbered 0, below 1": (
        "UPDATE messages SET seq = 0 WHERE seq = 1"
    ),
    f"{PARENT_NAMED} numbers 2 messages with 1 numbers": "UPDATE messages SET seq = 2",
    f"{PARENT_NAMED} says its last message was created at '' and not": (
        "UPDATE dialogues SET last_message_created = '' WHERE id = 'parent'"
    ),
    f"{PARENT_NAMED} counts 0 threads and has 1": "UPDATE dialogues SET thread_count = 0",
    f"{CHILD_NAMED} is a thread of 'parent', which is not its parent": (
        "UPDATE dialogues SET parent = number WHERE id = 'child';"
        "UPDATE dialogues SET thread_count = thread_count - 1 WHERE id = 'parent';"
        "UPDATE dialogues SET thread_count = thread_count + 1 WHERE id = 'child'"
    ),
    f"{CHILD_NAMED} is a thread of 'parent' without a parent": (
        "UPDATE dialogues SET parent = NULL, thread_count = 0"
    ),
    "Summary '": (
        "INSERT INTO projects (id, name, settings, created, modified)"
        " SELECT 'other', 'other', settings, created, modified FROM projects;"
        "UPDATE summaries SET project = 2"
    ),
    "Receipt 'r'": (
        "INSERT INTO projects (id, name, settings, created, modified)"
        " SELECT 'other', 'other', settings, created, modified FROM projects;"
        "UPDATE receipts SET project = 2"
    ),
    f"{CHILD_NAMED} has no metadata and state": (
        "DELETE FROM dialogue_bodies WHERE dialogue ="
        " (SELECT number FROM dialogues WHERE id = 'child')"
    ),
    f"{CHILD_NAMED} is ended at a time that does not fit": ("UPDATE dialogues SET ended_at = NULL"),
    "A time of dialogues 'child' has not the form of a timestamp": (
        "UPDATE dialogues SET modified = '2026-11-22' WHERE id = 'child'"
    ),
    "A time of messages ": "UPDATE messages SET modified = 'now' WHERE seq = 1",
    "A time of memories ": "UPDATE memories SET created = '2026-11-22T00:00:00Z' WHERE number = 1",
    "A time of summaries ": "UPDATE summaries SET due = 'soon'",
    "A time of receipts 'r' has not": "UPDATE receipts SET created = 'soon'",
    "A time of templates 't' has not": "UPDATE templates SET modified = ''",
    "Summary ": "UPDATE summaries SET status = 'failed'",
    "A time of projects 'default' has not": "UPDATE projects SET created = ''",
    "A time of answers '6B' has not": (
        "INSERT INTO answers (key, project, request, answer, created)"
        " VALUES (CAST('k' AS BLOB), 1, X'00', X'00', 'then')"
    ),
    "Usage of project number 1 in month '2026-1' is not a month's sum": (
        "UPDATE usage SET month = '2026-1'"
    ),
    "Key 'ddb_": "UPDATE keys SET digest = X'00'",
    "The record of schema step 1 is missing": "DELETE FROM migrations WHERE version = 1",
    "The secret of page tokens is missing": "DELETE FROM secrets",
    "A value of message ": "UPDATE messages SET content = X'22FF22' WHERE seq = 1",
    "A value of memory ": "UPDATE memories SET value = X'7B' WHERE number = 1",
    "A value of dialogue 'child' (row 2) is not the JSON it should be": (
        "UPDATE dialogue_bodies SET state = CAST('[]' AS BLOB) WHERE dialogue = 2"
    ),
    "Message ": "UPDATE messages SET content_length = 1 WHERE seq = 1",
    "The settings of project 'default' cannot be read": "UPDATE projects SET settings = X'7B'",
    "The tags of dialogue number 1 differ from": "DELETE FROM dialogue_tags WHERE tag = 'a'",
    "The tags of message number 1 differ from": "UPDATE message_tags SET message = 2; UPDATE"
    " messages SET tags = CAST('[\"t\"]' AS BLOB) WHERE number = 2",
    "The tags of memory number 3 differ from": "UPDATE memories SET tags = CAST('[]' AS BLOB)",
    "Row 2 of dialogues belongs to a row of dialogues that does not exist": (
        "PRAGMA foreign_keys = 0; DELETE FROM dialogues WHERE id = 'parent'"
    ),
}


@pytest.mark.parametrize("finding", DAMAGE)
def test_damage_is_found(damaged, finding):
    findings = damaged(DAMAGE[finding])
    assert any(line.startswith(finding) for line in findings), findings
    assert all("\n" not in line for line in findings)


def test_every_rule_is_tried_here(sound, tmp_path):
    untried = set(check.RULES)
    for number, statement in enumerate(DAMAGE.values()):
        path = tmp_path / str(number)
        path.write_bytes(sound)
        db = vfs.open_file(str(path), apsw.SQLITE_OPEN_READWRITE)
        db.execute(statement)
        untried -= {rule for rule in untried if db.execute(rule.query).fetchone()}
        db.close()
    assert untried == set()


def test_of_many_findings_of_a_kind_the_first_hundred_are_shown(damaged):
    many = "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 150)"
    findings = damaged(f"{many} INSERT INTO usage (project, month) SELECT 1, 'month ' || i FROM n")
    assert len(findings) == 101
    assert findings[-1] == "... and more of this kind; only 100 are shown"
