"""Texts behind calls, in chat messages, which have their calls last."""

from typing import Any

import pytest

from dialoguedb.formats import convert
from dialoguedb.formats.parts import Text
from tests.unit.rendering import call, messages, result

Json = dict[str, Any]

ASK: Json = {"role": "user", "content": "Where?"}


def text(words):
    return {"type": "text", "text": words}


def use(own_id):
    return {"type": "tool_use", "id": own_id, "name": "track", "input": {}}


def answer(*ids):
    found = [{"type": "tool_result", "tool_use_id": one, "content": f"of {one}"} for one in ids]
    return {"role": "user", "content": found}


def chat(*content, answers=()):
    """Return chat messages as `speaker: what`, and the losses."""
    history = [ASK, {"role": "assistant", "content": [*content]}]
    made = convert([*history, *answers], "anthropic", "openai")
    seen = []
    for one in made.messages[1:]:
        seen += [f"{one['role']}: {one['content']}"] if one["content"] else []
        seen += [f"call: {call['id']}" for call in one.get("tool_calls", ())]
    return seen, [(one.index, one.part, one.kind) for one in made.losses]


def test_a_text_behind_a_call_follows_its_result():
    seen, losses = chat(text("a"), use("c1"), text("b"), answers=[answer("c1")])
    assert seen == ["assistant: a", "call: c1", "tool: of c1", "assistant: b"]
    assert losses == []


def test_texts_between_calls_stay_between_them():
    content = (use("c1"), use("c2"), text("b"), use("c3"), text("c"), text("d"))
    seen, losses = chat(*content, answers=[answer("c3", "c1", "c2")])
    assert seen == [
        *("call: c1", "call: c2", "tool: of c1", "tool: of c2"),
        *("assistant: b", "call: c3", "tool: of c3", "assistant: c\nd"),
    ]
    assert losses == []


def test_the_last_call_may_wait_for_its_result():
    seen, losses = chat(use("c1"), text("b"), use("c2"), answers=[answer("c1")])
    assert seen == ["call: c1", "tool: of c1", "assistant: b", "call: c2"]
    assert losses == []


def test_behind_a_call_without_a_result_it_goes_before_and_that_is_a_loss():
    seen, losses = chat(text("a"), use("c1"), text("b"))
    assert seen == ["assistant: a\nb", "call: c1"]
    assert losses == [(1, 2, "detail")]


def test_the_picture_that_a_tool_made_stays_behind_its_result():
    source = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
    shown = {
        "type": "tool_result",
        "tool_use_id": "c1",
        "content": [{"type": "image", "source": source}],
    }
    content = [use("c1"), text("b")]
    history = [
        ASK,
        {"role": "assistant", "content": content},
        {"role": "user", "content": [shown]},
    ]
    made = convert(history, "anthropic", "openai").messages
    assert [one["role"] for one in made] == ["user", "assistant", "tool", "user", "assistant"]


@pytest.mark.parametrize(
    "message",
    [
        {"role": "model", "parts": [{"functionCall": {"name": "track"}}, {"text": "b"}]},
        {
            "id": "m",
            "role": "assistant",
            "parts": [
                {
                    "type": "tool-track",
                    "toolCallId": "c1",
                    "state": "output-available",
                    "input": {},
                    "output": "so",
                },
                text("b"),
            ],
        },
    ],
)
def test_so_it_is_from_any_spelling(message):
    answered = {
        "role": "user",
        "parts": [{"functionResponse": {"name": "track", "response": {"output": "so"}}}],
    }
    history: list[Json] = [ASK, message, *([answered] if message["role"] == "model" else [])]
    made = convert(history, "auto", "openai")
    assert [(one["role"], one["content"]) for one in made.messages[1:]] == [
        *(("assistant", ""), ("tool", "so"), ("assistant", "b"))
    ]
    assert made.losses == ()


@pytest.mark.parametrize("target", ["any", "strict", "no-system"])
def test_so_it_is_in_a_window(target):
    spoke = ("assistant", Text("a"), call("c1"), Text("b"), call("c2"), Text("c"))
    answered = ("tool", result("c2", Text("of c2")), result("c1", Text("of c1")))
    sent = messages("openai", ("user", Text("Where?")), spoke, answered, target=target)
    seen = [one["content"] or "call" for one in sent if one["content"] != "[Go on.]"]
    beside = ["a", "call"] if target != "any" else ["a"]
    again = ["b", "call"] if target != "any" else ["b"]
    assert seen == ["Where?", *beside, "of c1", *again, "of c2", "c"]
    assert [bool(one.get("tool_calls")) for one in sent].count(True) == 2


def test_in_a_window_a_text_behind_a_call_that_is_left_out_goes_on():
    spoke = ("assistant", Text("a"), call("c1"), Text("b"))
    assert messages("openai", ("user", Text("Where?")), spoke)[1:] == [
        {"role": "assistant", "content": "a\nb"}
    ]
