"""A search never leaves the project, the namespace or what its key may see."""

from typing import Any

import pytest

from .checking import done, eventually, refused, until_too_many
from .making import HELLO, new_dialogue, new_key, new_memory, post_bytes
from .searching import MODES, OBJECTS, found, found_by_query, search

Cases = list[dict[str, Any]]

NAMESPACES = [None, "a", "b", "default"]


def fill(api, name, namespace=None):
    """Make a dialogue of one message, and a memory, all called by one name and saying hello."""
    message = {**HELLO, "id": name}
    new_dialogue(api, id=name, label="hello", namespace=namespace, message=message)
    new_memory(api, id=name, value="hello", namespace=namespace)


@pytest.fixture
def spread(api):
    for namespace in NAMESPACES:
        fill(api, f"in {namespace}", namespace)


@pytest.mark.parametrize("of", OBJECTS)
@pytest.mark.parametrize("mode", MODES)
class TestScopes:
    def test_without_a_namespace_the_whole_project_is_searched(self, of, mode, api, spread):
        every = {f"in {namespace}" for namespace in NAMESPACES}
        assert set(found(api, "hello", of, mode=mode)) == every
        assert set(found(api, "hello", of, mode=mode, namespace=None)) == every

    def test_with_one_exactly_that_one_is(self, of, mode, api, spread):
        for namespace in ["a", "b", "default"]:
            body = search(api, "hello", of, mode=mode, namespace=namespace)
            assert [item["id"] for item in body["items"]] == [f"in {namespace}"]
            assert body["items"][0]["namespace"] == namespace
        for namespace in ["A", "c", "a ", "*"]:
            assert found(api, "hello", of, mode=mode, namespace=namespace) == []

    def test_an_empty_one_is_the_default_one(self, of, mode, api, spread):
        body = search(api, "hello", of, mode=mode, namespace="")
        assert [item["id"] for item in body["items"]] == ["in None"]
        assert "namespace" not in body["items"][0]
        assert found_by_query(api, "hello", of, mode=mode, namespace="") == ["in None"]

    def test_a_stranger_finds_nothing_whatever_is_asked(self, of, mode, api, stranger, spread):
        cases: Cases = [
            {},
            {"namespace": "a"},
            {"dialogueId": "in a"},
            {"metadata": {"x": {"$ne": 1}}},
        ]
        for more in cases:
            assert found(stranger, "hello", of, mode=mode, **more) == []
            assert found_by_query(stranger, "hello", of, mode=mode, **more) == []

    def test_a_stranger_with_the_same_words_finds_its_own(self, of, mode, api, stranger, spread):
        fill(stranger, "own", "a")
        cases: Cases = [{}, {"namespace": "a"}, {"tags": {"$nin": ["x"]}}]
        for more in cases:
            assert found(stranger, "hello", of, mode=mode, **more) == ["own"]

    def test_a_key_bound_to_a_namespace_finds_what_is_in_it(self, of, mode, api, client_of, spread):
        bound = client_of(new_key(api, scope="read", namespace="a")["key"])
        named = {"namespace": "a"}
        cases: Cases = [{}, named, {"namespace": None}, {"metadata": named}]
        for more in cases:
            assert found(bound, "hello", of, mode=mode, **more) == ["in a"]
        own = found(bound, "hello", of, mode=mode, dialogueId="in a")
        assert own == ([] if of == "memory" else ["in a"])
        assert found(bound, "hello", of, mode=mode, dialogueId="in b") == []


class TestBoundKeys:
    @pytest.mark.parametrize(
        "more",
        [
            {"namespace": "b"},
            {"namespace": ""},
            {"metadata": {"namespace": "b"}},
            {"metadata": {"namespace": ""}},
            {"namespace": None, "metadata": {"namespace": "b"}},
        ],
        ids=str,
    )
    def test_another_namespace_is_forbidden(self, more, api, client_of, spread):
        bound = client_of(new_key(api, scope="read", namespace="a")["key"])
        request = {"query": "hello", "object": "message"}
        refused(bound.post("/search", json={**request, **more}), "FORBIDDEN")

    @pytest.mark.parametrize(
        "query",
        ["namespace=b", "namespace=", 'metadata={"namespace":"b"}', "namespace=a&namespace=b"],
    )
    def test_so_it_is_in_a_query(self, query, api, client_of, spread):
        bound = client_of(new_key(api, scope="read", namespace="a")["key"])
        refused(bound.get(f"/search?query=hello&object=message&{query}"), "FORBIDDEN")
        if "metadata" not in query:
            request = {"query": "hello", "object": "message"}
            refused(bound.post(f"/search?{query}", json=request), "FORBIDDEN")

    def test_no_filter_is_a_way_around_it(self, api, client_of, spread):
        bound = client_of(new_key(api, scope="read", namespace="a")["key"])
        cases: Cases = [
            {"metadata": {"namespace": ["a", "b"]}},
            {"metadata": {"namespace": {"$ne": "a"}}},
            {"namespace": "a", "metadata": {"namespace": "b"}},
            {"tags": {"$nin": ["x"]}, "metadata": {"x": {"$ne": 1}}},
        ]
        for more in cases:
            for of in OBJECTS:
                assert set(found(bound, "hello", of, limit=100, **more)) <= {"in a"}

    def test_context_and_matches_stay_in_it_too(self, api, client_of, spread):
        bound = client_of(new_key(api, scope="read", namespace="a")["key"])
        body = bound.post(
            "/search", json={"query": "hello", "object": "dialogue", "explain": True, "context": 10}
        )
        assert "in b" not in str(done(body))
        body = search(bound, "hello", context=10)
        assert [len(result["context"]["before"]) for result in body["results"]] == [0]


class TestNamespacesFromElsewhere:
    def test_a_text_in_metadata_names_it_when_nothing_else_does(self, api, spread):
        assert found(api, "hello", metadata={"namespace": "a"}) == ["in a"]
        assert found_by_query(api, "hello", metadata={"namespace": "a"}) == ["in a"]
        assert found(api, "hello", namespace="b", metadata={"namespace": "a"}) == []

    def test_metadata_of_that_name_can_be_asked_for_beside_a_namespace(self, api):
        message = {**HELLO, "id": "m", "metadata": {"namespace": "x"}}
        new_dialogue(api, id="d", namespace="a", message=message)
        assert found(api, "hello", namespace="a", metadata={"namespace": "x"}) == ["m"]
        assert found(api, "hello", metadata={"namespace": {"$eq": "x"}}) == ["m"]

    def test_a_post_may_name_it_in_its_query(self, api, spread):
        request = {"query": "hello", "object": "message"}
        body = done(api.post("/search?namespace=a", json=request))
        assert [item["id"] for item in body["items"]] == ["in a"]
        refused(
            api.post("/search?namespace=a", json={**request, "namespace": "b"}),
            "INVALID_PARAMETER",
            "namespace",
        )
        body = done(api.post("/search?namespace=a&dialogueId=in%20a", json=request))
        assert [item["id"] for item in body["items"]] == ["in a"]


class TestKeys:
    @pytest.mark.parametrize("scope", ["read", "write", "admin"])
    def test_every_scope_may_search(self, scope, api, client_of, spread):
        client = client_of(new_key(api, scope=scope)["key"])
        assert len(found(client, "hello")) == len(found_by_query(client, "hello")) == 4

    def test_the_operator_may_not(self, operator):
        request = {"query": "hello", "object": "message"}
        refused(operator.post("/search", json=request), "FORBIDDEN")
        refused(operator.get("/search", params=request), "FORBIDDEN")

    def test_an_idempotency_key_changes_nothing(self, api, spread):
        headers = {"Idempotency-Key": "once"}
        for query, count in [("hello", 4), ("unicorn", 0)]:
            request = {"query": query, "object": "message", "mode": "keyword"}
            body = done(api.post("/search", json=request, headers=headers))
            assert len(body["items"]) == count
        fill(api, "later")
        request = {"query": "hello", "object": "message", "mode": "keyword"}
        assert len(done(api.post("/search", json=request, headers=headers))["items"]) == 5

    def test_a_version_cannot_be_expected(self, api):
        request = {"query": "hello", "object": "message"}
        answer = api.post("/search", json=request, headers={"If-Match": '"r1"'})
        assert answer.status_code == 400

    def test_a_search_counts_as_a_request_and_as_no_message(self, api, spread):
        before = done(api.get("/admin/usage"))
        found(api, "hello")
        after = done(api.get("/admin/usage"))
        assert after["requests"] > before["requests"]
        assert (after["messages"], after["storedBytes"]) == (
            before["messages"],
            before["storedBytes"],
        )

    def test_its_rate_is_checked_before_its_json(self, api):
        limits = {"enabled": True, "perSecond": 1, "burst": 1}
        done(api.put("/admin/settings", json={"rateLimit": limits}))
        eventually(lambda: api.get("/dialogue").status_code == 429)
        *_, answer = until_too_many(lambda: post_bytes(api, "/search", b"{"))
        refused(answer, "RATE_LIMIT_EXCEEDED")
