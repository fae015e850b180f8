"""When several things are wrong, the answer speaks of the first: the contract's order, in pairs."""

import pytest

from .checking import done, eventually, refused, until_too_many
from .making import HELLO, contents, new_dialogue, new_key, new_message, post_bytes
from .sockets import Line, chunked, head

BODY_BYTES_MAX = 36 * 1024 * 1024


@pytest.fixture
def read_key(api):
    return new_key(api, scope="read")


def is_limited(api):
    return api.get("/dialogue").status_code == 429


def settle(api, **settings):
    done(api.put("/admin/settings", json=settings))


def exhaust(api):
    """Leave the project without a request to spend."""
    settle(api, rateLimit={"enabled": True, "perSecond": 1, "burst": 1})
    eventually(lambda: is_limited(api))


class TestBeforeTheRequestIsRead:
    @pytest.mark.parametrize("target", ["/nothing", "/dialogue"])
    @pytest.mark.parametrize("method", ["POST", "DELETE"])
    def test_a_declared_length_past_the_limit_comes_before_the_route(self, target, method, server):
        with Line(server) as line:
            line.send(head(method, target, Content_Length=BODY_BYTES_MAX + 1))
            answer = line.answer()
        assert answer
        assert (answer.status, answer.code) == (413, "PAYLOAD_TOO_LARGE")

    def test_the_route_comes_before_the_method_and_the_key(self, nobody):
        refused(nobody.patch("/nothing"), "ROUTE_NOT_FOUND")
        refused(nobody.post("/nothing", headers={"Authorization": "x"}), "ROUTE_NOT_FOUND")

    def test_the_method_comes_before_the_key(self, nobody):
        refused(nobody.patch("/dialogue"), "METHOD_NOT_ALLOWED")

    def test_the_key_comes_before_what_it_may_do(self, api, read_key, client_of):
        reader = client_of(read_key["key"])
        refused(reader.post("/dialogue"), "FORBIDDEN")
        done(api.delete(f"/admin/keys/{read_key['id']}"))
        eventually(lambda: reader.post("/dialogue").status_code == 401)
        refused(reader.post("/dialogue"), "UNAUTHORIZED")

    def test_the_key_comes_before_the_body_and_its_errors(self, nobody, server):
        refused(post_bytes(nobody, "/dialogue", b"{"), "UNAUTHORIZED")
        refused(nobody.get("/dialogue?limit=0"), "UNAUTHORIZED")
        with Line(server) as line:
            line.send(head("POST", "/dialogue", Transfer_Encoding="chunked"))
            line.send(chunked(b" " * (BODY_BYTES_MAX + 1)))
            answer = line.answer()
        assert answer is None or answer.status == 401

    def test_what_a_key_may_do_comes_before_the_rate(self, api, read_key, client_of):
        reader = client_of(read_key["key"])
        exhaust(api)
        refused(reader.get("/admin/settings"), "FORBIDDEN")
        refused(reader.post("/dialogue"), "FORBIDDEN")

    def test_the_rate_comes_before_a_body_that_grows_past_the_limit(self, api, server, project):
        def grown():
            with Line(server) as line:
                line.send(head("POST", "/dialogue", project.key, Transfer_Encoding="chunked"))
                line.send(chunked(b" " * (BODY_BYTES_MAX + 1)))
                return line.answer()

        exhaust(api)
        answer = grown()
        if answer and answer.status == 413:  # a request has come back meanwhile
            answer = grown()
        assert answer is None or answer.status == 429

    def test_the_rate_comes_before_json_and_parameters(self, api):
        exhaust(api)
        *_, answer = until_too_many(lambda: post_bytes(api, "/dialogue", b"{"))
        refused(answer, "RATE_LIMIT_EXCEEDED")
        *_, answer = until_too_many(lambda: api.get("/dialogue?limit=0"))
        refused(answer, "RATE_LIMIT_EXCEEDED")

    def test_a_body_that_grows_past_the_limit_comes_before_its_json(self, server, project):
        with Line(server) as line:
            line.send(head("POST", "/dialogue", project.key, Transfer_Encoding="chunked"))
            line.send(chunked(b"{" * (BODY_BYTES_MAX + 1)))
            answer = line.answer()
        assert answer is None or (answer.status, answer.code) == (413, "PAYLOAD_TOO_LARGE")


class TestBetweenReadingAndFinding:
    def test_broken_json_comes_before_other_errors(self, api):
        refused(post_bytes(api, "/dialogue/none/frobnicate", b"{"), "INVALID_JSON")
        refused(post_bytes(api, "/dialogue/a%5Cb", b"{", "PUT"), "INVALID_JSON")
        refused(post_bytes(api, "/messages?dialogueId=", b"{"), "INVALID_JSON")

    def test_validation_comes_before_an_answer_recorded_for_the_same_key(self, api):
        headers = {"Idempotency-Key": "k"}
        done(api.post("/dialogue", json={"label": "l"}, headers=headers))
        refused(
            api.post("/dialogue", json={"label": 5}, headers=headers), "INVALID_PARAMETER", "label"
        )
        refused(post_bytes_with_key(api, b"{"), "INVALID_JSON")

    def test_validation_comes_before_an_absent_dialogue(self, api):
        refused(api.post("/dialogue/none/messages", json={}), "MISSING_PARAMETER")
        refused(api.get("/dialogue/none?messages=x"), "INVALID_PARAMETER")
        refused(api.put("/dialogue/none/state", json=[]), "INVALID_PARAMETER")

    def test_a_recorded_answer_comes_before_an_absent_dialogue(self, api):
        new_dialogue(api, id="d")
        headers = {"Idempotency-Key": "k"}
        first = done(api.post("/dialogue/d/messages", json=HELLO, headers=headers))
        done(api.delete("/dialogue/d"))
        again = api.post("/dialogue/d/messages", json=HELLO, headers=headers)
        assert done(again) == first
        other = {**HELLO, "content": "other"}
        reused = api.post("/dialogue/d/messages", json=other, headers=headers)
        refused(reused, "IDEMPOTENCY_KEY_REUSED")

    def test_an_absent_dialogue_comes_before_a_stored_duplicate(self, api):
        new_dialogue(api, id="d")
        new_message(api, "d", id="m")
        done(api.delete("/dialogue/d"))
        again = api.post("/dialogue/d/messages", json={**HELLO, "id": "m"})
        refused(again, "DIALOGUE_NOT_FOUND")


class TestAmongConflicts:
    @pytest.fixture(autouse=True)
    def dialogue(self, api):
        new_dialogue(api, id="d")
        new_message(api, "d", id="m")

    @pytest.mark.parametrize("action", ["end", "archive"])
    def test_a_stored_duplicate_comes_before_an_archived_or_ended_dialogue(self, action, api):
        done(api.post(f"/dialogue/d/{action}"))
        again = done(api.post("/dialogue/d/messages", json={**HELLO, "id": "m"}))
        assert (again["id"], again["seq"]) == ("m", 1)
        batch = done(api.post("/dialogue/d/messages", json=[{**HELLO, "id": "m"}]))
        assert [message["seq"] for message in batch] == [1]

    def test_archived_comes_before_ended(self, api):
        done(api.post("/dialogue/d/end"))
        done(api.post("/dialogue/d/archive"))
        refused(api.post("/dialogue/d/messages", json=HELLO), "DIALOGUE_IMMUTABLE")

    @pytest.mark.parametrize(
        ("action", "code"), [("end", "DIALOGUE_ENDED"), ("archive", "DIALOGUE_IMMUTABLE")]
    )
    def test_archived_and_ended_come_before_a_duplicate_id(self, action, code, api):
        done(api.post(f"/dialogue/d/{action}"))
        other = {"id": "m", "role": "user", "content": "other"}
        refused(api.post("/dialogue/d/messages", json=other), code)
        refused(api.post("/dialogue/d/messages", json=[HELLO, other]), code)

    @pytest.mark.parametrize(
        ("action", "code"), [("end", "DIALOGUE_ENDED"), ("archive", "DIALOGUE_IMMUTABLE")]
    )
    def test_archived_and_ended_come_before_a_stale_version(self, action, code, api):
        done(api.post(f"/dialogue/d/{action}"))
        stale = {"If-Match": '"7"'}
        refused(api.post("/dialogue/d/messages", json=HELLO, headers=stale), code)

    def test_a_duplicate_id_comes_before_a_stale_version(self, api):
        other = {"id": "m", "role": "user", "content": "other"}
        stale = {"If-Match": '"7"'}
        refused(api.post("/dialogue/d/messages", json=other, headers=stale), "DUPLICATE_ID")

    def test_a_stored_duplicate_comes_before_a_stale_version(self, api):
        duplicate = {**HELLO, "id": "m"}
        again = api.post("/dialogue/d/messages", json=duplicate, headers={"If-Match": '"0"'})
        assert done(again)["seq"] == 1

    def test_a_stale_version_comes_before_a_quota(self, api):
        settle(api, quotas={"messages": 1})
        eventually(lambda: api.post("/dialogue/d/messages", json=HELLO).status_code == 429)
        stale = {"If-Match": '"77"'}
        answer = api.post("/dialogue/d/messages", json=HELLO, headers=stale)
        refused(answer, "VERSION_CONFLICT")

    def test_every_other_refusal_comes_before_a_quota(self, api):
        settle(api, quotas={"messages": 1, "dialogues": 1})
        eventually(lambda: api.post("/dialogue/d/messages", json=HELLO).status_code == 429)
        refused(api.post("/dialogue", json={"id": "d"}), "DUPLICATE_ID")
        refused(api.post("/dialogue", json={"threadOf": "none"}), "DIALOGUE_NOT_FOUND")
        refused(api.post("/dialogue/d/messages", json={}), "MISSING_PARAMETER")
        again = api.post("/dialogue/d/messages", json={**HELLO, "id": "m"})
        assert done(again)["seq"] == 1
        done(api.post("/dialogue/d/end"))
        refused(api.post("/dialogue/d/messages", json=HELLO), "DIALOGUE_ENDED")

    def test_a_retry_is_answered_though_the_dialogue_ended_since(self, api):
        headers = {"Idempotency-Key": "k"}
        first = done(api.post("/dialogue/d/messages", json=HELLO, headers=headers))
        done(api.post("/dialogue/d/archive"))
        assert done(api.post("/dialogue/d/messages", json=HELLO, headers=headers)) == first
        assert len(contents(api, "d")) == 2


def post_bytes_with_key(api, body: bytes):
    return api.post("/dialogue", content=body, headers={"Idempotency-Key": "k"})
