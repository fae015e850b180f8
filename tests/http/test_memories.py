"""Memories: what is shown of one and what may change."""

import pytest

from .checking import done, ids, refused
from .making import new_memory, walk

ALWAYS = {"id", "value", "tags", "metadata", "created", "modified"}


class TestWhatIsShown:
    def test_a_bare_memory_has_these_fields_and_no_others(self, api):
        made = new_memory(api)
        assert made.keys() == ALWAYS
        assert (made["tags"], made["metadata"]) == ([], {})

    def test_a_full_memory_shows_all_that_was_given(self, api):
        given = {
            "id": "k",
            "namespace": "user_789",
            "label": "Communication Preference",
            "description": "how to reach them",
            "value": "User prefers email notifications",
            "tags": ["a"],
            "metadata": {"b": None},
            "created": "2020-01-02T03:04:05.678Z",
        }
        made = new_memory(api, **given)
        assert {name: made[name] for name in given} == given
        assert done(api.get("/memory/k?namespace=user_789")) == made
        assert done(api.get("/memory"))["items"] == [made]

    @pytest.mark.parametrize(
        "value", [None, True, False, 0, -1.5, "", "text", [], {}, [None, [1]], {"a": {"b": []}}]
    )
    def test_a_value_is_any_json(self, value, api):
        made = new_memory(api, id="k", value=value)
        assert made["value"] == value
        assert done(api.get("/memory/k"))["value"] == value


class TestChanging:
    def test_tags_are_replaced(self, api):
        new_memory(api, id="k", tags=["a"])
        changed = done(api.put("/memory/k", json={"tags": ["b", "c"]}))
        assert changed["tags"] == ["b", "c"]
        assert done(api.get("/memory/k")) == changed

    @pytest.mark.parametrize(
        "body",
        [
            *({}, {"tags": None}, {"unknown": 1}, {"id": "k"}, {"value": None}, {"value": "v"}),
            *({"metadata": None}, {"metadata": {}}, {"label": None}, {"validTo": None}),
        ],
    )
    def test_nothing_to_change_changes_nothing(self, body, api):
        made = new_memory(api, id="k", tags=["a"], value="v")
        assert done(api.put("/memory/k", json=body)) == made


class TestDeleting:
    def test_it_is_gone_and_the_id_free(self, api):
        new_memory(api, id="k", value=1)
        assert done(api.delete("/memory/k")) == {"success": True, "id": "k"}
        refused(api.get("/memory/k"), "MEMORY_NOT_FOUND")
        refused(api.delete("/memory/k"), "MEMORY_NOT_FOUND")
        assert done(api.get("/memory"))["items"] == []
        assert new_memory(api, id="k", value=2)["value"] == 2


class TestNamespaces:
    def test_the_same_id_in_two_namespaces_is_two_memories(self, api):
        for namespace in ["a", "b", None]:
            new_memory(api, id="k", value=namespace, namespace=namespace)
        assert done(api.get("/memory/k"))["value"] is None
        assert done(api.get("/memory/k?namespace=a"))["value"] == "a"
        done(api.delete("/memory/k?namespace=a"))
        assert {item["value"] for item in walk(api, "/memory")} == {"b", None}

    def test_without_its_namespace_it_is_not_found(self, api):
        new_memory(api, id="k", namespace="ns")
        for method in ["GET", "DELETE"]:
            refused(api.request(method, "/memory/k"), "MEMORY_NOT_FOUND")
        refused(api.put("/memory/k", json={"tags": []}), "MEMORY_NOT_FOUND")
        body = {"namespace": "ns", "tags": ["t"]}
        assert done(api.put("/memory/k", json=body))["tags"] == ["t"]

    def test_two_namespaces_in_one_request_are_refused(self, api):
        answer = api.post("/memory?namespace=a", json={"value": 1, "namespace": "b"})
        refused(answer, "INVALID_PARAMETER", "namespace")
        assert ids(done(api.get("/memory"))) == []
