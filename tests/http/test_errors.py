"""Each error code, and how several errors are named and listed together."""

import pytest

from .checking import details_by_field, refused
from .making import HELLO, contents, get_dialogue, new_dialogue, new_memory, new_message

NOT_TEXT = [1, True, ["a"], {"a": 1}]


@pytest.fixture(autouse=True)
def dialogue(api):
    return new_dialogue(api, id="d")


class TestMissingParameters:
    @pytest.mark.parametrize("name", ["role", "content"])
    @pytest.mark.parametrize("path", ["/dialogue/d/messages", "/message?dialogueId=d"])
    def test_a_message_needs_a_role_and_a_content(self, name, path, api):
        body = {key: value for key, value in HELLO.items() if key != name}
        error = refused(api.post(path, json=body), "MISSING_PARAMETER", name)
        assert details_by_field(error) == {name: "REQUIRED"}

    @pytest.mark.parametrize("path", ["/message", "/messages"])
    def test_a_message_needs_a_dialogue(self, path, api):
        refused(api.post(path, json=HELLO), "MISSING_PARAMETER", "dialogueId")
        refused(api.post(path, json={"messages": [HELLO]}), "MISSING_PARAMETER", "dialogueId")

    @pytest.mark.parametrize("path", ["/message", "/messages"])
    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    def test_naming_a_message_needs_its_dialogue(self, path, method, api):
        answer = api.request(method, f"{path}/m")
        refused(answer, "MISSING_PARAMETER", "dialogueId")

    def test_listing_messages_needs_a_dialogue(self, api):
        refused(api.get("/messages"), "MISSING_PARAMETER", "dialogueId")

    def test_a_memory_needs_a_value(self, api):
        error = refused(api.post("/memory", json={"label": "l"}), "MISSING_PARAMETER", "value")
        assert details_by_field(error) == {"value": "REQUIRED"}


class TestInvalidParameters:
    @pytest.mark.parametrize("name", ["id", "namespace", "threadOf", "label"])
    @pytest.mark.parametrize("value", NOT_TEXT)
    def test_text_of_a_dialogue_must_be_text(self, name, value, api):
        error = refused(api.post("/dialogue", json={name: value}), "INVALID_PARAMETER", name)
        assert details_by_field(error)[name] == "INVALID"

    @pytest.mark.parametrize("name", ["id", "role", "name", "namespace", "dialogueId"])
    @pytest.mark.parametrize("value", NOT_TEXT)
    def test_text_of_a_message_must_be_text(self, name, value, api):
        body = {**HELLO, "dialogueId": "d", name: value}
        refused(api.post("/message", json=body), "INVALID_PARAMETER", name)

    @pytest.mark.parametrize("name", ["id", "namespace", "label", "description"])
    @pytest.mark.parametrize("value", NOT_TEXT)
    def test_text_of_a_memory_must_be_text(self, name, value, api):
        body = {"value": 1, name: value}
        refused(api.post("/memory", json=body), "INVALID_PARAMETER", name)

    @pytest.mark.parametrize("value", ["x", 1, True, [], [1]])
    @pytest.mark.parametrize(("path", "name"), [("/dialogue", "metadata"), ("/dialogue", "state")])
    def test_objects_of_a_dialogue_must_be_objects(self, path, name, value, api):
        refused(api.post(path, json={name: value}), "INVALID_PARAMETER", name)

    @pytest.mark.parametrize("value", ["x", 1, True, [], [1]])
    def test_metadata_must_be_an_object(self, value, api):
        bodies = {
            "/dialogue/d/messages": {**HELLO, "metadata": value},
            "/memory": {"value": 1, "metadata": value},
        }
        for path, body in bodies.items():
            refused(api.post(path, json=body), "INVALID_PARAMETER", "metadata")

    @pytest.mark.parametrize("value", ["t", 1, {"t": 1}, True])
    def test_tags_must_be_a_list(self, value, api):
        new_message(api, "d", id="m")
        new_memory(api, id="k")
        calls: dict[str, dict[str, object]] = {
            "POST /dialogue": {},
            "PUT /dialogue/d": {},
            "POST /dialogue/d/messages": {**HELLO},
            "PUT /dialogue/d/messages/m": {},
            "POST /memory": {"value": 1},
            "PUT /memory/k": {},
        }
        for call, body in calls.items():
            method, path = call.split()
            answer = api.request(method, path, json={**body, "tags": value})
            refused(answer, "INVALID_PARAMETER", "tags")

    @pytest.mark.parametrize("value", [1, None, {}, ["x"]])
    def test_a_tag_must_be_text_and_its_place_is_named(self, value, api):
        answer = api.post("/dialogue", json={"tags": ["a", value]})
        refused(answer, "INVALID_PARAMETER", "tags[1]")

    @pytest.mark.parametrize("name", ["id", "role"])
    def test_an_empty_id_or_role_is_refused(self, name, api):
        refused(api.post("/dialogue/d/messages", json={**HELLO, name: ""}), "INVALID_PARAMETER")

    def test_an_empty_id_is_refused_for_dialogues_and_memories(self, api):
        refused(api.post("/dialogue", json={"id": ""}), "INVALID_PARAMETER", "id")
        refused(api.post("/memory", json={"id": "", "value": 1}), "INVALID_PARAMETER", "id")

    @pytest.mark.parametrize("surrogate", ["\\ud800", "\\udfff", "\\udc00\\ud800", "a\\ud83d"])
    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/dialogue", '{"id":"%s"}'),
            ("/dialogue", '{"namespace":"%s"}'),
            ("/dialogue", '{"label":"%s"}'),
            ("/dialogue", '{"threadOf":"%s"}'),
            ("/dialogue", '{"tags":["%s"]}'),
            ("/dialogue/d/messages", '{"content":"c","role":"%s"}'),
            ("/dialogue/d/messages", '{"content":"c","role":"r","name":"%s"}'),
            ("/dialogue/d/messages", '{"content":"c","role":"r","id":"%s"}'),
            ("/dialogue/d/messages", '{"content":"c","role":"r","tags":["%s"]}'),
            ("/memory", '{"value":1,"description":"%s"}'),
            ("/memory", '{"value":1,"label":"%s"}'),
        ],
    )
    def test_names_must_be_well_formed_unicode(self, path, body, surrogate, api):
        refused(api.post(path, content=body % surrogate), "INVALID_PARAMETER")

    def test_message_and_messages_together_are_refused(self, api):
        both = {"message": HELLO, "messages": [HELLO]}
        assert api.post("/dialogue", json=both).status_code == 400
        assert api.put("/dialogue/d", json=both).status_code == 400
        assert get_dialogue(api, "d")["totalMessages"] == 0

    @pytest.mark.parametrize("value", ["x", 1, {"role": "user"}, True])
    def test_messages_must_be_a_list(self, value, api):
        for call in ["POST /dialogue", "PUT /dialogue/d", "POST /dialogue/d/messages"]:
            method, path = call.split()
            answer = api.request(method, path, json={"messages": value})
            refused(answer, "INVALID_PARAMETER", "messages")


class TestContentThatIsNone:
    @pytest.mark.parametrize("content", ["", None, [], {}])
    @pytest.mark.parametrize(
        ("path", "wrap", "field"),
        [
            ("/dialogue/d/messages", lambda message: message, "content"),
            ("/dialogue/d/messages", lambda message: [HELLO, message], "messages[1].content"),
            ("/messages?dialogueId=d", lambda m: {"messages": [m]}, "messages[0].content"),
            ("/dialogue", lambda message: {"messages": [message]}, "messages[0].content"),
            ("/dialogue", lambda message: {"message": message}, "message.content"),
        ],
    )
    def test_empty_content_is_refused_and_named(self, content, path, wrap, field, api):
        body = wrap({"role": "user", "content": content})
        refused(api.post(path, json=body), "MESSAGE_CONTENT_EMPTY", field)

    @pytest.mark.parametrize("content", [0, 1.5, True, False, [1], ["a"], [{}, 1], [[]], [None]])
    def test_content_of_another_kind_is_an_invalid_parameter(self, content, api):
        body = {"role": "user", "content": content}
        refused(api.post("/dialogue/d/messages", json=body), "INVALID_PARAMETER", "content")

    @pytest.mark.parametrize("content", [" ", "\n", [{}], [{}, {}], {"a": None}, {"": ""}])
    def test_content_that_only_looks_empty_is_kept(self, content, api):
        new_message(api, "d", content=content)
        assert contents(api, "d") == [content]


class TestSeveralErrors:
    def test_errors_of_one_code_share_it_and_are_all_listed(self, api):
        error = refused(api.post("/dialogue/d/messages", json={}), "MISSING_PARAMETER")
        assert details_by_field(error) == {"role": "REQUIRED", "content": "REQUIRED"}

    def test_errors_of_different_codes_are_a_validation_error(self, api):
        body = {"content": "", "name": 5}
        error = refused(api.post("/dialogue/d/messages", json=body), "VALIDATION_ERROR")
        assert details_by_field(error).keys() == {"role", "content", "name"}

    def test_errors_in_a_batch_name_each_place_and_store_nothing(self, api):
        batch = [HELLO, {"role": "user"}, HELLO, {"role": "", "content": ""}, {"content": "x"}]
        error = refused(api.post("/dialogue/d/messages", json=batch), "VALIDATION_ERROR")
        assert details_by_field(error).keys() == {
            "messages[1].content",
            "messages[3].role",
            "messages[3].content",
            "messages[4].role",
        }
        assert contents(api, "d") == []

    def test_errors_inside_and_beside_a_batch_are_listed_together(self, api):
        body = {"label": 5, "messages": [{"role": "user"}], "tags": [1]}
        error = refused(api.post("/dialogue", json=body), "VALIDATION_ERROR")
        fields = details_by_field(error).keys()
        assert fields == {"label", "messages[0].content", "tags[0]"}

    def test_errors_of_a_query_and_a_body_are_listed_together(self, api):
        answer = api.put("/dialogue/d/state?merge=perhaps", json=[])
        assert answer.status_code == 400

    def test_several_unknown_query_parameters_are_all_named(self, api):
        answer = api.get("/dialogue", params={"color": "red", "size": "1", "limit": "0"})
        error = refused(answer, "INVALID_PARAMETER")
        assert details_by_field(error).keys() == {"color", "size", "limit"}


class TestThingsThatAreAbsent:
    @pytest.mark.parametrize(
        ("call", "code"),
        [
            ("GET /dialogue/none", "DIALOGUE_NOT_FOUND"),
            ("PUT /dialogue/none", "DIALOGUE_NOT_FOUND"),
            ("DELETE /dialogue/none", "DIALOGUE_NOT_FOUND"),
            ("POST /dialogue/none/end", "DIALOGUE_NOT_FOUND"),
            ("GET /dialogue/none/state", "DIALOGUE_NOT_FOUND"),
            ("PUT /dialogue/none/state", "DIALOGUE_NOT_FOUND"),
            ("PATCH /dialogue/none/state", "DIALOGUE_NOT_FOUND"),
            ("GET /dialogue/none/messages", "DIALOGUE_NOT_FOUND"),
            ("GET /messages?dialogueId=none", "DIALOGUE_NOT_FOUND"),
            ("GET /message/m?dialogueId=none", "MESSAGE_NOT_FOUND"),
            ("GET /message/none?dialogueId=d", "MESSAGE_NOT_FOUND"),
            ("DELETE /dialogue/d/message/none", "MESSAGE_NOT_FOUND"),
            ("DELETE /dialogue/none/messages/m", "MESSAGE_NOT_FOUND"),
            ("GET /message/m?dialogueId=d&namespace=other", "MESSAGE_NOT_FOUND"),
            ("GET /memory/none", "MEMORY_NOT_FOUND"),
            ("DELETE /memory/none", "MEMORY_NOT_FOUND"),
            ("GET /admin/keys/none", "KEY_NOT_FOUND"),
            ("DELETE /admin/keys/none", "KEY_NOT_FOUND"),
        ],
    )
    def test_each_has_its_code(self, call, code, api):
        new_message(api, "d", id="m")
        method, path = call.split()
        refused(api.request(method, path), code)

    def test_writing_to_them_has_the_same_codes(self, api):
        refused(api.post("/dialogue/none/messages", json=HELLO), "DIALOGUE_NOT_FOUND")
        refused(api.post("/dialogue/none/messages", json=[]), "DIALOGUE_NOT_FOUND")
        refused(api.put("/message/none?dialogueId=d", json={"tags": []}), "MESSAGE_NOT_FOUND")
        refused(api.put("/memory/none", json={"tags": []}), "MEMORY_NOT_FOUND")
        refused(api.post("/dialogue", json={"threadOf": "none"}), "DIALOGUE_NOT_FOUND")
        refused(api.post("/dialogue", json={"id": "x", "threadOf": "x"}), "DIALOGUE_NOT_FOUND")


class TestDuplicates:
    def test_an_existing_dialogue_id_is_always_a_duplicate(self, api):
        refused(api.post("/dialogue", json={"id": "d"}), "DUPLICATE_ID")

    def test_an_existing_message_or_memory_id_with_other_bytes_is_one(self, api):
        new_message(api, "d", id="m")
        new_memory(api, id="k")
        other = {"id": "m", "role": "user", "content": "other"}
        refused(api.post("/dialogue/d/messages", json=other), "DUPLICATE_ID")
        refused(api.post("/memory", json={"id": "k", "value": "other"}), "DUPLICATE_ID")

    def test_the_same_id_twice_in_one_batch_is_one(self, api):
        batch = [{"id": "x", **HELLO}, HELLO, {"id": "x", **HELLO}]
        refused(api.post("/dialogue/d/messages", json=batch), "DUPLICATE_ID")
        refused(api.post("/dialogue", json={"id": "n", "messages": batch}), "DUPLICATE_ID")
        refused(api.put("/dialogue/d", json={"messages": batch}), "DUPLICATE_ID")
        assert contents(api, "d") == []
        refused(api.get("/dialogue/n"), "DIALOGUE_NOT_FOUND")
