"""Summaries over the wire: asked for, polled, expanded, deleted, and made by themselves."""

import pytest

from .checking import TIMESTAMP, ULID, done, ids, refused, revision
from .making import (
    HELLO,
    get_dialogue,
    new_dialogue,
    new_key,
    new_message,
    new_messages,
    new_summary,
    summarized,
    walk,
)

SENTENCE = "On Monday Ada ordered {} blue lamps in Lisbon. Nothing else was said."


def talk(api, dialogue_id="d", count=12, **fields):
    messages = [{"id": f"m{n}", "content": SENTENCE.format(n)} for n in range(count)]
    new_dialogue(api, id=dialogue_id, **fields)
    new_messages(api, dialogue_id, *messages)


class TestAsking:
    def test_it_is_accepted_and_completed_later(self, api, project):
        talk(api)
        accepted = new_summary(api, "d")
        assert accepted["status"] == "processing"
        assert accepted["content"] is None
        assert ULID.fullmatch(accepted["id"])
        made = summarized(api, "d")
        assert made["id"] == accepted["id"]
        assert made["content"].startswith("user: On Monday Ada ordered")
        expected = {
            "dialogueId": "d",
            "projectId": project.id,
            "provider": "extractive",
            "fromId": "m0",
            "toId": "m11",
            "messageCount": 12,
            "summarizedCount": 12,
            "skippedCount": 0,
            "chunks": 1,
            "llmInputTokens": 0,
            "llmOutputTokens": 0,
            "llmTotalTokens": 0,
            "llmCallCount": 0,
            "metadata": {},
            "tags": [],
        }
        assert made.items() >= expected.items()
        assert 0 < made["contentTokenCount"] < made["totalTokens"]
        for name in ["fromCreated", "toCreated", "created", "modified"]:
            assert TIMESTAMP.fullmatch(made[name])
        assert made.keys().isdisjoint({"namespace", "error", "model", "template", "previousId"})

    def test_it_comes_back_as_it_was_asked_for(self, api):
        new_dialogue(api, id="d", message=HELLO)
        fields = {
            "id": "s",
            "instructions": "short",
            "metadata": {"n": 1.0, "é": None},
            "tags": ["t"],
        }
        made = summarized(api, "d", **fields)
        assert made.items() >= fields.items()
        assert new_summary(api, "d", **fields) == made

    @pytest.mark.parametrize("method", ["POST", "PUT"])
    def test_compact_is_the_same(self, method, api):
        talk(api)
        answer = api.request(method, "/dialogue/d/compact", json={"instructions": "i"})
        made = done(answer, 202)
        assert revision(answer) == 1
        assert made["dialogueId"] == "d"
        assert new_summary(api, "d", instructions="i")["id"] == made["id"]
        stale = {"If-Match": '"r9"'}
        refused(
            api.post("/dialogue/d/compact", json={"id": "x"}, headers=stale), "VERSION_CONFLICT"
        )
        refused(api.post("/dialogue/d/compact", json={"dialogueId": "e"}), "INVALID_PARAMETER")

    def test_nothing_to_summarize_is_completed_at_once(self, api):
        new_dialogue(api, id="d")
        made = new_summary(api, "d")
        assert (made["status"], made["content"], made["messageCount"]) == ("completed", None, 0)

    def test_messages_stay_as_they_are(self, api):
        talk(api)
        before = walk(api, "/dialogue/d/messages")
        summarized(api, "d")
        assert walk(api, "/dialogue/d/messages") == before
        assert get_dialogue(api, "d")["totalMessages"] == 12

    def test_a_later_one_builds_on_the_former(self, api):
        talk(api)
        first = summarized(api, "d")
        new_message(api, "d", content="Then Bob sold 77 green chairs in Porto.")
        second = summarized(api, "d")
        assert second["previousId"] == first["id"]
        assert "77 green chairs" in second["content"]
        assert second["messageCount"] == 13
        assert summarized(api, "d", rebuild=True).keys().isdisjoint({"previousId"})

    def test_an_idempotency_key_asks_once(self, api):
        talk(api)
        headers = {"Idempotency-Key": "k"}
        body = {"dialogueId": "d", "rebuild": True}
        first = done(api.post("/summary", json=body, headers=headers), 202)
        assert done(api.post("/summary", json=body, headers=headers), 202) == first
        assert len(done(api.get("/summary?dialogueId=d"))["items"]) == 1

    @pytest.mark.parametrize(
        ("body", "code", "field"),
        [
            ({}, "MISSING_PARAMETER", "dialogueId"),
            ({"dialogueId": "none"}, "DIALOGUE_NOT_FOUND", ""),
            ({"dialogueId": "d", "namespace": "ns"}, "DIALOGUE_NOT_FOUND", ""),
            ({"dialogueId": "d", "startId": "none"}, "MESSAGE_NOT_FOUND", "startId"),
            ({"dialogueId": "d", "endId": "none"}, "MESSAGE_NOT_FOUND", "endId"),
            ({"dialogueId": "d", "template": "none"}, "TEMPLATE_NOT_FOUND", "template"),
            ({"dialogueId": "d", "startId": "m3", "endId": "m1"}, "INVALID_PARAMETER", "startId"),
            ({"dialogueId": "d", "instructions": 5}, "INVALID_PARAMETER", "instructions"),
            ({"dialogueId": "d", "metadata": []}, "INVALID_PARAMETER", "metadata"),
            ({"dialogueId": "d", "tags": "t"}, "INVALID_PARAMETER", "tags"),
            ({"dialogueId": "d", "id": ""}, "INVALID_PARAMETER", "id"),
            ({"dialogueId": "d", "instructions": "x" * 8_193}, "INVALID_PARAMETER", "instructions"),
        ],
    )
    def test_what_is_wrong_is_refused_and_named(self, body, code, field, api):
        talk(api, count=5)
        refused(api.post("/summary", json=body), code, *([field] if field else []))
        assert done(api.get("/summary?dialogueId=d"))["items"] == []

    def test_instructions_may_be_as_long_as_the_limit(self, api):
        talk(api, count=1)
        new_summary(api, "d", instructions="x" * 8_192)

    def test_an_id_is_taken_once(self, api):
        talk(api, count=2)
        new_summary(api, "d", id="s")
        refused(
            api.post("/summary", json={"dialogueId": "d", "id": "s", "endId": "m0"}),
            "DUPLICATE_ID",
            "id",
        )

    def test_an_archived_dialogue_takes_none(self, api):
        talk(api, count=2)
        done(api.post("/dialogue/d/archive"))
        refused(api.post("/summary", json={"dialogueId": "d"}), "DIALOGUE_IMMUTABLE")


class TestReading:
    def test_it_expands_to_the_messages_it_covers_page_by_page(self, api):
        talk(api)
        made = summarized(api, "d", startId="m2", endId="m8")
        path = f"/summary/{made['id']}"
        page = done(api.get(path, params={"expand": "true"}))
        assert {**page, "messages": None} == {**made, "messages": None}
        assert ids(page["messages"]) == [f"m{n}" for n in range(2, 9)]
        assert page["messages"]["next"] is None
        shown = []
        params = {"expand": "true", "limit": 3}
        while True:
            page = done(api.get(path, params=params))["messages"]
            shown += page["items"]
            if page["next"] is None:
                break
            params["next"] = page["next"]
        assert shown == done(api.get("/dialogue/d/messages"))["items"][2:9]
        first = done(api.get(path, params={"expand": "true", "limit": 3}))["messages"]
        alone = done(api.get(path, params={"next": first["next"], "limit": 3}))["messages"]
        assert alone["items"] == shown[3:6]
        for forged in ({"expand": "true", "next": "AAAA"}, {"next": "AAAA"}):
            refused(api.get(path, params=forged), "INVALID_PARAMETER", "next")

    def test_a_list_is_of_one_dialogue_newest_first(self, api):
        talk(api)
        made = [new_summary(api, "d", endId=f"m{n}")["id"] for n in range(5)]
        assert [one["id"] for one in walk(api, "/summary", dialogueId="d", limit=2)] == made[::-1]
        refused(api.get("/summary"), "MISSING_PARAMETER", "dialogueId")
        refused(api.get("/summary?dialogueId=none"), "DIALOGUE_NOT_FOUND")
        refused(api.get("/summary?dialogueId=d&foo=1"), "INVALID_PARAMETER", "foo")
        refused(api.get("/summary?dialogueId=d&status=odd"), "INVALID_PARAMETER", "status")

    def test_a_key_bound_to_a_namespace_sees_only_what_is_there(self, api, client_of):
        for namespace in ["mine", "other"]:
            new_dialogue(api, id="d", namespace=namespace, message=HELLO)
        mine = new_summary(api, "d", namespace="mine")
        other = new_summary(api, "d", namespace="other")
        bound = client_of(new_key(api, namespace="mine")["key"])
        assert done(bound.get(f"/summary/{mine['id']}"))["namespace"] == "mine"
        assert ids(done(bound.get("/summary?dialogueId=d"))) == [mine["id"]]
        refused(bound.get(f"/summary/{other['id']}"), "SUMMARY_NOT_FOUND")
        refused(bound.delete(f"/summary/{other['id']}"), "SUMMARY_NOT_FOUND")
        assert done(api.get(f"/summary/{other['id']}"))["namespace"] == "other"
        refused(api.get(f"/summary/{other['id']}?namespace="), "SUMMARY_NOT_FOUND")

    def test_deleting_one_deletes_it(self, api):
        talk(api)
        made = new_summary(api, "d")
        assert done(api.delete(f"/summary/{made['id']}")) == {"success": True, "id": made["id"]}
        refused(api.get(f"/summary/{made['id']}"), "SUMMARY_NOT_FOUND")
        refused(api.delete(f"/summary/{made['id']}"), "SUMMARY_NOT_FOUND")
        assert get_dialogue(api, "d")["totalMessages"] == 12

    def test_deleting_the_dialogue_deletes_and_counts_them(self, api):
        talk(api)
        made = [new_summary(api, "d", endId=f"m{n}")["id"] for n in range(3)]
        counts = {"dialogues": 1, "messages": 12, "summaries": 3}
        assert done(api.delete("/dialogue/d"))["deleted"] == counts
        refused(api.get(f"/summary/{made[0]}"), "SUMMARY_NOT_FOUND")


class TestCompactingByItself:
    def test_above_the_limit_all_but_the_last_messages_are_summarized_once(self, api):
        done(
            api.put("/admin/settings", json={"autoCompact": {"aboveTokens": 300, "keepRecent": 4}})
        )
        new_dialogue(api, id="d")
        made = done(api.get("/summary?dialogueId=d"))["items"]
        count = 0
        while not made and count < 40:
            new_message(api, "d", id=f"m{count}", content=SENTENCE.format(count))
            count += 1
            made = done(api.get("/summary?dialogueId=d"))["items"]
        assert [one["toId"] for one in made] == [f"m{count - 5}"]
        counts = [one["tokenCount"] for one in walk(api, "/dialogue/d/messages")]
        assert sum(counts) > 300 >= sum(counts[:-1])
        new_message(api, "d")
        assert len(done(api.get("/summary?dialogueId=d"))["items"]) == 1

    def test_a_tool_call_is_not_parted_from_its_result(self, api):
        done(api.put("/admin/settings", json={"autoCompact": {"aboveTokens": 50, "keepRecent": 1}}))
        call = {
            "role": "assistant",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
            ],
        }
        new_dialogue(api, id="d")
        new_message(api, "d", id="ask", content="Please look. " * 20)
        new_message(api, "d", id="call", role="assistant", content=call)
        result = {"role": "tool", "tool_call_id": "c1", "content": "found " * 20}
        new_message(api, "d", id="result", role="tool", content=result)
        made = done(api.get("/summary?dialogueId=d"))["items"]
        assert [one["toId"] for one in made] in ([], ["ask"])

    def test_without_the_setting_nothing_is_summarized(self, api):
        talk(api, count=40)
        assert done(api.get("/summary?dialogueId=d"))["items"] == []

    def test_switching_it_off_is_null(self, api):
        body = {"autoCompact": {"aboveTokens": 300}}
        settings = done(api.put("/admin/settings", json=body))
        assert settings["autoCompact"] == {"aboveTokens": 300, "keepRecent": 8}
        settings = done(api.put("/admin/settings", json={"autoCompact": None}))
        assert settings["autoCompact"] is None
        for wrong in [{"aboveTokens": 0}, {"keepRecent": -1}, {"keepRecent": 1_001}, {"x": 1}]:
            answer = api.put("/admin/settings", json={"autoCompact": wrong})
            refused(answer, "INVALID_PARAMETER")


class TestTemplates:
    def test_one_is_created_listed_changed_and_deleted(self, api):
        body = {"name": "t", "prompt": "In short: {messages}", "description": "for tests"}
        made = done(api.post("/admin/summary-templates", json=body))
        assert made.items() >= body.items()
        assert done(api.post("/admin/summary-templates", json=body)) == made
        assert done(api.get("/admin/summary-templates/t")) == made
        done(api.post("/admin/summary-templates", json={**body, "name": "u"}))
        listed = done(api.get("/admin/summary-templates"))["items"]
        assert [one["name"] for one in listed] == ["u", "t"]
        changed = done(api.put("/admin/summary-templates/t", json={"prompt": "{messages}!"}))
        assert (changed["prompt"], changed["description"]) == ("{messages}!", "for tests")
        cleared = done(api.put("/admin/summary-templates/t", json={"description": None}))
        assert "description" not in cleared
        deleted = done(api.delete("/admin/summary-templates/t"))
        assert deleted == {"success": True, "name": "t"}
        for method in ["GET", "PUT", "DELETE"]:
            answer = api.request(method, "/admin/summary-templates/t", json={})
            refused(answer, "TEMPLATE_NOT_FOUND")

    def test_another_prompt_under_a_name_that_is_taken_is_refused(self, api):
        done(api.post("/admin/summary-templates", json={"name": "t", "prompt": "{messages}"}))
        body = {"name": "t", "prompt": "{messages}!"}
        refused(api.post("/admin/summary-templates", json=body), "DUPLICATE_ID", "name")

    @pytest.mark.parametrize(
        ("prompt", "named"),
        [
            ("{messages} {mood}", "{mood}"),
            ("In short.", "{messages}"),
            ("{Messages}", "{Messages}"),
        ],
    )
    def test_variables_that_are_not_there_are_refused(self, prompt, named, api):
        body = {"name": "t", "prompt": prompt}
        error = refused(api.post("/admin/summary-templates", json=body), "INVALID_PARAMETER")
        assert any(named in detail["message"] for detail in error["details"])
        done(api.post("/admin/summary-templates", json={"name": "u", "prompt": "{messages}"}))
        answer = api.put("/admin/summary-templates/u", json={"prompt": prompt})
        refused(answer, "INVALID_PARAMETER", "prompt")

    def test_other_braces_are_no_variables(self, api):
        prompt = 'As JSON like {"a": [1, {}]}: {messages}'
        body = {"name": "t", "prompt": prompt}
        assert done(api.post("/admin/summary-templates", json=body))["prompt"] == prompt

    def test_a_prompt_may_be_as_long_as_the_limit(self, api):
        longest = "{messages}" + "x" * (32_768 - 10)
        body = {"name": "t", "prompt": longest}
        done(api.post("/admin/summary-templates", json=body))
        body = {"name": "u", "prompt": longest + "x"}
        refused(api.post("/admin/summary-templates", json=body), "INVALID_PARAMETER", "prompt")

    def test_the_name_stays(self, api):
        done(api.post("/admin/summary-templates", json={"name": "t", "prompt": "{messages}"}))
        answer = api.put("/admin/summary-templates/t", json={"name": "u"})
        refused(answer, "INVALID_PARAMETER", "name")
