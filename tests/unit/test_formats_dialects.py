"""Turns as each provider takes them."""

import pytest
from msgspec.structs import replace

from dialoguedb.formats.dialects import OPENING, RenderRequest, render
from dialoguedb.formats.parts import Attachment, Reasoning, Text, ToolCall, ToolResult
from dialoguedb.formats.tool_links import ToolLinker
from dialoguedb.formats.turns import Turn
from tests.property.windows import CHECKS


def turns(*history, name=None):
    return [
        Turn(f"m{index}", "", index, speaker, name, tuple(parts), 1)
        for index, (speaker, *parts) in enumerate(history)
    ]


def rendered(dialect, *history, name=None):
    made = turns(*history, name=name)
    links = ToolLinker()
    for turn in made:
        links.add(turn)
    links.finish()
    messages = render(made, links.pairs, RenderRequest(dialect=dialect)).messages
    CHECKS[dialect](messages)
    return messages


def call(tool_id="a", name="track", arguments='{"order": 17}'):
    return ToolCall(tool_id, name, arguments)


def result(tool_id="a", *parts, is_error=False):
    return ToolResult(tool_id, parts or (Text("on its way"),), is_error)


ASK = ("user", Text("Where?"))
URL = "https://example.com/a.png"
PNG = Attachment(media_type="image/png", data="AAAA")


def test_calls_made_together_stand_in_one_message_with_their_results_behind():
    history = [ASK, ("assistant", call("a")), ("assistant", call("b")), ("tool", result("b"))]
    messages = rendered("openai", *history, ("tool", result("a")))
    assert [one["role"] for one in messages] == ["user", "assistant", "tool", "tool"]
    assert [one["id"] for one in messages[1]["tool_calls"]] == ["a", "b"]
    assert [one["tool_call_id"] for one in messages[2:]] == ["a", "b"]


def test_a_call_that_followed_a_result_stays_behind_it():
    history = [ASK, ("assistant", call("a")), ("tool", result("a")), ("assistant", call("b"))]
    messages = rendered("anthropic", *history, ("tool", result("b")))
    kinds = [[block["type"] for block in one["content"]] for one in messages]
    assert kinds == [["text"], ["tool_use"], ["tool_result"], ["tool_use"], ["tool_result"]]


def test_one_message_may_hold_a_call_its_result_and_what_came_of_it():
    messages = rendered("openai", ASK, ("assistant", call(), result(), Text("Here.")))
    assert [one["role"] for one in messages] == ["user", "assistant", "tool", "assistant"]


def test_what_was_said_between_a_call_and_its_result_comes_after_it():
    messages = rendered("anthropic", ASK, ("assistant", call()), ("user", Text("Well?"), result()))
    assert [block["type"] for block in messages[-1]["content"]] == ["tool_result", "text"]


def test_calls_and_results_without_each_other_are_left_out():
    history = [("user", Text("Where?"), result("x")), ("assistant", Text("Hm."), call("y"))]
    assert rendered("openai", *history) == [
        {"role": "user", "content": "Where?"},
        {"role": "assistant", "content": "Hm."},
    ]


def test_ids_stay_as_stored_or_are_made_to_fit_where_a_provider_demands_it():
    history = [ASK]
    stored = ("a", "a", "functions.get_weather:0", "c" * 99, "")
    for tool_id in stored:
        history += [("assistant", call(tool_id, "look up!")), ("tool", result(tool_id)), ASK]
    openai = [one for one in rendered("openai", *history) if "tool_calls" in one]
    assert [one["tool_calls"][0]["id"] for one in openai] == [*stored[:4], "call"]
    anthropic = [one["content"][0] for one in rendered("anthropic", *history)]
    ids = [block["id"] for block in anthropic if block["type"] == "tool_use"]
    assert ids == ["a", "a_1", "functions_get_weather_0", "c" * 99, "call"]


@pytest.mark.parametrize(
    ("arguments", "read"),
    [
        ('{"order": 17}', {"order": 17}),
        ("", {}),
        ("[1]", {"arguments": [1]}),
        ("{broken", {"arguments": "{broken"}),
    ],
)
def test_anthropic_gets_arguments_as_an_object(arguments, read):
    messages = rendered(
        "anthropic", ASK, ("assistant", call(arguments=arguments)), ("tool", result())
    )
    assert messages[1]["content"][0]["input"] == read


def test_a_conversation_that_the_assistant_begins_is_opened_for_anthropic():
    messages = rendered("anthropic", ("assistant", Text("Welcome! ")))
    assert messages == [
        {"role": "user", "content": [{"type": "text", "text": OPENING}]},
        {"role": "assistant", "content": [{"type": "text", "text": "Welcome!"}]},
    ]


def test_images_are_shown_where_a_provider_takes_them_and_named_elsewhere():
    history = [
        ("user", Text("This?"), PNG),
        ("assistant", PNG),
        ("user", Attachment(url=URL)),
        ("user", Attachment(url="file:a")),
    ]
    openai = rendered("openai", *history)
    assert openai[0]["content"][1] == {
        "type": "image_url",
        "image_url": {"url": "data:image/png;base64,AAAA"},
    }
    assert openai[1]["content"] == "[image]"
    anthropic = rendered("anthropic", *history)
    assert anthropic[0]["content"][1]["source"]["media_type"] == "image/png"
    assert anthropic[1]["content"][0] == {"type": "text", "text": "[image]"}
    assert anthropic[2]["content"][0]["source"] == {"type": "url", "url": URL}
    assert anthropic[2]["content"][1] == {"type": "text", "text": "[image file:a]"}
    assert openai[3]["content"] == "[image file:a]"
    assert rendered("plain", *history)[2]["content"] == f"[image {URL}]"


def test_an_error_of_a_tool_reaches_anthropic_in_words():
    history = [ASK, ("assistant", call()), ("tool", result("a", Text("no"), PNG, is_error=True))]
    [block] = rendered("anthropic", *history)[2]["content"]
    assert block["is_error"] is True
    assert block["content"] == [{"type": "text", "text": "no\n[image]"}]
    assert rendered("openai", *history)[2]["content"] == "no\n[image]"


def test_thoughts_go_back_to_anthropic_alone_and_never_by_themselves():
    thought, sealed = Reasoning("Hm.", "s"), Reasoning(data="x")
    history = [
        ("user", thought, Text("Where?")),
        ("assistant", Reasoning("Unsigned"), thought, sealed, Reasoning(), call()),
        ("tool", result()),
        ("assistant", thought),
    ]
    messages = rendered("anthropic", *history)
    assert messages[0]["content"] == [{"type": "text", "text": "Where?"}]
    assert messages[1]["content"][:2] == [
        {"type": "thinking", "thinking": "Hm.", "signature": "s"},
        {"type": "redacted_thinking", "data": "x"},
    ]
    assert len(rendered("anthropic", *history)) == 3
    assert "thinking" not in str(rendered("openai", *history))


def test_names_reach_the_model_in_every_dialect():
    history = [
        ("user", Text("I like tea.")),
        ("assistant", Text("Noted.")),
        ("user", Text("I like coffee.")),
    ]
    made = turns(*history)
    names = ["Ada Lovelace", "Bot", "Ada_Lovelace"]
    named = [replace(turn, name=name) for turn, name in zip(made, names, strict=True)]

    def sent(dialect, target="any"):
        return render(named, {}, RenderRequest(dialect=dialect, target=target)).messages

    openai = sent("openai")
    assert [one.get("name") for one in openai] == ["Ada_Lovelace", "Bot", None]
    assert openai[2]["content"] == "Ada_Lovelace: I like coffee."
    for dialect in ("anthropic", "responses", "gemini"):
        assert "Ada Lovelace: I like tea." in str(sent(dialect))
        assert "Bot" not in str(sent(dialect)), "there is no other assistant"
    assert [one["name"] for one in sent("plain")] == names
    assert sent("openai", "strict")[0] == {
        "role": "user",
        "content": "Ada Lovelace: I like tea.",
    }
