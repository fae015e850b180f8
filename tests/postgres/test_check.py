"""Every contradiction that data can hold is found, and sound data shows none."""

import asyncpg
import pytest

from dialoguedb.embed.wordllama import WordLlama
from dialoguedb.store.postgres import PostgresStore
from dialoguedb.store.postgres.connection.connection import Connection
from dialoguedb.store.postgres.maintenance import check
from tests.awkward_data import fill
from tests.contract.making import World
from tests.contract.test_attachments import DATA, picture, received
from tests.databases.engines import databases_of
from tests.databases.postgres import at_once

pytestmark = pytest.mark.anyio

UNCHECKED = "SET LOCAL session_replication_role = replica"
"""Lets a statement break what the schema does not allow."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Return a directory that stands for a database with some of everything."""
    directory = tmp_path_factory.mktemp("sound")
    at_once(filled(databases_of("postgres").url_of(directory)))
    return directory


async def filled(url):
    store = await PostgresStore.open(url, None, WordLlama())
    await fill(store)
    me = await World(store).tenant()
    await me.new("pictures")
    sent = [received(picture(), id="p1"), received(picture(DATA[4:]), id="p2")]
    await me.append(*sent, to="pictures")
    await store.close()


@pytest.fixture
async def damaged(sound):
    """Return a function that damages sound data and checks it, in a transaction that is undone."""
    connection = await asyncpg.connect(databases_of("postgres").url_of(sound))
    transaction = connection.transaction(isolation="repeatable_read")
    await transaction.start()

    async def damage(*statements):
        await connection.execute(UNCHECKED)
        for statement in statements:
            await connection.execute(statement)
        return await check.check(Connection(connection))

    yield damage
    await transaction.rollback()
    await connection.close()


async def test_sound_data_shows_nothing(damaged):
    assert await damaged() == []


PARENT = "(SELECT number FROM dialogues WHERE id = 'parent')"
CHILD = "(SELECT number FROM dialogues WHERE id = 'child')"
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
        f"UPDATE messages SET seq = 0 WHERE seq = 1 AND dialogue = {PARENT}"
    ),
    f"{PARENT_NAMED} numbers 2 messages with 1 numbers": (
        f"UPDATE messages SET seq = 2 WHERE dialogue = {PARENT}"
    ),
    f"{PARENT_NAMED} says its last message was created at '' and not": (
        "UPDATE dialogues SET last_message_created = '' WHERE id = 'parent'"
    ),
    f"{PARENT_NAMED} counts 0 threads and has 1": "UPDATE dialogues SET thread_count = 0",
    f"{CHILD_NAMED} is a thread of 'parent', which is not its parent": (
        "UPDATE dialogues SET parent = number WHERE id = 'child'"
    ),
    f"{CHILD_NAMED} is a thread of 'parent' without a parent": (
        "UPDATE dialogues SET parent = NULL, thread_count = 0"
    ),
    f"{CHILD_NAMED} has no metadata and state": (
        f"DELETE FROM dialogue_bodies WHERE dialogue = {CHILD}"
    ),
    f"{CHILD_NAMED} is ended at a time that does not fit": "UPDATE dialogues SET ended_at = NULL",
    "A time of dialogues 'child' has not the form of a timestamp": (
        "UPDATE dialogues SET modified = '2026-11-22' WHERE id = 'child'"
    ),
    "A time of messages ": "UPDATE messages SET modified = 'now' WHERE seq = 1",
    "A time of memories ": "UPDATE memories SET created = '2026-11-22T00:00:00Z'",
    "A time of summaries ": "UPDATE summaries SET due = 'soon'",
    "A time of receipts 'r' has not": "UPDATE receipts SET created = 'soon'",
    "A time of templates 't' has not": "UPDATE templates SET modified = ''",
    "A time of projects 'default' has not": "UPDATE projects SET created = ''",
    "A time of answers '6b' has not": (
        "INSERT INTO answers (part, key, project, request, answer, created)"
        " VALUES (0, 'k', 1, '-', '-', 'then')"
    ),
    "Summary '": "UPDATE summaries SET project = 2",
    "Summary ": "UPDATE summaries SET status = 'failed'",
    "Receipt 'r'": "UPDATE receipts SET project = 2",
    "A message numbered 1 of dialogue 'parent' has tags that are another dialogue's": (
        f"UPDATE message_tags SET dialogue = {CHILD}"
    ),
    "Usage of project number 1 in month '2026-1' is not a month's sum": (
        "UPDATE usage SET month = '2026-1' WHERE project = 1 AND slot = 0"
    ),
    "Project 'default' has 2 messages and has used 1": (
        "UPDATE usage SET messages = 0; UPDATE usage SET messages = 1 WHERE slot <> 0"
    ),
    "Project 'default' has 2 dialogues and has used 0": "DELETE FROM usage",
    "Key 'ddb_": "UPDATE keys SET digest = '-' WHERE project = 1",
    "The record of schema step 1 is missing": "DELETE FROM migrations WHERE version = 1",
    "The secret of page tokens is missing": "DELETE FROM secrets",
    "The dialogue 'child' lies in partition 7, where": (
        "UPDATE dialogues SET part = 7 WHERE id = 'child'"
    ),
    "The memory '": "UPDATE memories SET part = 7",
    "The id 'r' lies in partition 7, where": "UPDATE object_ids SET part = 7",
    "The kept response '6b' lies in partition 7, where": (
        "INSERT INTO answers (part, key, project, request, answer, created)"
        " VALUES (7, 'k', 1, '-', '-', '2026-11-22T00:00:00.000Z')"
    ),
    "The receipt 'r' is found by no id": "DELETE FROM object_ids WHERE kind = 'receipt'",
    "The summary '": "UPDATE object_ids SET owner = 99",
    "The id 'r' of a receipt belongs to none": "DELETE FROM receipts",
    "A value of message ": "UPDATE messages SET content = '\\x22FF22' WHERE seq = 1",
    "A value of memory ": "UPDATE memories SET value = '{'",
    "A value of dialogue 'child' (row ": (
        f"UPDATE dialogue_bodies SET state = '[]' WHERE dialogue = {CHILD}"
    ),
    "Message ": "UPDATE messages SET content_length = 1 WHERE seq = 1",
    "The settings of project 'default' cannot be read": "UPDATE projects SET settings = '{'",
    "The tags of dialogue number ": "DELETE FROM dialogue_tags WHERE tag = 'a'",
    "The tags of message number ": "DELETE FROM message_tags",
    "The tags of memory number ": "UPDATE memories SET tags = '[]'",
    "A row of messages belongs to a row of dialogues that does not exist": (
        "DELETE FROM dialogues WHERE id = 'parent'"
    ),
    "A row of keys belongs to a row of projects that does not exist: 1": (
        "DELETE FROM projects WHERE number = 1"
    ),
    "Attachment ": "UPDATE attachments SET base64 = 'A' WHERE number = 1",
    "A row of message_attachments belongs to a row of attachments": (
        "DELETE FROM attachments WHERE number = 1"
    ),
    "An attachment belongs to message number ": (
        "UPDATE messages SET attachments = '' WHERE id = 'p1'"
    ),
    "The attachments of message 'p1' (row ": (
        "UPDATE messages SET attachments = '[' WHERE id = 'p1'"
    ),
    "The attachments of message 'p2' (row ": (
        "UPDATE message_attachments SET attachment = 1 WHERE attachment = 2"
    ),
    "1 messages cannot be found by their words, beginning with number ": (
        f"DELETE FROM message_words WHERE number IN"
        f" (SELECT min(number) FROM messages WHERE dialogue = {PARENT})"
    ),
    "1 entries of the words belong to none of the memories": (
        "INSERT INTO memory_words VALUES (7, 99, 1, 1, 0, '')"
    ),
    "The words of dialogues in namespace 'n' of project number 1 are found in another place": (
        "UPDATE dialogue_words SET scope = 5"
    ),
    "The words of message number ": "UPDATE message_words SET words = 'other'",
    "1 entries of the outbox belong to none of the memories": (
        "INSERT INTO outbox VALUES (7, 1, 'memory', 99, '', '')"
    ),
    "1 messages have no vector of ": "DELETE FROM message_vectors WHERE number = 1",
    "The vectors of memories in namespace '' of project number 1 are found in another place": (
        "UPDATE memory_vectors SET project = 2"
    ),
    "1 vectors of messages have not the length of their embedder's": (
        "INSERT INTO message_vectors (part, embedder, number, project, scope, vector, packed)"
        " VALUES (7, 9, 99, 1, 1, '[1,2]', '')"
    ),
    "2 embedders serve at once": (
        "INSERT INTO embedders (name, dimensions, state, created) VALUES ('e', 2, 'serving', '')"
    ),
}


@pytest.mark.parametrize("finding", DAMAGE)
async def test_damage_is_found(damaged, finding):
    findings = await damaged(DAMAGE[finding])
    assert any(line.startswith(finding) for line in findings), findings
    assert all("\n" not in line for line in findings)


async def test_every_rule_is_tried_here(sound):
    connection = await asyncpg.connect(databases_of("postgres").url_of(sound))
    untried = set(check.RULES)
    try:
        for statement in DAMAGE.values():
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(UNCHECKED)
            await connection.execute(statement)
            untried -= {rule for rule in untried if await connection.fetch(rule.query)}
            await transaction.rollback()
    finally:
        await connection.close()
    assert untried == set()


async def test_of_many_findings_of_a_kind_the_first_hundred_are_shown(damaged):
    findings = await damaged(
        "INSERT INTO usage (project, month) SELECT 1, 'month ' || i FROM generate_series(1, 150) i"
    )
    assert len(findings) == 101
    assert findings[-1] == "... and more of this kind; only 100 are shown"


async def test_damage_that_stops_one_reader_does_not_stop_the_check(damaged):
    findings = await damaged(
        "UPDATE dialogues SET thread_count = 0",
        "CREATE FUNCTION broken() RETURNS bytea LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE 'page 7 is damaged' USING ERRCODE = 'XX001'; END $$",
        "ALTER TABLE keys RENAME TO those",
        "CREATE VIEW keys AS SELECT id, project, prefix, broken() AS digest FROM those",
    )
    assert "Reading stopped at damage in the database: page 7 is damaged" in findings
    assert any("counts 0 threads" in line for line in findings)
