"""Rate limits and monthly quotas: what is too much, and what the answer says then."""

import time

import pytest

from .checking import done, eventually, refused, until_too_many
from .making import HELLO, contents, get_dialogue, new_dialogue, new_memory, new_message


@pytest.fixture
def limited(new_project, client_of):
    """Speak with a project that may spend three requests and then one a second."""
    rate = {"enabled": True, "perSecond": 1, "burst": 3}
    return client_of(new_project(rateLimit=rate).key)


class TestTheRate:
    def test_a_burst_is_served_and_what_follows_is_refused(self, limited):
        began = time.monotonic()
        *served, refusal = until_too_many(lambda: limited.get("/dialogue"))
        returned = time.monotonic() - began
        assert {answer.status_code for answer in served} == {200}
        assert 3 <= len(served) <= 3 + returned
        for left, answer in zip([2, 1, 0], served, strict=False):
            assert left <= int(answer.headers["X-RateLimit-Remaining"]) <= left + returned
        assert {answer.headers["X-RateLimit-Limit"] for answer in [*served, refusal]} == {"3"}

    def test_the_refusal_says_when_to_come_back_and_names_the_limit(self, limited):
        before = time.time()
        *_, refusal = until_too_many(lambda: limited.get("/dialogue"))
        error = refused(refusal, "RATE_LIMIT_EXCEEDED")
        assert 1 <= int(refusal.headers["Retry-After"]) <= 2
        assert refusal.headers["X-RateLimit-Remaining"] == "0"
        assert error["details"]
        assert before < int(refusal.headers["X-RateLimit-Reset"]) < time.time() + 5

    def test_coming_back_then_is_served(self, limited):
        eventually(lambda: limited.get("/dialogue").status_code == 429)
        eventually(lambda: limited.get("/dialogue").status_code == 200, seconds_max=2.5)

    def test_it_counts_every_kind_of_request(self, limited):
        began = time.monotonic()
        limited.get("/dialogue/none")
        limited.post("/dialogue", content=b"{")
        limited.get("/dialogue?limit=0")
        *served, refusal = until_too_many(lambda: limited.get("/dialogue"))
        assert len(served) <= time.monotonic() - began
        refused(refusal, "RATE_LIMIT_EXCEEDED")

    def test_operations_routes_and_other_projects_are_not_limited_by_it(self, limited, api):
        eventually(lambda: limited.get("/dialogue").status_code == 429)
        for path in ["/health", "/ready"]:
            assert limited.get(path).status_code == 200
        done(api.get("/dialogue"))

    def test_a_change_is_felt_within_a_second(self, api):
        rate = {"enabled": True, "perSecond": 1, "burst": 2}
        done(api.put("/admin/settings", json={"rateLimit": rate}))
        eventually(lambda: api.get("/dialogue").status_code == 429)
        assert api.get("/dialogue").headers["X-RateLimit-Limit"] == "2"

    def test_switched_off_it_refuses_nothing_and_shows_the_defaults_full(
        self, new_project, client_of
    ):
        rate = {"enabled": False, "perSecond": 1, "burst": 1}
        free = client_of(new_project(rateLimit=rate).key)
        for _ in range(5):
            headers = free.get("/dialogue").headers
            assert headers["X-RateLimit-Limit"] == headers["X-RateLimit-Remaining"] == "20000"


class TestQuotas:
    @pytest.fixture
    def with_quota(self, new_project, client_of):
        def make(**quotas):
            return client_of(new_project(quotas=quotas).key)

        return make

    def test_messages_past_the_quota_are_refused_naming_it(self, with_quota):
        api = with_quota(messages=2)
        new_dialogue(api, id="d", message=HELLO)
        new_message(api, "d")
        for answer in [
            api.post("/dialogue/d/messages", json=HELLO),
            api.post("/dialogue/d/messages", json=[HELLO]),
            api.put("/dialogue/d", json={"message": HELLO, "label": "l"}),
            api.post("/dialogue", json={"id": "n", "message": HELLO}),
        ]:
            error = refused(answer, "QUOTA_EXCEEDED")
            assert "messages" in error["message"]
            assert any("messages" in str(detail.values()) for detail in error["details"])
        assert get_dialogue(api, "d")["totalMessages"] == 2
        assert "label" not in get_dialogue(api, "d")
        refused(api.get("/dialogue/n"), "DIALOGUE_NOT_FOUND")

    def test_a_batch_that_goes_past_the_quota_stores_nothing(self, with_quota):
        api = with_quota(messages=3)
        new_dialogue(api, id="d", message=HELLO)
        refused(api.post("/dialogue/d/messages", json=[HELLO] * 3), "QUOTA_EXCEEDED")
        assert len(contents(api, "d")) == 1
        done(api.post("/dialogue/d/messages", json=[HELLO] * 2))
        refused(api.post("/dialogue/d/messages", json=HELLO), "QUOTA_EXCEEDED")

    def test_dialogues_past_the_quota_are_refused(self, with_quota):
        api = with_quota(dialogues=2)
        for _ in range(2):
            new_dialogue(api)
        error = refused(api.post("/dialogue"), "QUOTA_EXCEEDED")
        assert "dialogues" in error["message"]
        new_memory(api)

    def test_bytes_past_the_quota_are_refused_wherever_they_would_be_stored(self, with_quota):
        api = with_quota(storedBytes=2_000)
        new_dialogue(api, id="d")
        new_message(api, "d", content="x" * 1_500)
        big = "y" * 600
        for method, path, body in [
            ("POST", "/dialogue/d/messages", {"role": "user", "content": big}),
            ("POST", "/dialogue/d/messages", {**HELLO, "metadata": {"m": big}}),
            ("POST", "/dialogue", {"state": {"s": big}}),
            ("POST", "/dialogue", {"metadata": {"m": big}}),
            ("PUT", "/dialogue/d/state", {"s": big}),
            ("PATCH", "/dialogue/d/state", {"s": big}),
            ("POST", "/memory", {"value": big}),
        ]:
            error = refused(api.request(method, path, json=body), "QUOTA_EXCEEDED")
            assert "storedBytes" in str(error)
        new_message(api, "d")

    def test_requests_past_the_quota_are_refused(self, with_quota):
        api = with_quota(requests=5)
        new_dialogue(api, id="d", message=HELLO)
        answer = eventually(lambda: too_many(api.get("/dialogue/d")))
        error = refused(answer, "QUOTA_EXCEEDED")
        assert "requests" in error["message"]
        refused(api.post("/dialogue/d/messages", json=HELLO), "QUOTA_EXCEEDED")

    def test_deleting_is_always_allowed_and_gives_nothing_back(self, with_quota):
        api = with_quota(messages=1, dialogues=1)
        new_dialogue(api, id="d", message={**HELLO, "id": "m"})
        done(api.delete("/dialogue/d/message/m"))
        refused(api.post("/dialogue/d/messages", json=HELLO), "QUOTA_EXCEEDED")
        done(api.delete("/dialogue/d"))
        refused(api.post("/dialogue", json={"id": "d"}), "QUOTA_EXCEEDED")

    def test_deleting_is_allowed_past_a_quota_of_requests(self, with_quota):
        api = with_quota(requests=3)
        new_dialogue(api, id="d", message={**HELLO, "id": "m"})
        eventually(lambda: api.get("/dialogue/d").status_code == 429)
        done(api.delete("/dialogue/d/messages/m"))
        done(api.delete("/dialogue/d"))

    def test_a_stored_duplicate_costs_nothing(self, with_quota):
        api = with_quota(messages=1)
        new_dialogue(api, id="d")
        duplicate = {**HELLO, "id": "m"}
        assert [new_message(api, "d", **duplicate)["seq"] for _ in range(3)] == [1, 1, 1]

    def test_a_lifted_quota_lets_in_within_a_second(self, with_quota):
        api = with_quota(dialogues=1)
        new_dialogue(api)
        refused(api.post("/dialogue"), "QUOTA_EXCEEDED")
        done(api.put("/admin/settings", json={"quotas": {"dialogues": None}}))
        eventually(lambda: api.post("/dialogue").status_code == 200)


def too_many(answer):
    """Return the answer if it says that this was too much."""
    return answer if answer.status_code == 429 else None
