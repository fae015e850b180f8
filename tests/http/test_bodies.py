"""Bodies: whatever their media type, JSON or refused."""

import pytest

from .checking import done, error_of, refused
from .making import HELLO, compact, get_dialogue, new_dialogue, new_message, post_bytes
from .sockets import Line, chunked, head

NOT_JSON = [
    b"{",
    b"{]",
    b"nonsense",
    b'{"a":1} x',
    b'{"a":1}{"a":1}',
    b"{'a':1}",
    b'{"a":1,}',
    b'{"a":01}',
    b'{"a":.5}',
    b'{"a":+1}',
    b'{"a":NaN}',
    b'{"a":Infinity}',
    b'{"a":-Infinity}',
    b'{"a":"\n"}',
    b'{"a":"\\x41"}',
    b'{"a":"\\u12"}',
    b'{"a":"\xff"}',
    b'{"a":"\xc3"}',
    b'{"a":"\xed\xa0\x80"}',
    b'{"\xff":1}',
    b'{"a":"\xf4\x90\x80\x80"}',
    b'{"a":"\xc0\x80"}',
    b"\x00",
    b"// comment\n{}",
    "{}".encode("utf-16"),
]
# Places where raw JSON is kept as it came, and where a bad byte could slip through unseen.
CARRIERS = [
    ("POST", "/dialogue", b'{"id":"n","metadata":%s}'),
    ("POST", "/dialogue", b'{"id":"n","state":%s}'),
    ("POST", "/dialogue", b'{"id":"n","message":{"role":"u","content":%s}}'),
    ("POST", "/dialogue", b'{"id":"n","ignored":%s}'),
    ("PUT", "/dialogue/d", b'{"state":%s}'),
    ("PUT", "/dialogue/d/state", b"%s"),
    ("PATCH", "/dialogue/d/state", b"%s"),
    ("POST", "/dialogue/d/messages", b'{"role":"u","content":%s}'),
    ("POST", "/dialogue/d/messages", b'[{"role":"u","content":%s}]'),
    ("POST", "/messages", b'{"dialogueId":"d","messages":[{"role":"u","content":%s}]}'),
    ("POST", "/memory", b'{"id":"n","value":%s}'),
]


class TestMediaTypesDoNotMatter:
    @pytest.mark.parametrize(
        "media_type",
        [
            "text/plain;charset=UTF-8",
            "text/plain",
            "application/json; charset=utf-8",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/octet-stream",
            "nonsense",
            "",
        ],
    )
    def test_a_body_is_json_whatever_it_says_it_is(self, media_type, api):
        headers = {"Content-Type": media_type}
        made = done(api.post("/dialogue", content=b'{"label":"l"}', headers=headers))
        assert made["label"] == "l"
        put = api.put(
            f"/dialogue/{made['id']}/state", content=b'{"a":1}', headers={"Content-Type": "x"}
        )
        assert done(put) == {"a": 1}

    def test_a_body_without_a_media_type_is_json(self, api):
        made = done(api.post("/dialogue", content=b'{"label":"l"}'))
        assert made["label"] == "l"

    def test_a_chunked_body_is_read(self, server, project, api):
        with Line(server) as line:
            line.send(head("POST", "/dialogue", project.key, Transfer_Encoding="chunked"))
            line.send(chunked(compact({"id": "c", "label": "x" * 200}), size=7))
            answer = line.answer()
        assert answer
        assert answer.status == 200
        assert get_dialogue(api, "c")["label"] == "x" * 200

    def test_an_empty_body_counts_as_an_empty_object(self, api):
        made = done(api.post("/dialogue"))
        assert done(api.put(f"/dialogue/{made['id']}"))["id"] == made["id"]
        assert done(api.put(f"/dialogue/{made['id']}/state")) == {}
        assert done(api.post(f"/dialogue/{made['id']}/end"))["status"] == "ended"
        refused(api.post("/memory"), "MISSING_PARAMETER", "value")

    def test_white_space_around_json_is_allowed(self, api):
        made = done(post_bytes(api, "/dialogue", b' \r\n\t{ "label" :\n"l" }\n'))
        assert made["label"] == "l"


class TestWhatIsNotJson:
    @pytest.mark.parametrize("body", NOT_JSON, ids=repr)
    @pytest.mark.parametrize(
        "call", ["POST /dialogue", "PUT /dialogue/d", "PUT /dialogue/d/state", "POST /memory"]
    )
    def test_it_is_refused_as_such(self, body, call, api):
        method, path = call.split()
        refused(post_bytes(api, path, body, method), "INVALID_JSON")

    @pytest.mark.parametrize("body", [b'"\xff"', b'{"a":"\xed\xa0\x80"}', b'{"a":NaN}', b'{"a":'])
    @pytest.mark.parametrize(("method", "path", "carrier"), CARRIERS)
    def test_nothing_broken_slips_through_inside_raw_values(self, method, path, carrier, body, api):
        new_dialogue(api, id="d", state={"kept": 1})
        refused(post_bytes(api, path, carrier % body, method), "INVALID_JSON")
        kept = get_dialogue(api, "d", messages=5)
        assert (kept["state"], kept["messages"]) == ({"kept": 1}, [])
        for path_of_list in ["/dialogue", "/memory"]:
            assert len(done(api.get(path_of_list))["items"]) == (path_of_list == "/dialogue")

    @pytest.mark.parametrize("body", [b"1", b'"text"', b"true", b"null", b"[]", b"[{}]"])
    def test_json_that_is_no_object_is_refused_where_an_object_is_wanted(self, body, api):
        new_dialogue(api, id="d")
        calls = ["POST /dialogue", "PUT /dialogue/d", "PUT /dialogue/d/state", "POST /memory"]
        for call in [*calls, "PATCH /dialogue/d/state", "POST /admin/keys", "PUT /admin/settings"]:
            method, path = call.split()
            answer = post_bytes(api, path, body, method)
            assert answer.status_code == 400, call
            assert error_of(answer)["code"] == "INVALID_PARAMETER", call

    @pytest.mark.parametrize("body", [b"1", b'"text"', b"true", b"null", b"[1]", b"[null]"])
    def test_json_that_is_no_message_is_refused(self, body, api):
        new_dialogue(api, id="d")
        for path in ["/dialogue/d/messages", "/messages?dialogueId=d", "/message?dialogueId=d"]:
            refused(post_bytes(api, path, body), "INVALID_PARAMETER")


class TestFieldsNobodyKnows:
    def test_unknown_body_fields_are_ignored(self, api):
        made = new_dialogue(api, unknown={"deep": [1]}, totalMessages=7, status="ended", seq=3)
        assert "unknown" not in made
        assert (made["totalMessages"], made["status"]) == (0, "active")
        sent = new_message(api, made["id"], unknown=1, seq=99, contentLength=99, modified="never")
        assert (sent["seq"], sent["contentLength"]) == (1, 5)
        assert "unknown" not in sent
        assert "unknown" not in done(api.post("/memory", json={"value": 1, "unknown": 1}))

    @pytest.mark.parametrize("name", ["id", "namespace", "label", "threadOf", "created", "tags"])
    def test_null_counts_as_absent_in_a_new_dialogue(self, name, api):
        made = new_dialogue(api, **{name: None})
        assert name in {"id", "created", "tags"} or name not in made
        assert made["tags"] == []

    @pytest.mark.parametrize("name", ["state", "metadata", "message", "messages"])
    def test_null_counts_as_absent_for_objects_too(self, name, api):
        made = new_dialogue(api, **{name: None})
        assert (made["state"], made["metadata"], made["totalMessages"]) == ({}, {}, 0)

    @pytest.mark.parametrize("name", ["id", "namespace", "name", "created", "tags", "metadata"])
    def test_null_counts_as_absent_in_a_new_message(self, name, api):
        new_dialogue(api, id="d")
        sent = new_message(api, "d", **{name: None})
        assert "name" not in sent
        assert "namespace" not in sent
        assert (sent["tags"], sent["metadata"]) == ([], {})

    @pytest.mark.parametrize(
        "name", ["id", "namespace", "label", "description", "tags", "metadata", "created"]
    )
    def test_null_counts_as_absent_in_a_new_memory(self, name, api):
        made = done(api.post("/memory", json={"value": None, name: None}))
        assert made["value"] is None
        assert not {"namespace", "label", "description"} & made.keys()

    def test_a_required_field_that_is_null_is_missing(self, api):
        new_dialogue(api, id="d")
        refused(
            api.post("/dialogue/d/messages", json={**HELLO, "role": None}),
            "MISSING_PARAMETER",
            "role",
        )

    def test_fields_meant_for_messages_do_not_make_one(self, api):
        made = new_dialogue(api, role="user", content="hello")
        assert made["totalMessages"] == 0
