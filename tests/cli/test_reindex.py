"""`dialoguedb reindex`, beside a server and alone."""

import subprocess

import apsw

from dialoguedb.store.sqlite.connection import vfs
from tests.cli.test_backup import FILE
from tests.cli.test_check import tamper
from tests.e2e.test_serve import stored
from tests.http.server import program

INDEXED = "Reindexed: 2 vectors by wordllama/256\n"


def indexed(serving):
    """Store something, and have it indexed before the server stops."""
    client = serving.client(serving.first_key)
    stored(client)
    assert client.get("/search", params={"query": "hi", "object": "message"}).status_code == 200


def test_an_index_that_has_drifted_is_rebuilt(room):
    with room.serving() as serving:
        indexed(serving)
    tamper(room, "DELETE FROM vectors; DELETE FROM message_words")
    found = room.run("check")
    assert found.code == 1
    assert "`dialoguedb reindex`" in found.out
    ended = room.run("reindex")
    assert (ended.code, ended.out, ended.err) == (0, INDEXED, "")
    assert room.run("check").code == 0


def test_a_server_goes_on_meanwhile(room):
    with room.serving() as serving:
        client = serving.client(serving.first_key)
        stored(client)
        assert room.run("reindex", "--anew").out == INDEXED
        stored(client)
        assert room.run("check").code == 0


def test_data_whose_index_has_drifted_can_be_backed_up(room):
    with room.serving() as serving:
        indexed(serving)
    tamper(room, "DELETE FROM vectors")
    assert room.run("backup", "copy").code == 0
    assert room.run("check", "--data", "copy").code == 1
    assert room.run("reindex", "--data", "copy").out == INDEXED
    assert room.run("check", "--data", "copy").code == 0


def killed_half_way(room):
    """Kill a reindexing that has begun; returns how many objects were left to it."""
    words = [program(), "reindex", "--anew"]
    process = subprocess.Popen(words, cwd=room.directory, stderr=subprocess.DEVNULL)
    db = vfs.open_file(str(room.data / FILE), apsw.SQLITE_OPEN_READWRITE)
    db.set_busy_timeout(10_000)
    began = "SELECT count(*) FROM index_runs WHERE done > 0"
    while process.poll() is None and not db.execute(began).get:
        pass
    process.kill()
    process.wait()
    left = db.execute("SELECT sum(last - done) FROM index_runs").get
    db.close()
    return left


def test_one_that_was_killed_goes_on_where_it_was(room):
    with room.serving() as serving:
        client = serving.client(serving.first_key)
        dialogue = stored(client)
        for _ in range(5):
            batch = [{"role": "user", "content": f"parcel {n}"} for n in range(1_000)]
            assert (
                client.post(f"/dialogue/{dialogue['id']}/messages", json=batch).status_code == 200
            )
    while not killed_half_way(room):
        assert room.run("check").code == 0  # it was done before this process had its turn
    assert room.run("check").code == 0
    assert room.run("reindex").out == "Reindexed: 5,002 vectors by wordllama/256\n"
    assert room.run("check").code == 0


def test_without_data_it_says_so(room):
    ended = room.run("reindex")
    assert ended.code == 1
    assert ended.error.startswith("There is no data in dialoguedb-data")


def test_what_another_embedder_is_needed_for_is_left_to_the_server(room):
    with room.serving() as serving:
        indexed(serving)
    elsewhere = "UPDATE embedders SET name = 'openai/m'"
    tamper(room, elsewhere)
    ended = room.run("reindex")
    assert ended.out == "2 objects are left to a server that embeds with openai/m\n"
    assert room.run("check").code == 0


def test_what_waits_for_its_first_vector_is_told(room):
    with room.serving() as serving:
        stored(serving.client(serving.first_key))
    tamper(
        room,
        "UPDATE embedders SET name = 'openai/m'; DELETE FROM vectors; DELETE FROM outbox;"
        " UPDATE indexed SET upto = 0; DELETE FROM message_words; DELETE FROM dialogue_words",
    )
    ended = room.run("reindex")
    assert ended.out == "Reindexed: 0 vectors by openai/m, 2 left to a server that makes them\n"
