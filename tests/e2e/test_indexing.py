"""A server whose embedder is an endpoint that fails, and the figures that tell of it."""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from tests.e2e.programs import SECONDS_MAX
from tests.embed.endpoint import status, vectors

DOWN = status(401)


def settings(endpoint, model="m"):
    return {
        "DIALOGUEDB_EMBEDDER": "openai",
        "DIALOGUEDB_EMBEDDER_MODEL": model,
        "DIALOGUEDB_EMBEDDER_URL": endpoint.url,
    }


def figure(client, name):
    """Return what /metrics says."""
    text = client.get("/metrics").text
    line = re.search(rf"^dialoguedb_index_{name} (\S+)$", text, re.MULTILINE)
    assert line, name
    return float(line[1])


def found(client, query, mode):
    answer = client.post("/search", json={"query": query, "object": "message", "mode": mode})
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


def found_by_meaning(client, query):
    """Return what is found, or None: an embedder that failed slowly is not asked for a while."""
    sent = {"query": query, "object": "message", "mode": "semantic"}
    answer = client.post("/search", json=sent)
    return [item["id"] for item in answer.json()["items"]] if answer.status_code == 200 else None


def becomes(check, expected):
    """Wait until something is as it should be at last."""
    deadline = time.monotonic() + SECONDS_MAX
    while (seen := check()) != expected:
        assert time.monotonic() < deadline, seen
    return seen


def test_words_are_found_while_the_embedder_fails_and_meaning_once_it_works(room, endpoint):
    endpoint.script = [DOWN] * 1_000
    with room.serving(**settings(endpoint)) as serving:
        client = serving.client(serving.first_key)
        client.post(
            "/dialogue", json={"message": {"id": "m", "role": "user", "content": "a parcel"}}
        )
        assert found(client, "parcel", "keyword") == ["m"]
        assert found(client, "parcel", "hybrid") == ["m"]
        assert figure(client, "waiting") == 2
        first = figure(client, "lag_seconds")
        becomes(lambda: str(figure(client, "lag_seconds") > first), "True")
        endpoint.script.clear()
        becomes(lambda: figure(client, "waiting"), 0)
        assert figure(client, "lag_seconds") == 0
        assert figure(client, "vectors") == 2
        becomes(lambda: found_by_meaning(client, "parcel"), ["m"])
    assert any("embedder failed" in line["message"] for line in serving.log())
    assert room.run("check").code == 0


def test_a_server_stops_at_once_though_its_embedder_answers_late(room, endpoint):
    late, answered = threading.Event(), threading.Event()

    def answer_late(request):
        late.set()
        endpoint.released.wait(SECONDS_MAX)
        answered.set()
        vectors()(request)

    endpoint.script = [answer_late]
    with room.serving(**settings(endpoint)) as serving:
        client = serving.client(serving.first_key)
        client.post("/dialogue", json={"message": {"role": "user", "content": "a parcel"}})
        assert late.wait(SECONDS_MAX)
        assert serving.stop() == 0
        assert not answered.is_set()
    assert room.run("check").code == 0


def test_another_model_takes_over_when_its_index_is_complete(room, endpoint):
    with room.serving() as serving:
        key = serving.first_key
        client = serving.client(key)
        client.post(
            "/dialogue", json={"message": {"id": "m", "role": "user", "content": "a parcel"}}
        )
        assert found(client, "package", "semantic") == ["m"]
    gate = threading.Event()

    def wait_for_test(request):
        gate.wait(SECONDS_MAX)
        vectors()(request)

    endpoint.script = [wait_for_test]
    with room.serving(**settings(endpoint)) as serving:
        client = serving.client(key)
        becomes(lambda: figure(client, "to_reindex"), 2)
        assert figure(client, "vectors") == 2
        assert found(client, "package", "semantic") == ["m"]
        gate.set()
        becomes(lambda: figure(client, "to_reindex"), 0)
        assert ["a parcel"] in endpoint.inputs
        assert found(client, "parcel", "semantic") == ["m"]
        assert ["parcel"] in endpoint.inputs
    assert room.run("check").code == 0


def test_servers_with_different_embedders_warn_and_name_the_one_that_indexes(room):
    def warned(serving):
        return [line["message"] for line in serving.log() if line["level"] == "WARNING"]

    with room.serving() as first, room.serving("--embedder", "none", log="log2") as second:
        becomes(lambda: len(warned(first)), 1)
        assert "indexed with words alone; this one was started with wordllama" in warned(first)[0]
        assert "indexed with words alone from now on, not with wordllama" in warned(second)[0]


def test_searches_tell_how_far_a_new_index_is(room, endpoint):
    query = {"query": "package", "object": "message"}
    with room.serving() as serving:
        key = serving.first_key
        client = serving.client(key)
        client.post("/dialogue", json={"message": {"role": "user", "content": "a parcel"}})
        assert "indexing" not in client.post("/search", json=query).json()
    gate = threading.Event()

    def wait_for_test(request):
        gate.wait(SECONDS_MAX)
        vectors()(request)

    endpoint.script = [wait_for_test]
    with room.serving(**settings(endpoint)) as serving:
        client = serving.client(key)
        for answer in (client.post("/search", json=query), client.get("/search", params=query)):
            assert answer.json()["indexing"] == {"done": 0, "of": 2}
        shown = room.run(
            *("search", "messages", "package", "--endpoint", serving.url), DIALOGUEDB_API_KEY=key
        )
        assert shown.record["indexing"] == {"done": 0, "of": 2}
        assert shown.err == "Indexed 0 of 2: more may be found later\n"
        gate.set()
        becomes(lambda: client.post("/search", json=query).json().get("indexing"), None)


def test_an_embedder_that_hangs_is_not_waited_for_by_each_search(room, endpoint):
    def hang(_):
        endpoint.released.wait(SECONDS_MAX)

    with room.serving(**settings(endpoint), DIALOGUEDB_EMBEDDER_TIMEOUT="1") as serving:
        client = serving.client(serving.first_key)
        client.post("/dialogue", json={"message": {"id": "m", "role": "user", "content": "tea"}})
        becomes(lambda: figure(client, "vectors"), 2)
        endpoint.script, before = [hang] * 1_000, len(endpoint.requests)
        with ThreadPoolExecutor(16) as pool:
            searches = [pool.submit(found, client, "tea", "hybrid") for _ in range(16)]
            assert found(client, "tea", "keyword") == ["m"]
            assert [search.result() for search in searches] == [["m"]] * 16
        assert len(endpoint.requests) - before <= 8
        endpoint.released.set()
        endpoint.script.clear()
        becomes(lambda: found_by_meaning(client, "tea"), ["m"])


def test_an_embedder_that_comes_back_with_other_vectors_is_not_believed(room, endpoint):
    query = {"query": "tea", "object": "message"}
    with room.serving(**settings(endpoint)) as serving:
        client, key = serving.client(serving.first_key), serving.first_key
        client.post("/dialogue", json={"message": {"id": "m", "role": "user", "content": "tea"}})
        becomes(lambda: figure(client, "vectors"), 2)
    endpoint.script = [vectors(make=lambda _: [1.0, 2.0])] * 1_000
    with room.serving(**settings(endpoint)) as serving:
        client = serving.client(key)
        assert client.post("/search", json=query).json()["request"]["mode"] == "keyword"
        assert client.post("/search", json=query | {"mode": "semantic"}).status_code == 503
        endpoint.script.clear()
        becomes(lambda: found_by_meaning(client, "tea"), ["m"])
