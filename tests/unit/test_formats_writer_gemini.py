"""Windows for Gemini's API."""

import pytest

from dialoguedb.formats.parts import Attachment, Reasoning, Text
from tests.unit.rendering import ASK, call, messages, native, result, windowed


def test_signatures_go_back_on_their_parts():
    signed = {
        "functionCall": {"name": "track", "args": {"order": 17}},
        "thoughtSignature": "c2ln",
    }
    thought = {"text": "Hm.", "thought": True, "thoughtSignature": "dGh0"}
    answered = {"functionResponse": {"name": "track", "response": {"state": "on its way"}}}
    sent = messages(
        "gemini",
        ASK,
        (
            "assistant",
            Reasoning("Hm.", native=native("gemini", **thought)),
            call("", native=native("gemini", **signed)),
        ),
        ("tool", result("", native=native("gemini", **answered))),
    )
    assert sent[1]["parts"] == [thought, signed]
    assert sent[2]["parts"] == [answered]


def test_calls_and_results_of_other_apis_are_parts_of_its_own():
    sent = messages(
        "gemini",
        ASK,
        ("assistant", Text("I look."), call("call_1"), call("call_2")),
        ("tool", result("call_2", Text("no"), is_error=True)),
        ("tool", result("call_1")),
    )
    assert [one["role"] for one in sent] == ["user", "model", "user"]
    assert sent[1]["parts"][1:] == [
        {
            "functionCall": {"id": "call_1", "name": "track", "args": {"order": 17}},
            "thoughtSignature": "skip_thought_signature_validator",
        },
        {"functionCall": {"id": "call_2", "name": "track", "args": {"order": 17}}},
    ]
    assert [part["functionResponse"]["response"] for part in sent[2]["parts"]] == [
        {"output": "on its way"},
        {"error": "no"},
    ]


@pytest.mark.parametrize(
    ("stored", "sent_as"),
    [("21st_magic", "_21st_magic"), ("-x", "_-x"), ("_x", "_x"), ("find it", "find_it")],
)
@pytest.mark.parametrize("by", ["gemini", "openai"])
def test_names_begin_with_a_letter(stored, sent_as, by):
    used = native(by, functionCall={"name": stored, "args": {}}, thoughtSignature="c2ln")
    answered = native(by, functionResponse={"name": stored, "response": {"ok": True}})
    sent = messages(
        "gemini",
        ASK,
        ("assistant", call(name=stored, native=used)),
        ("tool", result(name=stored, native=answered)),
    )
    assert sent[1]["parts"][0]["functionCall"]["name"] == sent_as
    assert sent[2]["parts"][0]["functionResponse"]["name"] == sent_as


@pytest.mark.parametrize(
    ("stored", "sent_as"), [("so", "so"), (["a", 1], ["a", 1]), (7, 7), (None, "")]
)
def test_a_response_is_an_object(stored, sent_as):
    answered = native("gemini", functionResponse={"name": "track", "response": stored})
    sent = messages("gemini", ASK, ("assistant", call()), ("tool", result(native=answered)))
    assert sent[2]["parts"][0]["functionResponse"]["response"] == {"output": sent_as}


def test_a_signature_that_a_chat_client_kept_takes_the_place_of_a_stand_in():
    signed = {
        "id": "a",
        "type": "function",
        "function": {"name": "track", "arguments": "{}"},
        "extra_content": {"google": {"thought_signature": "c2ln"}},
    }
    calls = ("assistant", call(native=native("openai", **signed)), call("b"))
    sent = messages("gemini", ASK, calls, ("tool", result()), ("tool", result("b")))
    assert [part.get("thoughtSignature") for part in sent[1]["parts"]] == ["c2ln", None]


def test_bytes_of_any_kind_are_inline_data_behind_the_results():
    sound = Attachment("audio", media_type="audio/wav", data="AAAA")
    sent = messages(
        "gemini", ("user", sound), ("assistant", call()), ("tool", result("a", Text("so"), sound))
    )
    inline = {"inlineData": {"mimeType": "audio/wav", "data": "AAAA"}}
    assert sent[0]["parts"] == [inline]
    assert sent[2]["parts"][1] == inline


def test_the_system_instruction_is_apart_and_a_user_begins():
    window = windowed("gemini", ("assistant", Text("Welcome.")), system="Be kind.")
    assert window.system == "Be kind."
    assert window.opened
    assert [one["role"] for one in window.messages] == ["user", "model"]


def test_what_another_provider_ran_itself_is_a_call_with_its_result():
    sent = messages(
        "gemini",
        ASK,
        ("assistant", call(kind="server"), result("a", Text("so"), kind="server"), Text("So.")),
    )
    assert [next(iter(part)) for one in sent for part in one["parts"]] == [
        *("text", "functionCall", "functionResponse", "text")
    ]
