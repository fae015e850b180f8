"""State: merged by PUT, patched by PATCH, always answered itself."""

import json

import pytest

from .checking import done, refused, revision
from .making import get_dialogue, new_dialogue, post_bytes

# The examples of RFC 7396, appendix A, whose target and patch are objects.
MERGE_PATCHES = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    # And the example of its section 3.
    (
        {
            "title": "Goodbye!",
            "author": {"givenName": "John", "familyName": "Doe"},
            "tags": ["example", "sample"],
            "content": "This will be unchanged",
        },
        {
            "title": "Hello!",
            "phoneNumber": "+01-123-456-7890",
            "author": {"familyName": None},
            "tags": ["example"],
        },
        {
            "title": "Hello!",
            "author": {"givenName": "John"},
            "tags": ["example"],
            "content": "This will be unchanged",
            "phoneNumber": "+01-123-456-7890",
        },
    ),
]


class TestMerging:
    @pytest.fixture(autouse=True)
    def dialogue(self, api):
        return new_dialogue(api, id="d", state={"a": 1, "b": {"c": 2, "d": 3}})

    def test_put_merges_key_by_key_at_the_top(self, api):
        merged = done(api.put("/dialogue/d/state", json={"b": {"e": 4}, "f": 5}))
        assert merged == {"a": 1, "b": {"e": 4}, "f": 5}
        assert done(api.get("/dialogue/d/state")) == merged
        assert get_dialogue(api, "d")["state"] == merged

    def test_put_stores_null_as_null(self, api):
        assert done(api.put("/dialogue/d/state", json={"a": None}))["a"] is None
        assert get_dialogue(api, "d")["state"] == {"a": None, "b": {"c": 2, "d": 3}}

    def test_put_without_merge_replaces(self, api):
        assert done(api.put("/dialogue/d/state?merge=false", json={"z": 1})) == {"z": 1}
        assert get_dialogue(api, "d")["state"] == {"z": 1}
        assert done(api.put("/dialogue/d/state?merge=true", json={"y": 2})) == {"z": 1, "y": 2}
        assert done(api.put("/dialogue/d/state?merge=false", json={})) == {}

    def test_an_empty_object_merges_to_the_same(self, api):
        assert done(api.put("/dialogue/d/state", json={})) == {"a": 1, "b": {"c": 2, "d": 3}}

    @pytest.mark.parametrize("body", ["[]", "1", '"x"', "null", "true"])
    @pytest.mark.parametrize("method", ["PUT", "PATCH"])
    def test_what_is_no_object_is_refused(self, body, method, api):
        for path in ["/dialogue/d/state", "/dialogue/d/state?merge=false"]:
            answer = api.request(method, path, content=body)
            assert answer.status_code == 400
        assert get_dialogue(api, "d")["state"] == {"a": 1, "b": {"c": 2, "d": 3}}

    def test_a_merge_that_is_neither_true_nor_false_is_refused(self, api):
        refused(api.put("/dialogue/d/state?merge=maybe", json={}), "INVALID_PARAMETER", "merge")

    def test_names_that_mean_something_elsewhere_are_state_here(self, api):
        names = ["id", "namespace", "dialogueId", "messages", "label", "tags", "state", "merge"]
        body = {name: name for name in names}
        assert done(api.put("/dialogue/d/state?merge=false", json=body)) == body
        assert done(api.patch("/dialogue/d/state", json={"namespace": "other"})) == {
            **body,
            "namespace": "other",
        }
        refused(api.get("/dialogue/d/state?namespace=other"), "DIALOGUE_NOT_FOUND")

    def test_the_bytes_of_other_keys_are_left_alone(self, api):
        kept = b'{"z":1.0,"y":1e400,"x":123456789012345678901234567890,"w":"\\ud800\\u0000"}'
        done(post_bytes(api, "/dialogue/d/state?merge=false", kept, "PUT"))
        done(api.put("/dialogue/d/state", json={"new": 1}))
        merged = api.get("/dialogue/d/state").content
        assert merged == kept[:-1] + b',"new":1}'
        done(api.patch("/dialogue/d/state", json={"new": None}))
        assert api.get("/dialogue/d/state").content == kept

    def test_a_merged_key_keeps_its_place_and_takes_the_new_bytes(self, api):
        done(post_bytes(api, "/dialogue/d/state?merge=false", b'{"a":1,"b":2,"c":3}', "PUT"))
        done(post_bytes(api, "/dialogue/d/state", b'{ "b" : 2.50 }', "PUT"))
        assert api.get("/dialogue/d/state").content == b'{"a":1,"b":2.50,"c":3}'

    def test_differently_written_keys_are_the_same_key(self, api):
        done(post_bytes(api, "/dialogue/d/state?merge=false", b'{"\\u0061":1,"\xc3\xa9":2}', "PUT"))
        merged = done(post_bytes(api, "/dialogue/d/state", b'{"a":3,"\\u00e9":4}', "PUT"))
        assert merged == {"a": 3, "é": 4}
        assert len(json.loads(api.get("/dialogue/d/state").content, object_pairs_hook=list)) == 2

    def test_state_is_told_with_the_dialogues_revision(self, api):
        first = api.get("/dialogue/d/state")
        second = api.put("/dialogue/d/state", json={"n": 1})
        third = api.patch("/dialogue/d/state", json={"n": 2})
        assert revision(first) < revision(second) < revision(third)
        assert revision(api.get("/dialogue/d")) == revision(third)


class TestPatching:
    @pytest.mark.parametrize(("target", "patch", "result"), MERGE_PATCHES, ids=str)
    def test_it_is_a_json_merge_patch(self, target, patch, result, api):
        new_dialogue(api, id="d", state=target)
        patched = api.patch("/dialogue/d/state", json=patch)
        assert done(patched) == result
        assert get_dialogue(api, "d")["state"] == result

    def test_a_merge_patch_leaves_the_bytes_of_other_keys_alone(self, api):
        new_dialogue(api, id="d")
        state = b'{"a":{"x":1.0,"y":[1e2,{"z":null}]},"b":1.50}'
        done(post_bytes(api, "/dialogue/d/state", state, "PUT"))
        done(api.patch("/dialogue/d/state", json={"a": {"new": True}}))
        expected = b'{"a":{"x":1.0,"y":[1e2,{"z":null}],"new":true},"b":1.50}'
        assert api.get("/dialogue/d/state").content == expected


class TestNamespaces:
    def test_a_namespace_in_the_query_names_the_dialogue(self, api):
        new_dialogue(api, id="d", namespace="ns")
        refused(api.put("/dialogue/d/state", json={"a": 1}), "DIALOGUE_NOT_FOUND")
        assert done(api.put("/dialogue/d/state?namespace=ns", json={"a": 1})) == {"a": 1}
        assert done(api.patch("/dialogue/d/state?namespace=ns", json={"b": 1})) == {"a": 1, "b": 1}
        assert done(api.get("/dialogue/d/state?namespace=ns")) == {"a": 1, "b": 1}
