"""`dialoguedb reindex`, beside a server and alone."""

from tests.e2e.test_check import tamper
from tests.e2e.test_serve import stored

INDEXED = "Indexed anew; 2 vectors by wordllama/256\n"


def test_an_index_that_has_drifted_is_made_anew(room):
    with room.serving() as serving:
        stored(serving.client(serving.first_key))
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


def test_without_data_it_says_so(room):
    ended = room.run("reindex")
    assert ended.code == 1
    assert ended.error.startswith("There is no data in dialoguedb-data")


def test_what_another_embedder_is_needed_for_is_left_to_the_server(room):
    with room.serving() as serving:
        stored(serving.client(serving.first_key))
    elsewhere = "UPDATE embedders SET name = 'openai/m'"
    tamper(room, elsewhere)
    ended = room.run("reindex")
    assert ended.out == "2 objects are left to a server that embeds with openai/m\n"
    assert room.run("check").code == 0
