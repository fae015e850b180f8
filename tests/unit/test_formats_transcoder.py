"""Messages of one API as those of another."""

from typing import Any

import pytest

from dialoguedb.formats import ConversionLoss, convert

CLAUDE: list[dict[str, Any]] = [
    {"role": "user", "content": "Where is it?"},
    {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
            {"type": "text", "text": "I look."},
            {"type": "tool_use", "id": "toolu_1", "name": "track", "input": {"order": 17}},
        ],
    },
    {
        "role": "user",
        "content": [
            {
                "type": "tool_result",
                "tool_use_id": "toolu_1",
                "is_error": True,
                "content": [{"type": "text", "text": "no parcel"}],
            },
            {"type": "text", "text": "Well?"},
        ],
    },
]


def converted(target, messages=CLAUDE, source="anthropic", **more):
    made = convert(messages, source, target, **more)
    return made.messages, [(one.index, one.part, one.kind) for one in made.losses]


def test_chat_messages():
    assert converted("openai", system="Be kind.") == (
        [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "Where is it?"},
            {
                "role": "assistant",
                "content": "I look.",
                "tool_calls": [
                    {
                        "id": "toolu_1",
                        "type": "function",
                        "function": {"name": "track", "arguments": '{"order": 17}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "toolu_1", "content": "no parcel"},
            {"role": "user", "content": "Well?"},
        ],
        [(1, 0, "thought"), (2, 0, "error")],
    )


def test_items_of_responses():
    messages, losses = converted("responses")
    assert [one.get("type") or one["role"] for one in messages] == [
        *("user", "assistant", "function_call", "function_call_output", "user")
    ]
    assert losses == [(1, 0, "thought"), (2, 0, "error")]


def test_contents_of_gemini():
    messages, losses = converted("gemini")
    assert [one["role"] for one in messages] == ["user", "model", "user"]
    assert messages[2]["parts"][0]["functionResponse"]["response"] == {"error": "no parcel"}
    assert losses == [(1, 0, "thought")]


def test_messages_of_the_ai_sdk():
    messages, losses = converted("ui-message", system="Be kind.")
    assert [one["id"] for one in messages] == ["msg-0", "msg-1", "msg-2", "msg-3"]
    assert messages[2]["parts"] == [
        {
            "type": "reasoning",
            "text": "Hm.",
            "providerMetadata": {"anthropic": {"signature": "c2ln"}},
        },
        {"type": "text", "text": "I look."},
        {
            "type": "tool-track",
            "toolCallId": "toolu_1",
            "state": "output-error",
            "input": {"order": 17},
            "errorText": "no parcel",
        },
    ]
    assert losses == []


def test_a_thought_goes_to_the_ai_sdk_and_back_to_who_signed_it():
    there = convert(CLAUDE, "anthropic", "ui-message")
    back = convert(there.messages, "ui-message", "anthropic")
    assert back.messages[1] == CLAUDE[1]
    assert back.losses == ()


def test_nothing_is_left_out_for_its_missing_counterpart():
    half = [CLAUDE[0], CLAUDE[1]]
    messages, _ = converted("openai", half)
    assert [one["role"] for one in messages] == ["user", "assistant"]
    assert len(messages[1]["tool_calls"]) == 1
    late = [CLAUDE[2]]
    messages, _ = converted("openai", late)
    assert [one["role"] for one in messages] == ["tool", "user"]


def test_the_system_is_apart_where_the_api_has_it_apart():
    messages = [
        {"role": "system", "content": "Be kind."},
        {"role": "developer", "content": "Be short."},
        {"role": "user", "content": "Hello"},
        {"role": "system", "content": "It is late."},
        {"role": "assistant", "content": "Hi"},
    ]
    claude = convert(messages, "openai", "anthropic")
    assert claude.system == "Be kind.\n\nBe short.\n\nIt is late."
    assert [(one.index, one.kind) for one in claude.losses] == [(1, "detail"), (3, "detail")]
    items = convert(messages, "openai", "responses")
    assert items.system == "Be kind.\n\nBe short."
    assert [one["role"] for one in items.messages] == ["user", "system", "assistant"]


def test_ids_and_names_that_do_not_fit_are_told_with_call_and_result():
    call = {"name": "look up", "arguments": "{}"}
    messages = [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "look:0", "type": "function", "function": call}],
        },
        {"role": "tool", "tool_call_id": "look:0", "content": "so"},
    ]
    made, losses = converted("anthropic", messages, "openai")
    assert made[0]["content"][0]["id"] == made[1]["content"][0]["tool_use_id"] == "look_0"
    assert losses == [(0, 0, "id"), (0, 0, "name"), (1, 0, "id")]


def test_a_member_without_counterpart_is_told_with_its_message():
    answer = {"role": "assistant", "content": "So.", "annotations": [{"type": "url_citation"}]}
    assert convert([answer], "openai", "anthropic").losses == (
        ConversionLoss(0, None, "detail", "the member annotations has no counterpart"),
    )


@pytest.mark.parametrize("target", ["openai", "responses", "anthropic", "gemini", "ui-message"])
def test_no_messages_are_none(target):
    assert convert([], "auto", target).messages == []


def test_messages_as_client_libraries_return_them():
    claude = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": [
            {"type": "text", "text": "I look.", "citations": None},
            {"type": "tool_use", "id": "toolu_1", "name": "track", "input": {}, "caller": None},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }
    items = convert([claude], "anthropic", "responses")
    assert [one.get("type") for one in items.messages] == [None, "function_call"]
    assert {one.part for one in items.losses} == {None}
    assert convert([claude], "auto", "anthropic").messages[0]["content"] == [
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "toolu_1", "name": "track", "input": {}},
    ]
    gemini = {
        "role": "model",
        "parts": [
            {
                "text": None,
                "function_call": {"id": None, "name": "track", "args": {"order": 17}},
                "thought_signature": "c2ln",
            }
        ],
    }
    assert convert([gemini], "auto", "gemini").messages[0]["parts"] == [
        {
            "functionCall": {"name": "track", "args": {"order": 17}},
            "thought_signature": "c2ln",
        }
    ]
