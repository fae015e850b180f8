"""Searching a server whose embedder is slow, silent or not there."""

from contextlib import ExitStack

import pytest

from tests.http.checking import done, eventually, refused
from tests.http.making import new_dialogue, new_message, new_messages
from tests.http.searching import found, search
from tests.http.server import running

from .endpoint import status, vector_of, vectors

SETTINGS = """\
embedder = "openai"
embedder-model = "m"
embedder-url = "{url}"
"""
SECONDS_TO_EMBED_MAX = 60
BACK_SECONDS_MAX = 60
"""An endpoint that failed slowly, as it may on a busy machine, is not asked for some seconds."""


@pytest.fixture
def client_with(engine, tmp_path):
    """Run a server with a file of settings, and speak with its first key."""
    with ExitStack() as running_servers:

        def run(settings):
            (tmp_path / "dialoguedb.toml").write_text(settings)
            server = running_servers.enter_context(running(engine, tmp_path))
            return server.client(server.first_key)

        yield run


@pytest.fixture
def api(client_with, endpoint):
    with client_with(SETTINGS.format(url=endpoint.url)) as client:
        new_dialogue(client, id="d")
        new_messages(client, "d", {"id": "m", "content": "zeppelin"}, {"id": "n"})
        eventually(lambda: is_embedded(client), SECONDS_TO_EMBED_MAX)
        yield client


def is_embedded(client):
    answer = client.post(
        "/search",
        json={"query": "zeppelin", "object": "message", "mode": "semantic", "explain": True},
    )
    shares = [result["explain"]["semantic"] for result in answer.json().get("results", [])]
    return answer.status_code == 200 and shares and all(shares)


def is_by_meaning(response):
    return "mode" not in response["request"]


def test_it_is_searched_by_what_an_endpoint_says(api):
    response = search(api, "zeppelin", mode="semantic")
    assert response["items"][0]["id"] == "m"
    assert "mode" not in response["request"]
    assert "mode" not in search(api, "zeppelin")["request"]


def test_while_the_endpoint_fails_words_are_searched_and_the_answer_says_so(api, endpoint):
    endpoint.script[:] = [status(503)] * 1_000
    response = search(api, "zeppelin")
    assert [item["id"] for item in response["items"]] == ["m"]
    assert response["request"]["mode"] == "keyword"
    body = {"query": "zeppelin", "object": "message", "mode": "semantic"}
    answer = api.post("/search", json=body)
    refused(answer, "SERVICE_UNAVAILABLE")
    assert int(answer.headers["Retry-After"]) > 0
    assert "mode" not in search(api, "zeppelin", mode="keyword")["request"]
    new_message(api, "d", id="later", content="another zeppelin")
    assert set(found(api, "zeppelin")) == {"m", "later"}
    endpoint.script.clear()
    eventually(lambda: is_by_meaning(search(api, "zeppelin")), BACK_SECONDS_MAX)


def test_vectors_that_are_suddenly_longer_are_as_good_as_none(api, endpoint):
    longer = vectors(lambda text: [*vector_of(text), 3.0])
    endpoint.script[:] = [longer] * 1_000
    response = search(api, "zeppelin")
    assert [item["id"] for item in response["items"]] == ["m"]
    assert response["request"]["mode"] == "keyword"


def test_without_an_embedder_words_are_searched(client_with):
    with client_with('embedder = "none"') as api:
        new_dialogue(api, id="d")
        new_messages(api, "d", {"id": "m", "content": "zeppelin"}, {"id": "n"})
        response = search(api, "zeppelin")
        assert [item["id"] for item in response["items"]] == ["m"]
        assert response["request"]["mode"] == "keyword"
        body = {"query": "zeppelin", "object": "message", "mode": "semantic"}
        refused(api.post("/search", json=body), "SERVICE_UNAVAILABLE")
        assert len(done(api.get("/dialogue/d/messages"))["items"]) == 2
