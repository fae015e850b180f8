"""Memories that are corrected, superseded, and true for a time only."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from .checking import done, refused
from .making import new_memory, walk

DETAILS = {
    "source": {"dialogueId": "d", "messageIds": ["m1"]},
    "validFrom": "2026-01-01T00:00:00.000Z",
    "validTo": "2026-09-01T00:00:00.000Z",
    "expiresAt": "2027-01-01T00:00:00.000Z",
    "confidence": 0.5,
    "trust": "high",
}
BAD = [
    ({"source": {"messageIds": ["m"]}}, "MISSING_PARAMETER", "source.dialogueId"),
    ({"source": {"dialogueId": "d", "messageIds": []}}, "INVALID_PARAMETER", "source.messageIds"),
    ({"source": {"dialogueId": "a/b"}}, "INVALID_PARAMETER", "source.dialogueId"),
    ({"source": "d"}, "INVALID_PARAMETER", "source"),
    ({"validFrom": "soon"}, "INVALID_PARAMETER", "validFrom"),
    ({"expiresAt": 5}, "INVALID_PARAMETER", "expiresAt"),
    ({"validFrom": "2026-02", "validTo": "x"}, "INVALID_PARAMETER", "validFrom"),
    ({"validFrom": "2026-02-02", "validTo": "2026-02-02"}, "INVALID_PARAMETER", "validTo"),
    ({"confidence": 1.01}, "INVALID_PARAMETER", "confidence"),
    ({"confidence": "0.5"}, "INVALID_PARAMETER", "confidence"),
    ({"trust": "blind"}, "INVALID_PARAMETER", "trust"),
]


def listed(found):
    return [item["id"] for item in found["items"]]


class TestDetails:
    def test_they_come_back_in_every_answer(self, api):
        made = new_memory(api, id="k", **DETAILS)
        assert {name: made[name] for name in DETAILS} == DETAILS
        assert done(api.get("/memory/k")) == made
        assert done(api.get("/memory"))["items"] == [made]

    def test_null_counts_as_absent(self, api):
        nothing = dict.fromkeys([*DETAILS, "supersedes"])
        assert new_memory(api, **nothing).keys() == new_memory(api).keys()

    @pytest.mark.parametrize(("fields", "code", "path"), BAD)
    def test_what_is_malformed_is_refused_and_stores_nothing(self, fields, code, path, api):
        refused(api.post("/memory", json={"value": 1, **fields}), code, path)
        made = new_memory(api, id="k")
        refused(api.put("/memory/k", json=fields), code, path)
        assert done(api.get("/memory"))["items"] == [made]

    def test_a_source_names_up_to_100_messages(self, api):
        listed = [f"m{number}" for number in range(101)]
        source = {"dialogueId": "d", "messageIds": listed[:100]}
        assert new_memory(api, source=source)["source"] == source
        source = {"dialogueId": "d", "messageIds": listed}
        refused(
            api.post("/memory", json={"value": 1, "source": source}),
            "INVALID_PARAMETER",
            "source.messageIds",
        )


class TestCorrecting:
    def test_what_it_said_before_is_its_history(self, api):
        made = new_memory(api, id="k", value="tea", label="Drink", tags=["a"])
        after = done(api.put("/memory/k", json={"value": "coffee", **DETAILS}))
        assert after == {**made, **DETAILS, "value": "coffee", "version": 2} | {
            "modified": after["modified"]
        }
        assert done(api.get("/memory/k")) == after
        page = done(api.get("/memory/k/history"))
        (former,) = page["items"]
        key = former["writtenBy"]
        assert former == {
            "version": 1,
            "label": "Drink",
            "value": "tea",
            "metadata": {},
            "written": made["modified"],
            "writtenBy": key,
            "replaced": after["modified"],
            "replacedBy": key,
        }
        assert page["next"] is None

    def test_null_removes_what_may_be_removed(self, api):
        bare = new_memory(api, id="k", value=1).keys()
        done(api.put("/memory/k", json={"label": "l", "description": "d", **DETAILS}))
        nothing = dict.fromkeys(["label", "description", *DETAILS])
        after = done(api.put("/memory/k", json=nothing))
        assert after.keys() == bare | {"version"}

    def test_history_is_paged(self, api):
        new_memory(api, id="k", namespace="n", value=0)
        for number in range(1, 6):
            done(api.put("/memory/k?namespace=n", json={"value": number}))
        listed = walk(api, "/memory/k/history", namespace="n", limit=2)
        assert [one["value"] for one in listed] == [4, 3, 2, 1, 0]
        first = done(api.get("/memory/k/history?namespace=n&limit=2&order=asc"))
        assert [one["version"] for one in first["items"]] == [1, 2]
        after = done(api.get(f"/memory/k/history?limit=2&next={first['next']}"))
        assert [one["version"] for one in after["items"]] == [3, 4]
        refused(api.get("/memory/k/history"), "MEMORY_NOT_FOUND")
        refused(api.get("/memory/k/history?since=1"), "INVALID_PARAMETER", "since")
        refused(api.get(f"/memory/x/history?next={first['next']}"), "INVALID_PARAMETER", "next")

    def test_a_value_that_is_too_large_is_refused(self, api):
        made = new_memory(api, id="k")
        answer = api.put("/memory/k", json={"value": "x" * (1024 * 1024 + 1)})
        refused(answer, "INVALID_PARAMETER", "value")
        assert done(api.get("/memory/k")) == made

    def test_deleting_takes_the_history_along(self, api):
        new_memory(api, id="k")
        done(api.put("/memory/k", json={"value": 2}))
        done(api.delete("/memory/k"))
        refused(api.get("/memory/k/history"), "MEMORY_NOT_FOUND")


class TestImportedVersions:
    def test_they_are_stored_once(self, api):
        new_memory(api, id="k", value="now")
        sent = {"version": 1, "value": "was", "written": "2026-01-01", "replaced": "2026-02-01"}
        made = done(api.post("/memory/k/history", json=sent))
        assert made == done(api.post("/memory/k/history", json=sent))
        assert done(api.get("/memory/k/history"))["items"] == [made]
        assert done(api.get("/memory/k"))["version"] == 2
        refused(api.post("/memory/k/history", json={**sent, "value": "x"}), "DUPLICATE_ID")
        refused(api.post("/memory/x/history", json=sent), "MEMORY_NOT_FOUND")

    @pytest.mark.parametrize("name", ["version", "value", "written", "replaced"])
    def test_they_need_all_that_tells_what_they_are(self, name, api):
        new_memory(api, id="k")
        sent = {"version": 1, "value": "was", "written": "2026-01-01", "replaced": "2026-02-01"}
        del sent[name]
        refused(api.post("/memory/k/history", json=sent), "MISSING_PARAMETER", name)

    def test_no_version_is_replaced_before_it_was_written(self, api):
        new_memory(api, id="k")
        sent = {"version": 1, "value": 1, "written": "2026-02-02", "replaced": "2026-02-01"}
        refused(api.post("/memory/k/history", json=sent), "INVALID_PARAMETER", "replaced")


class TestSuperseding:
    def test_the_other_one_is_marked_until_it_is_not(self, api):
        old = new_memory(api, id="old", created="2026-01-01")
        new = new_memory(api, id="new", created="2026-02-01", supersedes="old")
        assert new["supersedes"] == "old"
        marked = done(api.get("/memory/old"))
        assert (marked["supersededBy"], marked["supersededAt"]) == ("new", new["created"])
        done(api.delete("/memory/new"))
        assert done(api.get("/memory/old")).keys() == old.keys()

    def test_what_is_not_there_is_not_found(self, api):
        new_memory(api, id="old", namespace="n")
        answer = api.post("/memory", json={"value": 1, "supersedes": "old"})
        refused(answer, "MEMORY_NOT_FOUND")
        assert len(done(api.get("/memory"))["items"]) == 1

    def test_lists_show_all_or_what_is_valid_at_a_time(self, api):
        new_memory(api, id="old", created="2026-01-01")
        new_memory(api, id="new", created="2026-02-01", supersedes="old")
        assert listed(done(api.get("/memory"))) == ["new", "old"]
        for time, expected in [("2026-01-31", ["old"]), ("2026-02-01T00:00:00Z", ["new"])]:
            assert listed(done(api.get(f"/memory?asOf={time}"))) == expected
        refused(api.get("/memory?asOf=now"), "INVALID_PARAMETER", "asOf")


class TestSearching:
    def search(self, api, **fields):
        query = {"object": "memory", "query": "what does she drink", **fields}
        return done(api.post("/search", json=query))

    def test_what_is_not_valid_is_left_out_and_explained(self, api):
        new_memory(api, id="tea", value="She drinks tea", created="2026-01-01")
        new_memory(
            api, id="coffee", value="She drinks coffee", created="2026-02-01", supersedes="tea"
        )
        assert listed(self.search(api)) == ["coffee"]
        assert "leftOut" not in self.search(api)
        explained = self.search(api, explain=True)
        (left_out,) = explained["leftOut"]
        assert left_out == {
            "id": "tea",
            "relevance": left_out["relevance"],
            "reason": "superseded",
            "supersededBy": "coffee",
        }
        assert "inactive" not in explained["results"][0]["explain"]
        assert listed(self.search(api, asOf="2026-01-15")) == ["tea"]
        every = self.search(api, include="inactive", explain=True)
        reasons = {one["item"]["id"]: one["explain"].get("inactive") for one in every["results"]}
        assert reasons == {"coffee": None, "tea": "superseded"}
        assert "leftOut" not in every
        named = done(api.get("/search?object=memory&query=drinks&asOf=2026-01-15"))
        assert listed(named) == ["tea"]

    def test_what_is_less_relevant_than_asked_for_is_not_left_out_either(self, api):
        new_memory(api, id="tea", value="She drinks tea", expiresAt="2026-01-01")
        assert self.search(api, explain=True, minRelevance=0)["leftOut"][0]["id"] == "tea"
        assert not self.search(api, explain=True, minRelevance=1).get("leftOut")

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"expiresAt": "2026-01-01"}, "expired"),
            ({"validTo": "2026-01-01"}, "ended"),
            ({"validFrom": "2199-01-01"}, "not yet valid"),
        ],
    )
    def test_each_reason_has_its_name(self, fields, reason, api):
        new_memory(api, value="She drinks tea", **fields)
        found = self.search(api, explain=True)
        assert (found["items"], found["leftOut"][0]["reason"]) == ([], reason)

    def test_a_bare_date_is_a_day_of_the_zone(self, api):
        new_memory(api, id="tea", value="She drinks tea", validFrom="2026-01-01T03:00:00Z")
        dated = {"asOf": "2026-01-01"}
        assert listed(self.search(api, **dated)) == []
        assert listed(self.search(api, **dated, timezone="America/New_York")) == ["tea"]
        assert listed(self.search(api, **dated, timezone="Asia/Tokyo")) == []

    @pytest.mark.parametrize("fields", [{"asOf": "2026-01-01"}, {"include": "inactive"}])
    def test_other_objects_have_no_such_times(self, fields, api):
        query = {"object": "message", "query": "x", **fields}
        refused(api.post("/search", json=query), "INVALID_PARAMETER", next(iter(fields)))

    def test_windows_keep_to_the_time_as_well(self, api):
        done(api.post("/dialogue", json={"id": "d", "message": {"role": "user", "content": "Hi"}}))
        new_memory(api, id="tea", value="She drinks tea", created="2026-01-01")
        new_memory(api, id="coffee", value="coffee", created="2026-02-01", supersedes="tea")
        path = "/dialogue/d/context?maxTokens=400&memories=5"

        def shown(more=""):
            return done(api.get(path + more))["included"]["memoryIds"]

        assert shown() == ["coffee"]
        assert shown("&asOf=2026-01-15") == ["tea"]
        assert shown("&include=inactive&query=drinks") == ["tea", "coffee"]
        refused(api.get(f"{path}&asOf=x"), "INVALID_PARAMETER", "asOf")


class TestSimilar:
    def create(self, api, value, policy, **fields):
        return done(api.post(f"/memory?onSimilar={policy}", json={"value": value, **fields}))

    def test_the_one_that_says_the_same_is_returned(self, api):
        old = new_memory(api, id="old", value="Likes tea")
        answer = self.create(api, "likes  tea!", "return", id="new")
        similar = {"id": "old", "likeness": 1.0, "equal": True, "action": "returned"}
        assert answer == {**old, "similar": similar}
        assert done(api.get("/memory/old")) == old

    def test_the_one_that_is_like_it_is_superseded(self, api):
        new_memory(api, id="old", value="Prefers window seats on planes")
        answer = self.create(api, "Prefers aisle seats on planes", "supersede")
        assert (answer["supersedes"], answer["similar"]["action"]) == ("old", "superseded")
        assert done(api.get("/memory/old"))["supersededBy"] == answer["id"]

    def test_both_are_stored_by_default(self, api):
        new_memory(api, value="Likes tea")
        bare = new_memory(api, value="Likes tea").keys()
        assert self.create(api, "Likes tea", "store").keys() == bare
        assert len(done(api.get("/memory"))["items"]) == 3

    def test_a_retry_with_the_same_id_is_answered(self, api):
        new_memory(api, id="old", value="Likes tea")
        made = self.create(api, "Likes  tea", "supersede", id="new")
        again = self.create(api, "Likes  tea", "supersede", id="new")
        del made["similar"]
        assert again == made

    @pytest.mark.parametrize(
        ("one", "other"),
        [("Knows C", "Knows C++"), ("Knows C", "Knows C#"), ("-5", "5"), ("NET", ".NET")],
    )
    def test_signs_that_mean_something_tell_two_apart(self, one, other, api):
        new_memory(api, value=one)
        answer = self.create(api, other, "supersede")
        assert answer["value"] == other
        assert not answer.get("similar", {}).get("equal")

    @pytest.mark.parametrize("policy", ["return", "supersede"])
    def test_one_that_names_what_it_supersedes_is_stored_as_it_is(self, policy, api):
        new_memory(api, id="old", value="Likes tea")
        new_memory(api, id="other", value="Likes milk")
        answer = self.create(api, "Likes tea", policy, id="new", supersedes="other")
        assert answer["supersedes"] == "other"
        assert "similar" not in answer
        assert "supersededBy" not in done(api.get("/memory/old"))

    def test_labels_tell_many_equal_values_apart(self, api):
        for kind in range(25):
            new_memory(api, id=f"m{kind}", value="yes", label=f"Question {kind}")
        for kind in range(25):
            answer = self.create(api, "yes", "return", label=f"Question {kind}")
            assert answer["id"] == f"m{kind}"

    def test_of_several_at_the_same_time_one_is_stored(self, api):
        with ThreadPoolExecutor(8) as pool:
            sent = [pool.submit(self.create, api, "Likes tea", "return") for _ in range(8)]
        assert len({one.result()["id"] for one in sent}) == 1
        assert len(done(api.get("/memory"))["items"]) == 1

    def test_other_policies_are_refused(self, api):
        answer = api.post("/memory?onSimilar=merge", json={"value": 1})
        refused(answer, "INVALID_PARAMETER", "onSimilar")
