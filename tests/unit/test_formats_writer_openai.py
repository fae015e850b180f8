"""Windows for OpenAI's Chat Completions, and for the servers that are compatible with it."""

import json

import pytest

from dialoguedb.formats.parts import Attachment, Other, Reasoning, Text
from tests.unit.rendering import ASK, call, messages, native, result, windowed

PNG = Attachment(media_type="image/png", data="AAAA")


def reasoning(text="I look it up.", **more):
    return Reasoning(text, native=native("openai", reasoning_content=text, **more))


@pytest.mark.parametrize("tool_id", ["functions.get:0", "call_" + "x" * 90, "a b"])
def test_ids_go_back_as_they_were(tool_id):
    sent = messages("openai", ASK, ("assistant", call(tool_id)), ("tool", result(tool_id)))
    assert sent[1]["tool_calls"][0]["id"] == sent[2]["tool_call_id"] == tool_id


def test_parallel_calls_with_one_id_are_told_apart():
    calls = ("assistant", call("a"), call("a", "find"))
    sent = messages("openai", ASK, calls, ("tool", result("a")), ("tool", result("a")))
    assert [one["id"] for one in sent[1]["tool_calls"]] == ["a", "a_1"]
    assert [one["tool_call_id"] for one in sent[2:]] == ["a", "a_1"]


def test_what_a_server_put_beside_a_call_goes_back():
    signature = {"google": {"thought_signature": "c2ln"}}
    stored = {
        "id": "a",
        "type": "function",
        "index": 0,
        "function": {"name": "track", "arguments": "{}", "parsed_arguments": {}},
        "extra_content": signature,
    }
    sent = messages(
        "openai",
        ASK,
        ("assistant", call(arguments="{}", native=native("openai", **stored))),
        ("tool", result()),
    )
    assert sent[1]["tool_calls"] == [
        {
            "id": "a",
            "type": "function",
            "function": {"name": "track", "arguments": "{}"},
            "extra_content": signature,
        }
    ]


def test_a_call_of_a_custom_tool_stays_one():
    code = call(name="run", arguments="print(1)", kind="custom")
    sent = messages("openai", ASK, ("assistant", code), ("tool", result()))
    assert sent[1]["tool_calls"] == [
        {"id": "a", "type": "custom", "custom": {"name": "run", "input": "print(1)"}}
    ]


def test_reasoning_goes_back_within_a_tool_loop():
    sent = messages(
        "openai",
        ("user", Text("Before?")),
        ("assistant", reasoning("Old."), Text("Yes.")),
        ASK,
        ("assistant", reasoning(), call()),
        ("tool", result()),
        ("assistant", reasoning("There."), Text("It left.")),
    )
    assert [one.get("reasoning_content") for one in sent] == [
        *(None, None, None),
        *("I look it up.", None, None),
    ]


def test_reasoning_in_a_message_of_its_own_goes_back_beside_the_call():
    sent = messages(
        "openai", ASK, ("assistant", reasoning()), ("assistant", call()), ("tool", result())
    )
    assert [one["role"] for one in sent] == ["user", "assistant", "tool"]
    assert sent[1]["reasoning_content"] == "I look it up."


def test_reasoning_of_another_api_is_left_out_and_told():
    foreign = Reasoning("Hm.", "s", native=native("anthropic", type="thinking", thinking="Hm."))
    window = windowed("openai", ASK, ("assistant", foreign, call()), ("tool", result()))
    assert "Hm." not in json.dumps(window.messages)
    assert [(one.message_id, one.part, one.kind) for one in window.losses] == [("m1", 0, "thought")]


def test_a_signature_beside_a_message_goes_back_wherever_it_is():
    extra = {"google": {"thought_signature": "c2ln"}}
    other = Other("extra_content", native=native("openai", extra_content=extra))
    sent = messages("openai", ASK, ("assistant", other, Text("Here.")))
    assert sent[1] == {"role": "assistant", "content": "Here.", "extra_content": extra}


def test_pictures_of_tools_stand_behind_all_results_of_the_calls():
    sent = messages(
        "openai",
        ASK,
        ("assistant", call("a"), call("b")),
        ("tool", result("a", Text("here"), PNG)),
        ("tool", result("b")),
    )
    assert [one["role"] for one in sent] == ["user", "assistant", "tool", "tool", "user"]
    assert sent[2]["content"] == "here\n[image]"
    assert sent[4]["content"][1] == {
        "type": "image_url",
        "image_url": {"url": "data:image/png;base64,AAAA"},
    }


@pytest.mark.parametrize(
    ("attachment", "part"),
    [
        (
            Attachment("document", media_type="application/pdf", data="AAAA", name="a.pdf"),
            {
                "type": "file",
                "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"},
            },
        ),
        (
            Attachment("audio", media_type="audio/wav", data="AAAA"),
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
        ),
        (
            Attachment("document", file_id="file-1", native=native("responses", file_id="file-1")),
            {"type": "file", "file": {"file_id": "file-1"}},
        ),
    ],
)
def test_attachments_are_parts_where_there_is_one_for_them(attachment, part):
    assert messages("openai", ("user", Text("This?"), attachment))[0]["content"][1] == part


def test_what_is_no_part_is_named():
    video = Attachment("video", media_type="video/mp4", data="AAAA", name="a.mp4")
    assert messages("openai", ("user", Text("This?"), video))[0]["content"] == (
        "This?\n[video a.mp4]"
    )


def test_a_call_without_a_result_gets_an_error_if_it_is_to_have_one():
    sent = messages("openai", ASK, ("assistant", call()), ASK, unanswered="error")
    assert [one["role"] for one in sent] == ["user", "assistant", "tool", "user"]
    assert "No result" in sent[2]["content"]


def test_texts_behind_the_conversation_are_a_users():
    sent = messages("openai", ASK, ("assistant", Text("Here.")), trailing=("Remember: tea.",))
    assert sent[-1] == {"role": "user", "content": "Remember: tea."}
    assert sent[:-1] == messages("openai", ASK, ("assistant", Text("Here.")))


def test_what_a_provider_ran_itself_is_a_call_with_its_result_or_nothing():
    searched = call("s", "web_search", kind="server", native=native("anthropic", type="x"))
    found = result("s", Text("The Reds won."), kind="server")
    sent = messages("openai", ASK, ("assistant", searched, found, Text("The Reds.")))
    assert [one["role"] for one in sent] == ["user", "assistant", "tool", "assistant"]
    alone = windowed("openai", ASK, ("assistant", searched, Text("The Reds.")))
    assert [one["role"] for one in alone.messages] == ["user", "assistant"]
    assert [one.kind for one in alone.losses] == ["call"]


# --- For chat templates -------------------------------------------------------------------------


def strict(*history, target="strict", **request):
    return messages("openai", *history, target=target, **request)


def test_strict_messages_alternate_with_one_call_at_a_time():
    sent = strict(
        ASK,
        ("user", Text("Both.")),
        ("assistant", Text("Let me look."), call("call_a"), call("call_b", "find")),
        ("tool", result("call_b", Text("two"))),
        ("tool", result("call_a", Text("one"))),
        ("user", Text("Well?")),
        ("assistant", Text("One.")),
        ("assistant", Text("Two.")),
        system="Be kind.",
    )
    assert [(one["role"], one["content"]) for one in sent] == [
        ("system", "Be kind."),
        ("user", "Where?\n\nBoth."),
        ("assistant", "Let me look."),
        ("user", "[Go on.]"),
        ("assistant", ""),
        ("tool", "one"),
        ("assistant", ""),
        ("tool", "two"),
        ("assistant", "[No answer.]"),
        ("user", "Well?"),
        ("assistant", "One.\n\nTwo."),
    ]
    ids = [one["tool_calls"][0]["id"] for one in sent if "tool_calls" in one]
    assert ids == [one["tool_call_id"] for one in sent if one["role"] == "tool"]
    assert all(len(one) == 9 and one.isalnum() for one in ids)


def test_strict_ids_are_the_same_in_every_window_and_stay_if_they_fit():
    history = [ASK, ("assistant", call("call_a")), ("tool", result("call_a"))]
    longer = [("user", Text("Before")), *history]
    ids = {strict(*one)[-1]["tool_call_id"] for one in (history, longer)}
    assert len(ids) == 1
    fits = strict(ASK, ("assistant", call("abcDEF012")), ("tool", result("abcDEF012")))
    assert fits[-1]["tool_call_id"] == "abcDEF012"


@pytest.mark.parametrize(
    ("made", "arguments"),
    [
        (call(arguments="print(1)", kind="custom"), {"input": "print(1)"}),
        (call(arguments='{"a": tru'), {"arguments": '{"a": tru'}),
        (call(arguments=""), {}),
    ],
)
def test_strict_arguments_are_an_object(made, arguments):
    sent = strict(ASK, ("assistant", made), ("tool", result()))
    [one] = sent[1]["tool_calls"]
    assert one["type"] == "function"
    assert json.loads(one["function"]["arguments"]) == arguments


def test_without_a_system_message_its_text_is_in_the_first_message():
    sent = strict(ASK, target="no-system", system="Be kind.")
    assert sent == [{"role": "user", "content": "Be kind.\n\nWhere?"}]
    begun = strict(("assistant", Text("Welcome.")), target="no-system", system="Be kind.")
    assert [one["role"] for one in begun] == ["user", "assistant"]


def test_strict_messages_hold_no_attachments_but_images():
    sound = Attachment("audio", media_type="audio/wav", data="AAAA", name="a.wav")
    sent = strict(
        ("user", Text("This?"), sound), ("assistant", call()), ("tool", result("a", sound, PNG))
    )
    assert sent[0]["content"] == "This?\n[audio a.wav]"
    assert sent[2]["content"] == "[audio a.wav]\n[image]"
    assert [part["type"] for part in sent[4]["content"]] == ["text", "image_url"]
