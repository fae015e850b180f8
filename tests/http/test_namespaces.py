"""Namespaces: part of a thing's name, echoed only when given."""

import pytest

from .checking import done, ids, refused
from .making import (
    HELLO,
    contents,
    get_dialogue,
    new_dialogue,
    new_key,
    new_memory,
    new_message,
    walk,
)
from .rows import MESSAGE_PATHS

EVERY_CALL = [
    ("GET", "/dialogue/d", None),
    ("PUT", "/dialogue/d", {"label": "l"}),
    ("DELETE", "/dialogue/d", None),
    ("POST", "/dialogue/d/end", None),
    ("GET", "/dialogue/d/state", None),
    ("PUT", "/dialogue/d/state", {"a": 1}),
    ("PATCH", "/dialogue/d/state", {"a": 1}),
    ("GET", "/dialogue/d/messages", None),
    ("GET", "/messages?dialogueId=d", None),
    ("POST", "/dialogue/d/messages", HELLO),
    ("POST", "/message?dialogueId=d", HELLO),
]


class TestADialogueIsNamedByItsNamespaceToo:
    @pytest.mark.parametrize(("method", "path", "body"), EVERY_CALL)
    def test_asked_for_without_it_it_is_not_found(self, method, path, body, api):
        new_dialogue(api, id="d", namespace="ns")
        refused(api.request(method, path, json=body), "DIALOGUE_NOT_FOUND")
        sign = "&" if "?" in path else "?"
        for other in ["default", "NS", "ns2", "n"]:
            answer = api.request(method, f"{path}{sign}namespace={other}", json=body)
            refused(answer, "DIALOGUE_NOT_FOUND")
        done(api.request(method, f"{path}{sign}namespace=ns", json=body))

    @pytest.mark.parametrize("path", MESSAGE_PATHS)
    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    def test_so_are_its_messages(self, method, path, api):
        new_dialogue(api, id="d", namespace="ns", messages=[{**HELLO, "id": "m"}])
        path = path.format(message="m", dialogue="d")
        refused(api.request(method, path), "MESSAGE_NOT_FOUND")
        sign = "&" if "?" in path else "?"
        done(api.request(method, f"{path}{sign}namespace=ns"))

    def test_an_empty_namespace_is_the_default_one(self, api):
        new_dialogue(api, id="d")
        assert get_dialogue(api, "d", namespace="")["id"] == "d"

    def test_one_called_default_is_an_ordinary_one(self, api):
        new_dialogue(api, id="d", namespace="default")
        refused(api.get("/dialogue/d"), "DIALOGUE_NOT_FOUND")
        assert get_dialogue(api, "d", namespace="default")["namespace"] == "default"
        assert new_dialogue(api, id="d")["id"] == "d"
        assert ids(done(api.get("/dialogue?namespace="))) == ["d"]

    def test_equal_ids_in_different_namespaces_share_nothing(self, api):
        for namespace in ["a", "b", None]:
            new_dialogue(api, id="d", namespace=namespace, state={"in": namespace})
            new_message(api, "d", id="m", namespace=namespace, content=f"in {namespace}")
        assert contents(api, "d") == ["in None"]
        assert contents(api, "d", namespace="a") == ["in a"]
        done(api.delete("/dialogue/d?namespace=a"))
        assert get_dialogue(api, "d", namespace="b")["state"] == {"in": "b"}
        assert get_dialogue(api, "d")["totalMessages"] == 1


class TestItIsEchoedOnlyWhenGiven:
    def test_in_the_default_one_nothing_shows_it(self, api):
        new_dialogue(api, id="d", message={**HELLO, "id": "m"})
        new_memory(api, id="k")
        for path in ["/dialogue", "/dialogue/d?messages=1", "/dialogue/d/messages", "/memory"]:
            assert '"namespace"' not in api.get(path).text
        for path in ["/dialogue/d/message/m", "/memory/k"]:
            assert '"namespace"' not in api.get(path).text

    def test_in_a_named_one_everything_shows_it(self, api):
        made = new_dialogue(api, id="d", namespace="ns", message={**HELLO, "id": "m"})
        assert made["namespace"] == made["messages"][0]["namespace"] == "ns"
        new_memory(api, id="k", namespace="ns")
        for path in ["/dialogue", "/memory"]:
            assert [item["namespace"] for item in done(api.get(path))["items"]] == ["ns"]
        for path in ["/dialogue/d", "/dialogue/d/messages/m", "/memory/k"]:
            assert done(api.get(path, params={"namespace": "ns"}))["namespace"] == "ns"
        for action in ["end", "archive", "reopen"]:
            answer = api.post(f"/dialogue/d/{action}", json={"namespace": "ns"})
            assert done(answer)["namespace"] == "ns"

    def test_a_client_may_resend_what_it_was_shown(self, api):
        for namespace in ["ns", None]:
            made = new_dialogue(api, namespace=namespace)
            resent = {
                name: made[name] for name in ("id", "namespace", "tags", "state") if name in made
            }
            changed = done(api.put(f"/dialogue/{made['id']}", json={**resent, "label": "l"}))
            assert changed["label"] == "l"


class TestWhereItCounts:
    def test_it_counts_from_the_body_of_every_call_that_has_one(self, api):
        new_dialogue(api, id="d", namespace="ns")
        ns = {"namespace": "ns"}
        assert done(api.put("/dialogue/d", json={"label": "l", **ns}))["label"] == "l"
        assert done(api.post("/dialogue/d/messages", json={**HELLO, **ns}))["namespace"] == "ns"
        done(api.post("/dialogue/d/messages", json={"messages": [HELLO], **ns}))
        done(api.post("/dialogue/d/messages", json=[{**HELLO, **ns}, {**HELLO, **ns}]))
        done(api.post("/dialogue/d/messages", json={"messages": [{**HELLO, **ns}]}))
        assert get_dialogue(api, "d", **ns)["totalMessages"] == 5

    def test_two_different_ones_are_refused(self, api):
        for namespace in ["a", "b"]:
            new_dialogue(api, id="d", namespace=namespace)
        in_b = {"namespace": "b"}
        for method, path, body in [
            ("PUT", "/dialogue/d", in_b),
            ("POST", "/dialogue/d/end", in_b),
            ("POST", "/dialogue/d/messages", {**HELLO, **in_b}),
            ("POST", "/dialogue/d/messages", {"messages": [HELLO], **in_b}),
        ]:
            answer = api.request(method, f"{path}?namespace=a", json=body)
            refused(answer, "INVALID_PARAMETER", "namespace")
        batch = [{**HELLO, "namespace": "a"}, {**HELLO, "namespace": "b"}]
        assert api.post("/dialogue/d/messages", json=batch).status_code == 400
        for namespace in ["a", "b"]:
            assert get_dialogue(api, "d", namespace=namespace)["totalMessages"] == 0

    def test_two_different_ids_are_refused(self, api):
        new_dialogue(api, id="d")
        answer = api.put("/dialogue/d", json={"id": "other", "label": "l"})
        assert answer.status_code in {200, 400}
        refused(api.get("/dialogue/other"), "DIALOGUE_NOT_FOUND")


class TestLists:
    @pytest.fixture(autouse=True)
    def things(self, api):
        for namespace in ["a", "b", "default", None]:
            new_dialogue(api, id=f"in {namespace}", namespace=namespace)
            new_memory(api, id=f"in {namespace}", namespace=namespace)

    @pytest.mark.parametrize("path", ["/dialogue", "/memory"])
    def test_without_a_namespace_they_cover_the_project(self, path, api):
        assert len(walk(api, path, limit=3)) == 4

    @pytest.mark.parametrize("path", ["/dialogue", "/memory"])
    def test_a_namespace_means_exactly_that_one(self, path, api):
        assert ids(done(api.get(f"{path}?namespace=a"))) == ["in a"]
        assert ids(done(api.get(f"{path}?namespace=default"))) == ["in default"]
        assert ids(done(api.get(f"{path}?namespace=none"))) == []

    @pytest.mark.parametrize("path", ["/dialogue", "/memory"])
    def test_an_empty_namespace_means_the_default_one(self, path, api):
        assert ids(done(api.get(f"{path}?namespace="))) == ["in None"]

    def test_a_parent_without_a_namespace_is_one_of_the_default(self, api):
        for namespace in ["a", None]:
            new_dialogue(api, id="parent", namespace=namespace)
            new_dialogue(api, id=f"child {namespace}", threadOf="parent", namespace=namespace)
        assert ids(done(api.get("/dialogue?threadOf=parent"))) == ["child None"]
        assert ids(done(api.get("/dialogue?threadOf=parent&namespace=a"))) == ["child a"]
        assert ids(done(api.get("/dialogue?threadOf=parent&namespace=b"))) == []

    def test_a_bound_key_lists_a_parent_of_its_own(self, api, client_of):
        bound = client_of(new_key(api, namespace="a")["key"])
        for namespace in ["a", None]:
            new_dialogue(api, id="parent", namespace=namespace)
            new_dialogue(api, id=f"child {namespace}", threadOf="parent", namespace=namespace)
        assert ids(done(bound.get("/dialogue?threadOf=parent"))) == ["child a"]
