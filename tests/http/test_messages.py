"""Messages: what is shown of one, how batches are answered, what may change."""

import pytest

from .checking import done, ids, refused
from .making import (
    HELLO,
    contents,
    get_dialogue,
    new_dialogue,
    new_message,
    new_messages,
    post_bytes,
)
from .rows import MESSAGE_PATHS

ALWAYS = {
    "id",
    "dialogueId",
    "role",
    "content",
    "contentLength",
    "tags",
    "metadata",
    "created",
    "modified",
    "seq",
}
APPENDS = ("/dialogue/d/messages", "/message?dialogueId=d", "/messages?dialogueId=d")


@pytest.fixture(autouse=True)
def dialogue(api):
    return new_dialogue(api, id="d")


class TestWhatIsShown:
    def test_a_bare_message_has_these_fields_and_no_others(self, api):
        sent = new_message(api, "d")
        assert sent.keys() - {"tokenCount"} == ALWAYS
        assert (sent["tags"], sent["metadata"], sent["seq"]) == ([], {}, 1)
        assert sent["dialogueId"] == "d"

    def test_a_full_message_shows_all_that_was_given(self, api):
        new_dialogue(api, id="d", namespace="ns")
        given = {
            "id": "m",
            "namespace": "ns",
            "role": "tool",
            "content": [{"type": "text", "text": "x"}],
            "name": "a speaker",
            "tags": ["a", "b"],
            "metadata": {"k": [1, None]},
            "created": "2020-01-02T03:04:05.678Z",
        }
        sent = new_message(api, "d", **given)
        assert {name: sent[name] for name in given} == given
        assert sent.keys() - {"tokenCount"} == ALWAYS | {"namespace", "name"}

    @pytest.mark.parametrize("path", MESSAGE_PATHS)
    def test_every_way_of_reading_shows_the_same(self, path, api):
        sent = new_message(api, "d", id="m", name="n", metadata={"a": 1}, tags=["t"])
        assert done(api.get(path.format(message="m", dialogue="d"))) == sent
        assert done(api.get("/dialogue/d/messages"))["items"] == [sent]
        assert get_dialogue(api, "d", messages=1)["messages"] == [sent]

    @pytest.mark.parametrize("role", ["user", "assistant", "system", "tool", "Zuschauer", "🤖"])
    def test_a_role_is_any_text(self, role, api):
        assert new_message(api, "d", role=role)["role"] == role

    @pytest.mark.parametrize(
        ("content", "length"),
        [
            ("hello", 5),
            ("é", 2),
            ("☃", 3),
            ("😀", 4),
            ("a\u0000b", 3),
            ('"\\\n', 3),
            ({"a": 1}, 7),
            ([{}], 4),
            ({"é": "☃"}, 12),
            ([{"a": [1.0, None, True]}, {}], 26),
        ],
    )
    def test_content_is_measured_in_bytes(self, content, length, api):
        assert new_message(api, "d", content=content)["contentLength"] == length

    @pytest.mark.parametrize(
        ("written", "length"),
        [
            (b'"\\u00e9"', 2),
            (b'"\\ud83d\\ude00"', 4),
            (b'"\\ud83d"', 3),
            (b'"\\udc00\\ud800"', 6),
            (b'"\\u0000"', 1),
            (b'"\\/"', 1),
            (b'{ "a" :\t[ 1 , 2 ] }', 11),
            (b'{"a b" : " c "}', 13),
            (b'{"a":"\\u00e9"}', 14),
            (b'{"a":1e5}', 9),
            (b'{"a":"\\" : "}', 13),
        ],
    )
    def test_content_is_measured_as_it_was_received(self, written, length, api):
        body = b'{"role":"user","content":%s}' % written
        sent = done(post_bytes(api, "/dialogue/d/messages", body))
        assert sent["contentLength"] == length


class TestAppending:
    @pytest.mark.parametrize("path", APPENDS)
    def test_one_object_is_answered_by_the_message(self, path, api):
        sent = done(api.post(path, json={**HELLO, "id": "m"}))
        assert (sent["id"], sent["seq"]) == ("m", 1)

    @pytest.mark.parametrize("path", APPENDS)
    def test_a_bare_array_is_answered_by_a_bare_array(self, path, api):
        batch = [{**HELLO, "content": str(number)} for number in range(3)]
        sent = done(api.post(path, json=batch))
        assert [message["content"] for message in sent] == ["0", "1", "2"]
        assert contents(api, "d") == ["0", "1", "2"]

    @pytest.mark.parametrize("path", APPENDS)
    def test_an_envelope_is_answered_by_a_list(self, path, api):
        sent = done(api.post(path, json={"messages": [HELLO, HELLO]}))
        assert sent.keys() == {"items", "next"}
        assert sent["next"] is None
        assert [message["seq"] for message in sent["items"]] == [1, 2]

    @pytest.mark.parametrize("path", APPENDS)
    def test_an_empty_batch_is_answered_by_an_empty_one(self, path, api):
        assert done(api.post(path, json=[])) == []
        assert done(api.post(path, json={"messages": []})) == {"items": [], "next": None}
        assert get_dialogue(api, "d")["totalMessages"] == 0

    @pytest.mark.parametrize("path", ["/message", "/messages"])
    def test_the_dialogue_may_be_named_in_the_body_or_the_envelope(self, path, api):
        assert done(api.post(path, json={**HELLO, "dialogueId": "d"}))["dialogueId"] == "d"
        sent = done(api.post(path, json={"dialogueId": "d", "messages": [HELLO]}))
        assert ids(sent)
        each = [{**HELLO, "dialogueId": "d"}] * 2
        assert len(done(api.post(path, json=each))) == 2
        assert get_dialogue(api, "d")["totalMessages"] == 4

    @pytest.mark.parametrize("path", APPENDS)
    def test_naming_it_twice_alike_is_allowed_and_otherwise_refused(self, path, api):
        new_dialogue(api, id="e")
        done(api.post(path, json={**HELLO, "dialogueId": "d"}))
        other = {**HELLO, "dialogueId": "e"}
        refused(api.post(path, json=other), "INVALID_PARAMETER", "dialogueId")
        refused(api.post(path, json=[HELLO, other]), "INVALID_PARAMETER", "messages[1].dialogueId")
        envelope = {"dialogueId": "e", "messages": [HELLO]}
        refused(api.post(path, json=envelope), "INVALID_PARAMETER", "dialogueId")
        assert [get_dialogue(api, name)["totalMessages"] for name in "de"] == [1, 0]

    def test_a_batch_cannot_span_dialogues(self, api):
        new_dialogue(api, id="e")
        batch = [{**HELLO, "dialogueId": name} for name in "de"]
        assert api.post("/messages", json=batch).status_code == 400
        assert [get_dialogue(api, name)["totalMessages"] for name in "de"] == [0, 0]

    def test_a_batch_is_all_or_nothing(self, api):
        new_message(api, "d", id="m")
        bad = {"id": "m", "role": "user", "content": "other"}
        refused(api.post("/dialogue/d/messages", json=[HELLO, bad, HELLO]), "DUPLICATE_ID")
        assert len(contents(api, "d")) == 1

    def test_sequence_numbers_count_arrivals_and_are_never_reused(self, api):
        assert [one["seq"] for one in new_messages(api, "d", {}, {"id": "x"}, {})] == [1, 2, 3]
        done(api.delete("/dialogue/d/messages/x"))
        assert new_message(api, "d", created="2000-01-01", id="last")["seq"] == 4
        done(api.delete("/dialogue/d/messages/last"))
        assert new_message(api, "d")["seq"] == 5
        assert get_dialogue(api, "d")["lastSeq"] == 5

    def test_a_message_id_belongs_to_its_dialogue(self, api):
        new_dialogue(api, id="e")
        for name in "de":
            assert new_message(api, name, id="m", content=name)["seq"] == 1
        done(api.delete("/dialogue/d/messages/m"))
        assert done(api.get("/dialogue/e/messages/m"))["content"] == "e"


class TestTagging:
    @pytest.mark.parametrize("path", MESSAGE_PATHS)
    def test_tags_are_replaced(self, path, api):
        new_message(api, "d", id="m", tags=["a", "b"])
        path = path.format(message="m", dialogue="d")
        changed = done(api.put(path, json={"tags": ["c"]}))
        assert changed["tags"] == ["c"]
        assert done(api.get(path)) == changed
        assert done(api.put(path, json={"tags": []}))["tags"] == []

    @pytest.mark.parametrize("body", [{}, {"tags": None}, {"unknown": 1}])
    def test_nothing_to_change_changes_nothing(self, body, api):
        sent = new_message(api, "d", id="m", tags=["a"])
        assert done(api.put("/dialogue/d/message/m", json=body)) == sent

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("content", "other"),
            ("role", "assistant"),
            ("name", "n"),
            ("created", "2020-01-01"),
            ("metadata", {"a": 1}),
        ],
    )
    def test_everything_else_is_write_once(self, name, value, api):
        sent = new_message(api, "d", id="m")
        body = {"tags": ["t"], name: value}
        error = refused(api.put("/dialogue/d/message/m", json=body), "INVALID_PARAMETER", name)
        assert name in error["message"]
        assert done(api.get("/dialogue/d/message/m")) == sent

    def test_ids_in_the_body_are_tolerated_when_they_agree(self, api):
        new_message(api, "d", id="m")
        body = {"id": "m", "dialogueId": "d", "tags": ["t"]}
        assert done(api.put("/message/m", json=body))["tags"] == ["t"]


class TestDeleting:
    @pytest.mark.parametrize("path", MESSAGE_PATHS)
    def test_it_is_gone_and_the_count_goes_down(self, path, api):
        new_messages(api, "d", {"id": "m"}, {"id": "kept"})
        path = path.format(message="m", dialogue="d")
        receipt = {"success": True, "id": "m", "dialogueId": "d"}
        assert done(api.delete(path)) == receipt
        refused(api.get(path), "MESSAGE_NOT_FOUND")
        refused(api.delete(path), "MESSAGE_NOT_FOUND")
        assert ids(done(api.get("/dialogue/d/messages"))) == ["kept"]
        assert get_dialogue(api, "d")["totalMessages"] == 1

    def test_the_freed_id_can_be_used_again(self, api):
        new_message(api, "d", id="m", content="old")
        done(api.delete("/dialogue/d/messages/m"))
        assert new_message(api, "d", id="m", content="new")["seq"] == 2
        assert contents(api, "d") == ["new"]
