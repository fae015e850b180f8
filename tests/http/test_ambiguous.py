"""What could be meant in two ways is refused, rather than half of it done."""

import pytest

from tests.http.checking import done, refused


class TestAmbiguousRequests:
    @pytest.mark.parametrize("messages", [[], [{"role": "user", "content": "in the batch"}]])
    def test_a_message_beside_a_batch_is_refused_and_nothing_is_stored(self, api, messages):
        done(api.post("/dialogue", json={"id": "d"}))
        body = {"role": "user", "content": "beside", "messages": messages}
        refused(api.post("/dialogue/d/messages", json=body), "INVALID_PARAMETER")
        assert done(api.get("/dialogue/d"))["totalMessages"] == 0

    @pytest.mark.parametrize("field", ["message", "messages"])
    @pytest.mark.parametrize("named", [{"id": "d"}, {}])
    def test_a_first_message_of_another_dialogue_is_refused(self, api, field, named):
        message = {"role": "user", "content": "x", "dialogueId": "other"}
        first = message if field == "message" else [message]
        answer = api.post("/dialogue", json={**named, field: first})
        refused(answer, "INVALID_PARAMETER")
        assert done(api.get("/dialogue"))["items"] == []

    def test_a_first_message_may_repeat_its_dialogue(self, api):
        message = {"role": "user", "content": "x", "dialogueId": "d"}
        assert done(api.post("/dialogue", json={"id": "d", "message": message}))["id"] == "d"

    def test_a_key_is_bound_to_no_namespace_without_a_name(self, api):
        refused(api.post("/admin/keys", json={"namespace": ""}), "INVALID_PARAMETER")
