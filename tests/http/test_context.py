"""Context windows and checks on the wire."""

import json
import time
from itertools import pairwise
from typing import Any

import pytest

from tests.property.windows import CHECKS

from .checking import done, refused
from .making import new_dialogue, new_key, new_memory, new_message, new_messages, post_bytes

BOUGHT: list[dict[str, Any]] = [
    {"id": "s", "role": "system", "content": "You help with orders."},
    {"id": "u1", "content": "Where is order 17?"},
    {
        "id": "c",
        "role": "assistant",
        "content": [{"type": "tool_use", "id": "t1", "name": "track", "input": {"order": 17}}],
    },
    {
        "id": "r",
        "role": "tool",
        "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "left on Monday"}],
    },
    {"id": "a1", "role": "assistant", "content": "It left on Monday."},
]


@pytest.fixture
def dialogue(api):
    made = new_dialogue(api, id="order-17")["id"]
    new_messages(api, made, *BOUGHT)
    return made


def window(api, dialogue, **fields):
    return done(api.post(f"/dialogue/{dialogue}/context", json={"maxTokens": 4_000, **fields}))


def summarized(api, dialogue, **fields):
    """Have a dialogue summarized, and return what came of it."""
    answer = api.post("/summary", json={"dialogueId": dialogue, **fields})
    assert answer.status_code == 202
    path = f"/summary/{answer.json()['id']}"
    deadline = time.monotonic() + 60
    while (made := done(api.get(path)))["status"] == "processing":
        assert time.monotonic() < deadline
    return made


class TestWindow:
    def test_it_has_every_field(self, api, dialogue):
        tokens = {
            m["id"]: m["tokenCount"]
            for m in done(api.get("/messages?dialogueId=order-17"))["items"]
        }
        made = window(api, dialogue)
        recent = sum(tokens.values()) - tokens["s"]
        assert made == {
            "messages": [
                {"role": "system", "content": "You help with orders."},
                {"role": "user", "content": "Where is order 17?"},
                {
                    "role": "assistant",
                    "content": "",
                    "tool_calls": [
                        {
                            "id": "t1",
                            "type": "function",
                            "function": {"name": "track", "arguments": '{"order": 17}'},
                        }
                    ],
                },
                {"role": "tool", "tool_call_id": "t1", "content": "left on Monday"},
                {"role": "assistant", "content": "It left on Monday."},
            ],
            "tokens": {
                "total": recent + tokens["s"],
                "system": tokens["s"],
                "summary": 0,
                "memories": 0,
                "retrieved": 0,
                "recent": recent,
            },
            "included": {"messageIds": ["s", "u1", "c", "r", "a1"], "memoryIds": []},
            "omitted": 0,
            "issues": [],
        }

    def test_reasoning_and_opaque_items_go_back_to_their_own_api_alone(self, api):
        items = [
            {"type": "compaction", "id": "cmp_1", "encrypted_content": "gAAAA"},
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAA"},
            {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": ""},
            {"type": "function_call_output", "call_id": "c1", "output": "left on Monday"},
        ]
        made = new_dialogue(api)["id"]
        new_messages(api, made, {"id": "u", "content": "Where is it?"})
        new_messages(api, made, *({"role": "assistant", "content": one} for one in items))
        for stable in (False, True):
            sent = window(api, made, format="responses", stable=stable)["messages"]
            assert [one.get("id") for one in sent] == [None, "cmp_1", "rs_1", "fc_1", None]
            other = window(api, made, format="openai", stable=stable)
            assert len(other["included"]["messageIds"]) == 3
            assert other["omitted"] == 2

    def test_anthropic_takes_the_system_beside_the_messages(self, api, dialogue):
        made = window(api, dialogue, format="anthropic")
        assert made["system"] == "You help with orders."
        assert [one["role"] for one in made["messages"]] == [
            "user",
            "assistant",
            "user",
            "assistant",
        ]
        assert made["messages"][2]["content"] == [
            {
                "type": "tool_result",
                "tool_use_id": "t1",
                "content": [{"type": "text", "text": "left on Monday"}],
            }
        ]
        CHECKS["anthropic"](made["messages"], made["system"])

    def test_plain_is_text_alone(self, api, dialogue):
        made = window(api, dialogue, format="plain")
        assert [one["content"] for one in made["messages"]][2:4] == [
            '[calls track {"order": 17}]',
            "[result] left on Monday",
        ]

    def test_a_target_that_knows_no_system_message_reads_it_from_the_user(self, api, dialogue):
        made = window(api, dialogue, target="no-system")
        assert [one["role"] for one in made["messages"][:2]] == ["user", "assistant"]
        assert made["messages"][0]["content"].startswith("You help with orders.")
        assert made["messages"][1]["content"] == ""

    def test_a_call_without_a_result_is_left_out_or_answered_with_an_error(self, api, dialogue):
        call = {"type": "tool_use", "id": "t2", "name": "track", "input": {"order": 18}}
        new_message(api, dialogue, id="c2", role="assistant", content=[call])
        for unanswered, count in (("drop", 5), ("error", 7)):
            assert len(window(api, dialogue, unanswered=unanswered)["messages"]) == count

    def test_a_get_answers_what_a_post_does(self, api, dialogue):
        request = {
            "maxTokens": 40,
            "format": "anthropic",
            "recent": 2,
            "query": "order",
            "memories": 0,
            "target": "no-system",
            "unanswered": "error",
        }
        query = {**request, "summary": "false"}
        by_query = done(api.get(f"/dialogue/{dialogue}/context", params=query))
        assert by_query == window(api, dialogue, **request, summary=False)

    def test_a_tool_call_and_its_result_come_together_or_not_at_all(self, api, dialogue):
        whole = window(api, dialogue)["tokens"]["total"]
        for budget in range(33, whole + 1):
            made = window(api, dialogue, maxTokens=budget, recent=1)
            assert made["tokens"]["total"] <= budget
            CHECKS["openai"](made["messages"])
            ids = set(made["included"]["messageIds"])
            assert ("c" in ids) == ("r" in ids)
            assert made["omitted"] == 5 - len(ids)

    def test_fewer_turns_than_asked_for_are_said(self, api, dialogue):
        made = window(api, dialogue, maxTokens=35, recent=4)
        assert [issue["code"] for issue in made["issues"]] == ["TASK_CUT", "RECENT_CUT"]
        assert made["issues"][0]["messageId"] == "u1"
        assert made["included"]["messageIds"] == ["s", "a1"]

    def test_a_budget_that_the_last_turn_does_not_fit_in_is_refused_with_what_it_needs(
        self, api, dialogue
    ):
        refusal = refused(
            api.post(f"/dialogue/{dialogue}/context", json={"maxTokens": 5}), "INVALID_PARAMETER"
        )
        assert refusal["details"][0]["field"] == "maxTokens"
        needed = int(refusal["message"].split("at least ")[1].split()[0])
        made = window(api, dialogue, maxTokens=needed)
        assert made["included"]["messageIds"] == ["s", "a1"]
        assert made["tokens"]["total"] == needed

    def test_an_empty_dialogue_has_an_empty_window(self, api):
        made = new_dialogue(api)["id"]
        assert window(api, made, maxTokens=1)["messages"] == []
        assert window(api, made)["omitted"] == 0

    def test_memories_come_with_a_query_or_when_asked_for(self, api, dialogue):
        new_memory(api, id="k1", value="Likes deliveries in the morning")
        new_memory(api, id="k2", value="Has a dog", label="pets")
        assert window(api, dialogue)["included"]["memoryIds"] == []
        body = window(api, dialogue, query="When does the parcel come?", memories=1)
        assert body["included"]["memoryIds"] == ["k1"]
        assert [one["role"] for one in body["messages"][:2]] == ["system", "user"]
        assert body["messages"][0]["content"] == (
            "You help with orders.\n\n## Remembered\n\n- Likes deliveries in the morning"
        )
        assert body["tokens"]["memories"] > 0
        assert window(api, dialogue, memories=5)["included"]["memoryIds"] == ["k2", "k1"]
        assert window(api, dialogue, query="dog")["included"]["memoryIds"][0] == "k2"
        assert window(api, dialogue, query="dog", memories=0)["included"]["memoryIds"] == []

    def test_the_newest_summary_that_fits_stands_for_what_is_left_out(self, api):
        made = new_dialogue(api)["id"]
        talk = [{"content": f"Parcel {n} went to the town of number {n}."} for n in range(80)]
        new_messages(api, made, *talk)
        summary = summarized(api, made)
        body = window(api, made, maxTokens=1_000, recent=2)
        assert body["included"]["summaryId"] == summary["id"]
        assert body["messages"][0]["role"] == "system"
        assert body["messages"][0]["content"].endswith(summary["content"])
        assert body["tokens"]["summary"] >= summary["contentTokenCount"]
        assert body["tokens"]["total"] <= 1_000
        for fields in ({"summary": False}, {"maxTokens": 100}, {"maxTokens": 20_000}):
            without = window(api, made, **{"maxTokens": 1_000, **fields})
            assert "summaryId" not in without["included"]
            assert without["tokens"]["summary"] == 0
        anthropic = window(api, made, maxTokens=1_000, format="anthropic")
        assert summary["content"] in anthropic["system"]
        ids = body["included"]["messageIds"]
        summarized(api, made, startId=ids[-2], endId=ids[-1])  # of less than what is left out
        assert window(api, made, maxTokens=1_000, recent=2)["included"] == body["included"]

    def test_a_summary_with_instructions_is_the_second_choice(self, api):
        made = new_dialogue(api)["id"]
        talk = [{"content": f"Parcel {n} went to the town of number {n}."} for n in range(80)]
        first = new_messages(api, made, *talk)[0]
        whole = summarized(api, made, instructions="Which towns?")
        fields = {"maxTokens": 1_000, "recent": 2}
        assert window(api, made, **fields)["included"]["summaryId"] == whole["id"]
        part = summarized(api, made, endId=first["id"])
        assert window(api, made, **fields)["included"]["summaryId"] == part["id"]

    def test_older_messages_about_the_query_come_along(self, api):
        made = new_dialogue(api)["id"]
        talk = [
            {"content": f"Chatter about nothing much, part {n}", "id": f"n{n}"} for n in range(60)
        ]
        talk[7] = {"content": "My violin is at the repair shop", "id": "violin"}
        new_messages(api, made, *talk)
        plain = window(api, made, maxTokens=200)
        assert "violin" not in plain["included"]["messageIds"]
        body = window(api, made, maxTokens=200, query="violin repair", recent=2)
        ids = body["included"]["messageIds"]
        assert "violin" in ids
        assert ids[-2:] == ["n58", "n59"]
        assert ids == sorted(ids, key=[one["id"] for one in talk].index)
        assert body["tokens"]["retrieved"] > 0
        assert body["tokens"]["total"] <= 200

    def test_what_was_found_of_a_tool_call_comes_with_its_other_half(self, api):
        made = new_dialogue(api)["id"]
        chatter = [{"content": f"Chatter about nothing much, part {n}"} for n in range(40)]
        new_messages(api, made, *BOUGHT[1:], *chatter)
        body = window(api, made, maxTokens=150, query="left on Monday", recent=1)
        assert {"c", "r"} <= set(body["included"]["messageIds"])
        CHECKS["openai"](body["messages"])

    def test_a_broken_history_is_told_and_answered_with_a_window_that_is_taken(self, api):
        made = new_dialogue(api)["id"]
        new_messages(api, made, *BOUGHT)
        new_message(api, made, id="r2", role="tool", content=BOUGHT[3]["content"])
        new_message(api, made, id="e", content="   ")
        lost = {"role": "tool", "content": "lost", "tool_call_id": "t9"}
        new_message(api, made, id="r9", role="tool", content=lost)
        cancelled = [{"type": "tool_use", "id": "t2", "name": "track", "input": {}}]
        new_message(api, made, id="c2", role="assistant", content=cancelled)
        new_message(api, made, id="u2", content="Never mind.")
        found = [
            ("DUPLICATE_TOOL_RESULT", "r2"),
            ("EMPTY_TURN", "e"),
            ("ORPHANED_TOOL_RESULT", "r9"),
            ("ORPHANED_TOOL_CALL", "c2"),
        ]
        checked = done(api.get(f"/dialogue/{made}/check"))
        assert [(one["code"], one["messageId"]) for one in checked["issues"]] == found
        assert checked["ok"] is False
        for dialect in ("openai", "responses", "anthropic", "gemini", "plain"):
            answer = window(api, made, format=dialect)
            assert [(one["code"], one["messageId"]) for one in answer["issues"]] == found
            assert answer["included"]["messageIds"] == ["s", "u1", "c", "r", "a1", "u2"]
            assert answer["omitted"] == 4
            CHECKS[dialect](answer["messages"], answer.get("system"))


class TestStable:
    def test_memories_and_what_is_found_stand_behind_the_conversation(self, api):
        made = new_dialogue(api)["id"]
        talk = [{"content": f"Chatter about nothing much, part {n}"} for n in range(150)]
        talk[7] = {"content": "My violin is at the repair shop", "id": "violin"}
        new_messages(api, made, *talk)
        new_memory(api, id="k1", value="Plays the violin")
        fields = {"maxTokens": 600, "stable": True, "query": "violin"}
        first = window(api, made, **fields)
        assert "violin" in first["included"]["messageIds"]
        assert first["included"]["memoryIds"] == ["k1"]
        remembered, found = (one["content"] for one in first["messages"][-2:])
        assert remembered == "## Remembered\n\n- Plays the violin"
        assert found.startswith("## Earlier in this conversation\n\n")
        assert "user: My violin is at the repair shop" in found
        assert first["tokens"]["retrieved"] > 0 < first["tokens"]["memories"]
        assert first["tokens"]["total"] <= 600
        other = window(api, made, **{**fields, "query": "Chatter"})
        assert other["messages"][:-2] == first["messages"][:-2]
        assert other["stablePrefixTokens"] == first["stablePrefixTokens"]
        new_message(api, made, content="and so on")
        assert (
            window(api, made, **fields)["messages"][: len(first["messages"]) - 2]
            == (first["messages"][:-2])
        )

    def test_a_summary_stays_until_the_next_jump(self, api):
        made = new_dialogue(api)["id"]
        talk = [{"content": f"Parcel {n} went to the town of number {n}."} for n in range(80)]
        new_messages(api, made, *talk)
        summary = summarized(api, made)
        assert window(api, made, stable=True)["tokens"]["summary"] == 0
        fields = {"maxTokens": 800, "stable": True, "recent": 2}
        seen, later = [], summary
        for number in range(80, 160):
            new_message(api, made, content=f"Parcel {number} went to the town of number {number}.")
            if number == 120:
                later = summarized(api, made)
            body = window(api, made, **fields)
            code = [issue["code"] for issue in body["issues"]]
            seen.append((body["included"].get("summaryId"), code == ["WINDOW_JUMPED"]))
            assert body["tokens"]["total"] <= 800
        for (before, _), (after, has_jumped) in pairwise(seen):
            assert before == after or has_jumped
        assert {one for one, _ in seen} >= {summary["id"], later["id"]}

    def test_a_window_that_is_not_stable_tells_of_no_prefix(self, api, dialogue):
        assert "stablePrefixTokens" not in window(api, dialogue)
        by_query = api.get(f"/dialogue/{dialogue}/context?maxTokens=900&stable=true")
        assert done(by_query) == window(api, dialogue, maxTokens=900, stable=True)
        assert done(by_query)["stablePrefixTokens"] == done(by_query)["tokens"]["total"]

    def test_signed_thoughts_stay_where_all_before_them_does(self, api):
        made = new_dialogue(api)["id"]
        thought = {"type": "thinking", "thinking": "Hm, let me see.", "signature": "s1"}
        answer = {"role": "assistant", "content": [thought, {"type": "text", "text": "Rain."}]}
        for _ in range(30):
            new_messages(api, made, {"content": "What will the weather be in Lima?"}, answer)
        new_message(api, made, content="And now?")
        whole = window(api, made, format="anthropic")
        assert whole["messages"][1]["content"] == [thought, {"type": "text", "text": "Rain."}]
        assert whole["issues"] == []
        for more in ({}, {"stable": True}):
            cut = window(api, made, format="anthropic", maxTokens=200, **more)
            assert "s1" not in json.dumps(cut["messages"])
            assert "THOUGHT_DROPPED" in [issue["code"] for issue in cut["issues"]]


class TestCheck:
    def test_a_sound_dialogue_is_ok(self, api, dialogue):
        assert done(api.get(f"/dialogue/{dialogue}/check")) == {"ok": True, "issues": []}

    def test_a_result_that_does_not_follow_its_call_is_out_of_order(self, api):
        made = new_dialogue(api)["id"]
        new_messages(api, made, BOUGHT[2], {"content": "Hello?"}, BOUGHT[3])
        checked = done(api.get(f"/dialogue/{made}/check"))
        assert [one["code"] for one in checked["issues"]] == ["ROLE_ORDER"]
        assert "'r'" in checked["issues"][0]["message"]


class TestNamespaces:
    def test_a_window_is_of_the_dialogue_in_the_namespace(self, api):
        new_dialogue(api, id="d", namespace="ada")
        new_message(api, "d", namespace="ada", content="Hello from Ada")
        refused(api.post("/dialogue/d/context", json={"maxTokens": 99}), "DIALOGUE_NOT_FOUND")
        refused(api.get("/dialogue/d/check"), "DIALOGUE_NOT_FOUND")
        new_memory(api, value="of the default namespace")
        new_memory(api, id="k", namespace="ada", value="of Ada's")
        made = window(api, "d", namespace="ada", memories=5)
        assert made["included"]["memoryIds"] == ["k"]
        assert done(api.get("/dialogue/d/check?namespace=ada"))["ok"]

    def test_a_key_that_is_bound_to_a_namespace_sees_no_other(self, api):
        new_dialogue(api, id="d", namespace="ada")
        bound = new_key(api, scope="read", namespace="ada")["key"]
        headers = {"Authorization": f"Bearer {bound}"}
        fields = {"maxTokens": 99, "namespace": "bob"}
        refused(api.post("/dialogue/d/context", json=fields, headers=headers), "FORBIDDEN")
        done(api.post("/dialogue/d/context", json={"maxTokens": 99}, headers=headers))
        done(api.get("/dialogue/d/context?maxTokens=99", headers=headers))


class TestRefusals:
    @pytest.mark.parametrize(
        ("body", "code", "field"),
        [
            ({}, "MISSING_PARAMETER", "maxTokens"),
            ({"maxTokens": 0}, "INVALID_PARAMETER", "maxTokens"),
            ({"maxTokens": 2_000_001}, "INVALID_PARAMETER", "maxTokens"),
            ({"maxTokens": "many"}, "INVALID_PARAMETER", "maxTokens"),
            ({"maxTokens": 9, "format": "xml"}, "INVALID_PARAMETER", "format"),
            ({"maxTokens": 9, "recent": 0}, "INVALID_PARAMETER", "recent"),
            ({"maxTokens": 9, "recent": 1_001}, "INVALID_PARAMETER", "recent"),
            ({"maxTokens": 9, "memories": -1}, "INVALID_PARAMETER", "memories"),
            ({"maxTokens": 9, "memories": 101}, "INVALID_PARAMETER", "memories"),
            ({"maxTokens": 9, "summary": "no"}, "INVALID_PARAMETER", "summary"),
            ({"maxTokens": 9, "target": "loose"}, "INVALID_PARAMETER", "target"),
            ({"maxTokens": 9, "stable": "yes"}, "INVALID_PARAMETER", "stable"),
            ({"maxTokens": 9, "unanswered": "keep"}, "INVALID_PARAMETER", "unanswered"),
            ({"maxTokens": 9, "query": ""}, "INVALID_PARAMETER", "query"),
            ({"maxTokens": 9, "query": "q" * 8_193}, "INVALID_PARAMETER", "query"),
            ({"maxTokens": 9, "dialogueId": "other"}, "INVALID_PARAMETER", "dialogueId"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, body, code, field, api, dialogue):
        refusal = refused(api.post(f"/dialogue/{dialogue}/context", json=body), code)
        assert refusal["details"][0]["field"] == field

    def test_the_limits_themselves_are_taken(self, api, dialogue):
        window(api, dialogue, maxTokens=2_000_000, recent=1_000, memories=100, query="q" * 8_192)

    def test_null_counts_as_absent(self, api, dialogue):
        nothing = dict.fromkeys(
            (
                *("query", "format", "recent", "summary", "memories", "namespace"),
                *("target", "stable", "unanswered"),
            )
        )
        assert window(api, dialogue, **nothing) == window(api, dialogue)

    def test_a_dialogue_that_is_not_there_is_not_found(self, api):
        refused(api.get("/dialogue/none/context?maxTokens=9"), "DIALOGUE_NOT_FOUND")
        refused(api.get("/dialogue/none/check"), "DIALOGUE_NOT_FOUND")
        refused(api.get("/dialogue/none/context"), "MISSING_PARAMETER")


@pytest.mark.parametrize("dialect", ["openai", "responses", "anthropic", "gemini", "plain"])
def test_what_no_encoder_takes_is_answered_nevertheless(dialect, api):
    call = {"type": "tool_use", "id": "t", "name": "f", "input": {"q": "\ud800"}}
    deep = '{"a":' * 900 + '"\\ud800"' + "}" * 900
    written = {"type": "function_call", "call_id": "u", "name": "f", "arguments": deep}
    odd = {"type": "function_call", "call_id": "v", "name": "f", "arguments": '{"q": "\\ud800"}'}
    thought = {"type": "thinking", "thinking": "\ud83d", "signature": "s"}
    answers = [{"type": "tool_result", "tool_use_id": id_, "is_error": True} for id_ in "tuv"]
    messages = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [thought, call, written, odd]},
        {"role": "user", "content": answers},
    ]
    made = new_dialogue(api, id="odd")["id"]
    done(post_bytes(api, f"/dialogue/{made}/messages", json.dumps(messages).encode()))
    assert window(api, made, format=dialect, maxTokens=20_000)["issues"] == []
