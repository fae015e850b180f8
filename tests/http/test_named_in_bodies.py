"""`PUT` and `DELETE /dialogue` name their dialogue in the body, as older clients do."""

import pytest

from .checking import done, refused
from .making import HELLO, get_dialogue, new_dialogue, new_key, new_memory

METHODS = pytest.mark.parametrize("method", ["PUT", "DELETE"])


def etag(version):
    return {"If-Match": version}


class TestChanging:
    def test_it_is_the_same_as_with_the_id_in_the_path(self, api):
        new_dialogue(api, id="a:b c", tags=["old"], state={"a": 1}, label="old")
        given = {"label": "new", "tags": ["t"], "state": {"b": 2}, "messages": [HELLO]}
        answer = api.put("/dialogue", json={"id": "a:b c", **given})
        changed = done(answer)
        assert [message["content"] for message in changed.pop("messages")] == ["hello"]
        assert {name: changed[name] for name in ("label", "tags", "state")} == {
            name: given[name] for name in ("label", "tags", "state")
        }
        read = api.get("/dialogue/a:b c")
        assert done(read) == changed
        assert answer.headers["ETag"] == read.headers["ETag"]

    def test_a_stale_version_changes_nothing(self, api):
        stale = api.post("/dialogue", json={"id": "d"}).headers["ETag"]
        done(api.put("/dialogue", json={"id": "d", "label": "one"}, headers=etag(stale)))
        answer = api.put("/dialogue", json={"id": "d", "label": "two"}, headers=etag(stale))
        refused(answer, "VERSION_CONFLICT")
        assert get_dialogue(api, "d")["label"] == "one"

    def test_a_key_of_a_repeated_request_belongs_to_one_dialogue(self, api):
        for name in ("d", "e"):
            new_dialogue(api, id=name)
        key = {"Idempotency-Key": "k"}
        for _ in range(2):
            done(api.put("/dialogue", json={"id": "d", "message": HELLO}, headers=key))
        assert get_dialogue(api, "d")["totalMessages"] == 1
        answer = api.put("/dialogue", json={"id": "e", "message": HELLO}, headers=key)
        refused(answer, "IDEMPOTENCY_KEY_REUSED")
        assert get_dialogue(api, "e")["totalMessages"] == 0

    def test_an_ended_and_an_archived_dialogue_are_kept(self, api):
        new_dialogue(api, id="d")
        done(api.post("/dialogue/d/end"))
        refused(api.put("/dialogue", json={"id": "d", "message": HELLO}), "DIALOGUE_ENDED")
        done(api.post("/dialogue/d/archive"))
        refused(api.put("/dialogue", json={"id": "d", "label": "l"}), "DIALOGUE_IMMUTABLE")


class TestDeleting:
    def test_it_is_the_same_as_with_the_id_in_the_path(self, api):
        for path, body in [("/dialogue/d", None), ("/dialogue", {"id": "d"})]:
            new_dialogue(api, id="d", messages=[HELLO, HELLO])
            new_dialogue(api, id="thread", threadOf="d")
            answer = api.request("DELETE", path, json=body)
            assert done(answer) == {
                "success": True,
                "id": "d",
                "deleted": {"dialogues": 2, "messages": 2, "summaries": 0},
            }
            refused(api.get("/dialogue/d"), "DIALOGUE_NOT_FOUND")

    def test_nothing_else_is_deleted(self, api):
        for name, namespace in [("d", None), ("d", "ns"), ("e", None), ("dialogue", None)]:
            new_dialogue(api, id=name, namespace=namespace)
        new_memory(api, id="d")
        done(api.request("DELETE", "/dialogue", json={"id": "d"}))
        assert len(done(api.get("/dialogue"))["items"]) == 3
        assert done(api.get("/memory/d"))["id"] == "d"


@METHODS
class TestNaming:
    @pytest.mark.parametrize("body", [None, {}, {"id": None}, {"namespace": "ns"}, {"label": "l"}])
    @pytest.mark.parametrize("path", ["/dialogue", "/dialogue/", "/api/v1/dialogue"])
    def test_without_an_id_one_is_asked_for(self, path, body, method, api):
        new_dialogue(api, id="d")
        answer = api.request(method, path, json=body)
        error = refused(answer, "MISSING_PARAMETER", "id")
        assert error["message"] == "id is required"
        assert get_dialogue(api, "d")["modified"] == get_dialogue(api, "d")["created"]

    @pytest.mark.parametrize("name", ["", "a/b", ".", 5, ["d"]])
    def test_what_is_no_id_is_refused(self, name, method, api):
        refused(api.request(method, "/dialogue", json={"id": name}), "INVALID_PARAMETER", "id")

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/dialogue", {"id": "d"}),
            ("/dialogue", {"dialogueId": "d"}),
            ("/dialogue?dialogueId=d", {}),
            ("/dialogue?dialogueId=d", {"id": "d", "dialogueId": "d"}),
            ("/dialogue/d", {"id": "d", "dialogueId": "d"}),
        ],
    )
    def test_an_id_counts_wherever_it_is(self, path, body, method, api):
        new_dialogue(api, id="d")
        assert done(api.request(method, path, json=body))["id"] == "d"

    @pytest.mark.parametrize(
        ("path", "body", "field"),
        [
            ("/dialogue", {"id": "d", "dialogueId": "e"}, "dialogueId"),
            ("/dialogue?dialogueId=d", {"id": "e"}, "id"),
            ("/dialogue?dialogueId=d", {"dialogueId": "e"}, "dialogueId"),
            ("/dialogue/d", {"id": "e"}, "id"),
            ("/dialogue/d", {"dialogueId": "e"}, "dialogueId"),
            ("/dialogue/d?dialogueId=e", {}, "dialogueId"),
            ("/dialogue?namespace=a", {"id": "d", "namespace": "b"}, "namespace"),
            ("/dialogue/d?namespace=a", {"namespace": "b"}, "namespace"),
        ],
    )
    def test_two_different_names_are_refused_and_change_nothing(
        self, path, body, field, method, api
    ):
        for name in ("d", "e"):
            for namespace in (None, "a", "b"):
                new_dialogue(api, id=name, namespace=namespace)
        before = done(api.get("/dialogue"))
        refused(api.request(method, path, json=body), "INVALID_PARAMETER", field)
        assert done(api.get("/dialogue")) == before

    @pytest.mark.parametrize(
        ("query", "body"),
        [("", {"namespace": "ns"}), ("?namespace=ns", {}), ("?namespace=ns", {"namespace": "ns"})],
    )
    def test_a_namespace_counts_from_the_body_and_the_query(self, query, body, method, api):
        new_dialogue(api, id="d")
        new_dialogue(api, id="d", namespace="ns")
        done(api.request(method, f"/dialogue{query}", json={"id": "d", "label": "l", **body}))
        assert "label" not in get_dialogue(api, "d")
        left = api.get("/dialogue/d?namespace=ns")
        if method == "PUT":
            assert done(left)["label"] == "l"
        else:
            refused(left, "DIALOGUE_NOT_FOUND")

    @pytest.mark.parametrize("elsewhere", [{}, {"namespace": ""}, {"namespace": "other"}])
    def test_in_another_namespace_it_is_not_found(self, elsewhere, method, api):
        new_dialogue(api, id="d", namespace="ns")
        answer = api.request(method, "/dialogue", json={"id": "d", **elsewhere})
        refused(answer, "DIALOGUE_NOT_FOUND")
        assert get_dialogue(api, "d", namespace="ns")["id"] == "d"

    def test_a_bound_key_reaches_its_own_namespace_alone(self, method, api, client_of):
        bound = client_of(new_key(api, namespace="mine")["key"])
        for namespace in ("mine", "other"):
            new_dialogue(api, id="d", namespace=namespace)
        other = {"id": "d", "namespace": "other"}
        refused(bound.request(method, "/dialogue", json=other), "FORBIDDEN")
        done(bound.request(method, "/dialogue", json={"id": "d", "label": "l"}))
        assert "label" not in get_dialogue(api, "d", namespace="other")

    def test_a_key_that_reads_is_refused(self, method, api, client_of):
        new_dialogue(api, id="d")
        reader = client_of(new_key(api, scope="read")["key"])
        refused(reader.request(method, "/dialogue", json={"id": "d"}), "FORBIDDEN")
