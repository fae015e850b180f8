"""Checks by the rules of providers, and repairs, on the wire."""

import json

import pytest

from dialoguedb.formats.provider_rules.rule import SentMessages
from dialoguedb.formats.provider_rules.rules import RULES, findings
from dialoguedb.model.checks import PROVIDERS

from .checking import done, refused
from .making import new_dialogue, new_message, new_messages


def call(call_id="call_1", name="find"):
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": "{}"}}


def chat(role, content, **more):
    return {"role": role, "content": {"role": role, "content": content, **more}}


BROKEN = [
    {"id": "a0", "role": "assistant", "content": "Hello."},
    {"id": "u1", "content": "Where is my order?"},
    {"id": "c1", **chat("assistant", None, tool_calls=[call()])},
    {"id": "u2", "content": "Well?"},
    {"id": "c2", **chat("assistant", "Let me see.", tool_calls=[call("x" * 50, "find it")])},
    {"id": "r2", **chat("tool", "left on Monday", tool_call_id="x" * 50)},
    {"id": "u3", "role": "Ada", "content": "Thanks."},
    {"id": "s1", "role": "system", "content": "Be brief."},
]


@pytest.fixture
def dialogue(api):
    made = new_dialogue(api, id="order-17")["id"]
    new_messages(api, made, *BROKEN)
    return made


def check(api, dialogue, provider):
    return done(api.get(f"/dialogue/{dialogue}/check", params={"provider": provider}))


def repair(api, dialogue, provider):
    return done(api.get(f"/dialogue/{dialogue}/repair", params={"provider": provider}))


class TestCheck:
    @pytest.mark.parametrize("provider", PROVIDERS)
    def test_each_issue_names_the_rule_and_where_it_is_from(self, api, dialogue, provider):
        checked = check(api, dialogue, provider)
        assert checked["ok"] is False
        assert checked["omitted"] == 0
        rules = {rule.name: rule for rule in RULES[provider]}
        for issue in checked["issues"]:
            rule = rules[issue["rule"]]
            assert issue["code"] == rule.code
            assert issue["source"] == rule.source.where
            assert issue["messageId"] in {one["id"] for one in BROKEN}
            assert f"'{issue['messageId']}'" in issue["message"]

    @pytest.mark.parametrize(
        ("provider", "found"),
        [
            (
                "openai",
                {
                    ("c1", "calls-are-answered"),
                    ("c2", "function-names-fit"),
                    ("u3", "roles-are-known"),
                    ("c2", "call-ids-are-short"),
                },
            ),
            ("anthropic", {("a0", "a-user-begins"), ("c1", "uses-are-answered")}),
            ("mistral", {("c1", "ids-have-nine-characters"), ("c2", "text-or-calls")}),
            ("strict", {("s1", "the-system-speaks-first"), ("c1", "content-is-a-string")}),
            ("gemini", {("c1", "calls-are-answered"), ("s1", "roles-are-known")}),
            ("responses", {("c1", "calls-are-answered"), ("u3", "roles-are-known")}),
        ],
    )
    def test_it_finds_what_the_provider_would_refuse(self, api, dialogue, provider, found):
        issues = check(api, dialogue, provider)["issues"]
        assert found <= {(one["messageId"], one["rule"]) for one in issues}

    @pytest.mark.parametrize("provider", PROVIDERS)
    def test_a_plain_conversation_is_taken_by_all(self, api, provider):
        made = new_dialogue(api)["id"]
        new_messages(
            api,
            made,
            {"role": "system", "content": "Be brief."},
            {"content": "Hi."},
            {"role": "assistant", "content": "Hello."},
            {"content": "Bye."},
        )
        assert check(api, made, provider) == {"ok": True, "issues": [], "omitted": 0}
        repaired = repair(api, made, provider)
        assert repaired["ok"] is True
        assert repaired["repaired"] == []
        assert "Hello." in json.dumps(repaired["messages"])

    @pytest.mark.parametrize("provider", ["openai", "responses", "anthropic"])
    def test_calls_of_another_api_are_converted_before_they_are_checked(self, api, provider):
        made = new_dialogue(api)["id"]
        calls = [call("call_1"), call("call_2", "look")]
        new_messages(
            api,
            made,
            {"content": "Where is it?"},
            chat("assistant", "Let me see.", tool_calls=calls),
            chat("tool", "left on Monday", tool_call_id="call_1"),
            chat("tool", "here", tool_call_id="call_2"),
            {"role": "assistant", "content": "It left on Monday."},
        )
        assert check(api, made, provider)["issues"] == []
        found = {one["rule"] for one in check(api, made, "gemini")["issues"]}
        assert found == {"steps-are-signed"}

    def test_an_issue_of_all_messages_names_none(self, api):
        made = new_dialogue(api)["id"]
        image = {"type": "image", "source": {"type": "url", "url": "https://a.example/a.png"}}
        new_messages(api, made, *[{"content": [image] * 20}] * 6)
        (issue,) = check(api, made, "anthropic")["issues"]
        assert issue["rule"] == "images-are-few"
        assert "messageId" not in issue

    @pytest.mark.parametrize("route", ["check", "repair"])
    def test_an_unknown_provider_is_refused_with_the_names_of_all(self, api, dialogue, route):
        answer = api.get(f"/dialogue/{dialogue}/{route}?provider=cohere")
        error = refused(answer, "INVALID_PARAMETER")
        assert all(name in error["details"][0]["message"] for name in PROVIDERS)
        assert error["details"][0]["field"] == "provider"

    def test_a_repair_is_for_a_provider(self, api, dialogue):
        refused(api.get(f"/dialogue/{dialogue}/repair"), "MISSING_PARAMETER")

    def test_there_is_nothing_to_check_in_what_there_is_not(self, api):
        refused(api.get("/dialogue/none/check?provider=openai"), "DIALOGUE_NOT_FOUND")
        refused(api.get("/dialogue/none/repair?provider=openai"), "DIALOGUE_NOT_FOUND")


class TestRepair:
    @pytest.mark.parametrize("provider", PROVIDERS)
    def test_the_provider_takes_what_is_returned(self, api, dialogue, provider):
        repaired = repair(api, dialogue, provider)
        assert repaired["issues"] == check(api, dialogue, provider)["issues"]
        sent = SentMessages(repaired["messages"], repaired.get("system", ""))
        assert list(findings(provider, sent)) == []
        text = json.dumps([repaired["messages"], repaired.get("system")])
        for kept in ["Hello.", "Where is my order?", "Well?", "left on Monday", "Be brief."]:
            assert kept in text
        assert {"c1"} <= {one.get("messageId") for one in repaired["repaired"]}

    def test_nothing_is_stored(self, api, dialogue):
        before = done(api.get(f"/messages?dialogueId={dialogue}"))
        repair(api, dialogue, "mistral")
        assert done(api.get(f"/messages?dialogueId={dialogue}")) == before

    def test_an_archived_dialogue_is_checked_and_repaired(self, api, dialogue):
        done(api.post(f"/dialogue/{dialogue}/archive"))
        assert check(api, dialogue, "openai")["issues"]
        assert repair(api, dialogue, "openai")["messages"]

    def test_a_namespace_is_asked_for_by_name(self, api):
        new_dialogue(api, id="d", namespace="ada")
        new_message(api, "d", namespace="ada", content="Hi.")
        refused(api.get("/dialogue/d/repair?provider=openai"), "DIALOGUE_NOT_FOUND")
        found = done(api.get("/dialogue/d/repair?provider=openai&namespace=ada"))
        assert found["messages"] == [{"role": "user", "content": "Hi."}]
