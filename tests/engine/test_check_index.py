"""Every way in which an index can drift from the data is found, and repaired by indexing again."""

import asyncio

import apsw
import pytest

from dialoguedb.bootstrap.index_worker import indexing_of
from dialoguedb.embed.wordllama import WordLlama
from dialoguedb.store.sqlite import SQLiteStore
from dialoguedb.store.sqlite.connection import files, vfs
from dialoguedb.store.sqlite.maintenance import check
from tests.awkward_data import fill

EMBEDDER = WordLlama()


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    directory = tmp_path_factory.mktemp("data")
    asyncio.run(filled(directory))
    return (directory / files.FILE).read_bytes()


async def filled(directory):
    store = await SQLiteStore.open(directory, None, EMBEDDER)
    await fill(store)
    await store.index.catch_up()
    await store.close()


@pytest.fixture
def drifted(sound, tmp_path):
    """Return a function that lets the index of a copy of sound data drift, and checks it."""

    def drift(*statements):
        path = tmp_path / files.FILE
        path.write_bytes(sound)
        db = vfs.open_file(str(path), apsw.SQLITE_OPEN_READWRITE)
        for statement in statements:
            db.execute(statement).fetchall()
        db.close()
        return check.check(tmp_path)

    return drift


async def reindex(directory):
    store = await SQLiteStore.open(directory, None, EMBEDDER)
    work = indexing_of(store.index, [EMBEDDER])
    await work.rebuild()
    await work.complete(lambda *_: None)
    while await work.advance():
        pass
    await store.close()


def test_sound_data_shows_nothing(drifted):
    assert drifted() == []


NAMES = "object, number, project, scope, vector FROM vectors"
OUTBOX = "INSERT INTO outbox (embedder, object, number, written, due) VALUES"
MESSAGE = "number = 1 AND object = 'message'"

DRIFT = {
    "1 messages cannot be found by their words, beginning with number 2": (
        "DELETE FROM message_words WHERE rowid = 2"
    ),
    "2 dialogues cannot be found by their words, beginning with number 1": (
        "INSERT INTO dialogue_words (dialogue_words) VALUES ('delete-all')"
    ),
    "1 entries of the words of memories belong to none, beginning with number 77": (
        "INSERT INTO memory_words (rowid, words) VALUES (77, 'stray')"
    ),
    "1 entries of the words of messages belong to none, beginning with number 2": (
        "DELETE FROM messages WHERE number = 2; DELETE FROM vectors WHERE number = 2 AND"
        " object = 'message'; UPDATE dialogues SET total_messages = 1, last_message_created ="
        " (SELECT max(created) FROM messages) WHERE id = 'parent'"
    ),
    "The words of message number 1 are not those of its text": (
        "INSERT OR REPLACE INTO message_words (rowid, words) VALUES (1, 'something else')"
    ),
    "The words of memory number 3 are not those of its text": (
        "INSERT OR REPLACE INTO memory_words (rowid, words) VALUES (3, '')"
    ),
    "1 messages have no vector of 'wordllama/256' and wait for none, beginning with number 1": (
        f"DELETE FROM vectors WHERE {MESSAGE}"
    ),
    "3 memories have no vector of 'wordllama/256' and wait for none, beginning with number 1": (
        "DELETE FROM vectors WHERE object = 'memory'"
    ),
    "1 vectors belong to none of the dialogues, beginning with number 9": (
        f"INSERT INTO vectors SELECT NULL, 1, 'dialogue', 9, {NAMES.split(', ', 2)[2]} LIMIT 1"
    ),
    "1 entries of the outbox belong to none of the messages, beginning with number 9": (
        f"{OUTBOX} (1, 'message', 9, '2026', '2026')"
    ),
    "Vectors of messages in namespace 'n' of project number 1 are found in another place": (
        f"UPDATE vectors SET scope = 5 WHERE {MESSAGE}"
    ),
    "Vectors of memories in namespace '' of project number 1 are found in another place": (
        "UPDATE vectors SET project = 2 WHERE object = 'memory' AND number = 1"
    ),
    "1 vectors have not the length of their embedder's, beginning with number ": (
        f"UPDATE vectors SET vector = X'00' WHERE {MESSAGE}"
    ),
    "2 embedders serve at once": (
        "INSERT INTO embedders VALUES (2, 'other', 256, 'serving', '2026');"
        f"INSERT INTO vectors SELECT NULL, 2, {NAMES}"
    ),
    "The index of the words of messages is damaged: ": (
        "UPDATE message_words_data SET block = substr(block, 1, 5) WHERE id > 100"
    ),
}


@pytest.mark.parametrize("finding", DRIFT)
def test_drift_is_found_and_mended(drifted, tmp_path, finding):
    findings = drifted(DRIFT[finding])
    assert any(line.startswith(finding) for line in findings), findings
    assert all("\n" not in line and "`dialoguedb reindex`" in line for line in findings), findings
    asyncio.run(reindex(tmp_path))
    assert check.check(tmp_path) == []


def test_what_waits_for_its_vector_or_is_to_be_indexed_again_is_no_drift(drifted):
    waiting = f"DELETE FROM vectors WHERE {MESSAGE}; {OUTBOX} (1, 'message', 1, '2026', '2026')"
    runs = "INSERT INTO index_runs (embedder, object, done, last) VALUES"
    assert drifted(waiting) == []
    assert drifted(f"DELETE FROM vectors WHERE {MESSAGE}", f"{runs} (1, 'message', 0, 2)") == []
    assert (
        drifted("DELETE FROM message_words WHERE rowid = 1", f"{runs} (NULL, 'message', 0, 1)")
        == []
    )
    assert drifted(f"DELETE FROM vectors WHERE {MESSAGE}", f"{runs} (1, 'message', 1, 2)") != []
