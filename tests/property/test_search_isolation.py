"""Whoever searches finds their own: two projects and their namespaces, full of the same words."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.http.checking import done
from tests.http.making import new_dialogue, new_memory
from tests.http.searching import MODES, OBJECTS, search

NAMESPACES = ["", "a", "b"]
WORDS = ["zeppelin", "invoice", "weather"]
TAGS = ["x", "y"]

writes = st.tuples(
    st.sampled_from(["own", "other"]),
    st.sampled_from(NAMESPACES),
    st.sampled_from(OBJECTS),
    st.sampled_from(WORDS),
    st.sampled_from(TAGS),
)
questions = st.fixed_dictionaries(
    {"query": st.sampled_from([*WORDS, "aircraft", "zeppelin weather"])},
    optional={
        "namespace": st.sampled_from(NAMESPACES),
        "mode": st.sampled_from(MODES),
        "tags": st.sampled_from([["x"], {"$nin": ["x"]}, {"$all": ["x", "y"]}]),
        "metadata": st.sampled_from([{"word": "zeppelin"}, {"word": {"$ne": "invoice"}}]),
        "context": st.just(2),
    },
)


def write(api, number, namespace, of, word, tag):
    """Store one object that says a word, and return what a search must know of it."""
    name = f"{of}{number}"
    fields = {"tags": [tag], "metadata": {"word": word}, "namespace": namespace}
    match of:
        case "memory":
            new_memory(api, id=name, value=word, **fields)
        case "dialogue":
            new_dialogue(api, id=name, label=word, **fields)
        case "message":
            message = {"role": "user", "id": name, "content": word, **fields}
            new_dialogue(api, id=f"of {name}", namespace=namespace, message=message)
    return {"id": name, "namespace": namespace, "tags": [tag], "word": word}


def matches(thing, question):
    """Say whether a thing satisfies the filters of a question."""
    tags = question.get("tags", [])
    by_tags = {
        str([]): True,
        str(["x"]): "x" in thing["tags"],
        str({"$nin": ["x"]}): "x" not in thing["tags"],
        str({"$all": ["x", "y"]}): {"x", "y"} <= set(thing["tags"]),
    }[str(tags)]
    word = question.get("metadata", {}).get("word")
    by_metadata = {
        str(None): True,
        "zeppelin": thing["word"] == "zeppelin",
        str({"$ne": "invoice"}): thing["word"] != "invoice",
    }[str(word)]
    return by_tags and by_metadata and question.get("namespace") in {None, thing["namespace"]}


@pytest.fixture
def sides(new_project, client_of):
    return lambda: {side: client_of(new_project().key) for side in ("own", "other")}


@settings(max_examples=25)
@given(
    written=st.lists(writes, max_size=12),
    queries=st.lists(st.tuples(st.sampled_from(OBJECTS), questions), min_size=1, max_size=6),
)
def test_nobody_ever_finds_what_is_anothers(written, queries, sides):
    clients = sides()
    there: dict[tuple[str, str], list[dict[str, Any]]] = {
        (side, of): [] for side in clients for of in OBJECTS
    }
    for number, (side, namespace, of, word, tag) in enumerate(written):
        there[side, of].append(write(clients[side], number, namespace, of, word, tag))
    for side, api in clients.items():
        for of, question in queries:
            check(api, of, question, there[side, of])


def check(api, of, question, things):
    """Check that a search finds what it must, and nothing that it may not."""
    response = search(api, of=of, limit=100, **question)
    named = [item for item in response["items"] if not item["id"].startswith("of ")]
    found = Counter(item["id"] for item in named)
    allowed = {thing["id"] for thing in things if matches(thing, question)}
    assert set(found) <= allowed
    assert not found or max(found.values()) == 1
    if question.get("mode") != "keyword":
        assert set(found) == allowed
    if "namespace" in question:
        assert {item.get("namespace", "") for item in response["items"]} <= {question["namespace"]}
    for result in response["results"]:
        around = result.get("context", {"before": [], "after": []})
        own = {result["item"].get("dialogueId")}
        assert {message["dialogueId"] for side in around.values() for message in side} <= own


def test_the_words_are_the_same_on_both_sides(sides):
    clients = sides()
    for side, api in clients.items():
        write(api, side, "", "message", "zeppelin", "x")
    for side, api in clients.items():
        assert [item["id"] for item in search(api, "zeppelin")["items"]] == [f"message{side}"]
        assert done(api.get("/dialogue"))["items"][0]["id"] == f"of message{side}"
