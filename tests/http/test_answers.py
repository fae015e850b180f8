"""What every answer carries: request ids, rate-limit headers, the error object, times."""

import time

import pytest

from .checking import TIMESTAMP, ULID, UUID, check_headers, done, error_of, refused
from .making import HELLO, new_dialogue, new_memory, new_message


class TestRequestIds:
    @pytest.mark.parametrize("sent", ["a", "req_xyz-789.0", "_", "..", "A" * 128, "0-1"])
    def test_a_good_one_is_echoed(self, sent, api):
        answer = api.post("/dialogue", headers={"X-Request-Id": sent})
        assert answer.headers["X-Request-Id"] == sent
        assert done(answer)["requestId"] == sent

    @pytest.mark.parametrize(
        "sent", ["", "a b", "A" * 129, "a/b", "a\tb", "a,b", 'a"', "a:b", "é".encode(), b"\xff"]
    )
    def test_any_other_is_replaced_by_a_new_uuid(self, sent, api):
        answer = api.post("/dialogue", headers={"X-Request-Id": sent})
        assert UUID.fullmatch(answer.headers["X-Request-Id"])
        assert done(answer)["requestId"] == answer.headers["X-Request-Id"]

    def test_without_one_each_request_gets_its_own(self, api):
        request_ids = {api.get("/dialogue").headers["X-Request-Id"] for _ in range(5)}
        assert len(request_ids) == 5
        assert all(UUID.fullmatch(one) for one in request_ids)

    def test_a_dialogue_keeps_the_one_that_created_it(self, api):
        made = done(api.post("/dialogue", headers={"X-Request-Id": "first"}))
        path = f"/dialogue/{made['id']}"
        assert done(api.get(path, headers={"X-Request-Id": "second"}))["requestId"] == "first"
        put = api.put(path, json={"label": "l"}, headers={"X-Request-Id": "third"})
        assert done(put)["requestId"] == "first"
        assert done(api.get("/dialogue"))["items"][0]["requestId"] == "first"

    @pytest.mark.parametrize(
        "path", ["/nothing", "/dialogue", "/health", "/metrics", "/openapi.json", "/docs"]
    )
    def test_errors_and_open_routes_echo_it_too(self, path, nobody):
        answer = nobody.get(path, headers={"X-Request-Id": "mine"})
        assert answer.headers["X-Request-Id"] == "mine"
        if answer.status_code >= 400:
            assert error_of(answer)["requestId"] == "mine"


class TestRateLimitHeaders:
    def test_every_kind_of_answer_carries_them(self, api, nobody):
        new_dialogue(api, id="d")
        kinds = {
            200: api.get("/dialogue/d"),
            400: api.get("/dialogue?limit=0"),
            401: nobody.get("/dialogue"),
            403: api.get("/admin/projects"),
            404: api.get("/nothing"),
            405: api.patch("/dialogue"),
            409: api.post("/dialogue", json={"id": "d"}),
        }
        for status, answer in kinds.items():
            assert answer.status_code == status
            check_headers(answer)

    @pytest.mark.parametrize("path", ["/health", "/nothing", "/dialogue"])
    def test_without_a_project_they_are_the_defaults_and_full(self, path, nobody):
        headers = nobody.get(path).headers
        assert headers["X-RateLimit-Limit"] == headers["X-RateLimit-Remaining"] == "20000"
        assert abs(int(headers["X-RateLimit-Reset"]) - time.time()) < 30

    def test_a_fresh_project_has_the_default_burst(self, api):
        headers = api.get("/dialogue").headers
        assert headers["X-RateLimit-Limit"] == "20000"
        assert 19_000 < int(headers["X-RateLimit-Remaining"]) < 20_001


class TestTheErrorObject:
    def test_it_has_every_field_and_says_what_is_wrong(self, api):
        error = refused(api.get("/dialogue/dlg_abc123"), "DIALOGUE_NOT_FOUND")
        assert "dlg_abc123" in error["message"]
        assert error["type"] == "not_found"

    def test_it_is_json_on_every_route_and_method(self, nobody, api):
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"]:
            for path in ["/", "/x", "/dialogue", "/dialogue/x", "/messages", "/admin/keys"]:
                for client in [nobody, api]:
                    answer = client.request(method, path)
                    assert "<html" not in answer.text.lower() or path == "/"
                    if answer.status_code >= 400:
                        error_of(answer)

    def test_a_timestamp_is_now_in_utc_with_milliseconds(self, api):
        stamp = error_of(api.get("/nothing"))["timestamp"]
        assert TIMESTAMP.fullmatch(stamp)
        assert stamp[:10] in {
            time.strftime("%Y-%m-%d", time.gmtime(time.time() - ago)) for ago in (0, 60)
        }


class TestEverySuccessHasAJsonBody:
    def test_delete_included(self, api):
        dialogue = new_dialogue(api)["id"]
        message = new_message(api, dialogue)["id"]
        memory = new_memory(api)["id"]
        gone = done(api.delete(f"/message/{message}", params={"dialogueId": dialogue}))
        assert gone == {"success": True, "id": message, "dialogueId": dialogue}
        assert done(api.delete(f"/memory/{memory}")) == {"success": True, "id": memory}
        receipt = done(api.delete(f"/dialogue/{dialogue}"))
        assert receipt["success"] is True
        assert receipt["id"] == dialogue


class TestGeneratedValues:
    def test_ids_are_ulids_and_differ(self, api):
        made = [new_dialogue(api)["id"] for _ in range(3)]
        made += [new_message(api, made[0])["id"] for _ in range(3)]
        made += [new_memory(api)["id"] for _ in range(3)]
        batch = done(api.post(f"/dialogue/{made[0]}/messages", json=[HELLO] * 5))
        made += [message["id"] for message in batch]
        assert len(set(made)) == len(made)
        assert all(ULID.fullmatch(one) for one in made)

    def test_times_are_utc_with_milliseconds(self, api):
        dialogue = new_dialogue(api, message=HELLO)
        message = dialogue["messages"][0]
        memory = new_memory(api)
        times = [thing[name] for thing in (dialogue, message, memory) for name in TIMES]
        times.append(dialogue["lastMessageCreated"])
        assert all(TIMESTAMP.fullmatch(one) for one in times)


TIMES = ("created", "modified")
