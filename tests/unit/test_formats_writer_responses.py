"""Windows for OpenAI's Responses API."""

import json
from typing import Any

import pytest

from dialoguedb.formats import convert
from dialoguedb.formats.parts import Attachment, Other, Reasoning, Text
from dialoguedb.formats.provider_rules.responses import ITEMS, reasoning_is_followed
from dialoguedb.formats.provider_rules.rule import SentMessages
from dialoguedb.formats.provider_rules.rules import findings
from dialoguedb.formats.turns import parse_turn
from dialoguedb.formats.writers.responses_items import fit_item
from tests.unit.rendering import ASK, call, messages, native, result, windowed
from tests.unit.test_formats_turns import message

THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "RU5D"}
CALL: dict[str, Any] = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "a",
    "name": "track",
    "arguments": "{}",
}
ANSWER: dict[str, Any] = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "content": [{"type": "output_text", "text": "Here.", "annotations": []}],
}
reasoning = Reasoning(native=native("responses", **THOUGHT))
called = call(arguments="{}", native=native("responses", **CALL))


def test_items_go_back_as_they_were():
    message = native("responses", **ANSWER)
    sent = messages(
        "responses",
        ASK,
        ("assistant", reasoning),
        ("assistant", called),
        ("tool", result()),
        ("assistant", reasoning),
        ("assistant", Text("Here.", message), Text("And there.", message)),
    )
    assert sent[1:3] == [THOUGHT, CALL]
    assert sent[4:] == [THOUGHT, ANSWER]


def test_reasoning_goes_with_the_item_behind_it_or_not_at_all():
    window = windowed("responses", ASK, ("assistant", reasoning), ("assistant", called), ASK)
    assert [one["role"] for one in window.messages] == ["user", "user"]
    assert sorted(one.kind for one in window.losses) == ["call", "signed-thought"]
    answered = [ASK, ("assistant", reasoning, Text("Not its own."))]
    assert [one.get("type") for one in messages("responses", *answered)] == [None, None]


@pytest.mark.parametrize("kind", sorted(ITEMS - {"message", "reasoning"}))
def test_reasoning_stands_before_all_items_that_the_rule_allows_and_no_other(kind):
    item = {"type": kind, "id": "x_1", "call_id": "a", "name": "track", "arguments": "{}"}
    history: list[dict[str, Any]] = [{"role": "user", "content": "Where?"}, THOUGHT, item]
    made = convert(history, "auto", "responses").messages
    allowed = not any(reasoning_is_followed(SentMessages(history)))
    assert [one.get("type") for one in made][1:] == ["reasoning", kind][not allowed :]


@pytest.mark.parametrize("kind", ["summary_text", "reasoning_text"])
def test_what_is_a_part_of_reasoning_is_no_item(kind):
    part = {"type": kind, "text": "I look."}
    made = convert([{"role": "assistant", "content": [part, "So."]}], "auto", "responses")
    assert made.messages == [{"role": "assistant", "content": "So."}]
    assert [one.kind for one in made.losses] == ["thought"]


def test_what_is_left_of_a_broken_answer_has_no_ids_that_demand_its_reasoning():
    other = {**CALL, "id": "fc_2", "call_id": "b"}
    sent = messages(
        "responses",
        ASK,
        ("assistant", reasoning),
        ("assistant", called),
        ("assistant", call("b", arguments="{}", native=native("responses", **other))),
        ("tool", result("a")),
    )
    assert sent[1] == {
        "type": "function_call",
        "call_id": "a",
        "name": "track",
        "arguments": "{}",
    }


def test_an_item_that_has_its_result_goes_back_once():
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {}}
    shared = native("responses", **search)
    searched = call("ws_1", "web_search", kind="server", native=shared)
    found = result("ws_1", Text("https://e.com"), kind="server", native=shared)
    assert messages("responses", ASK, ("assistant", searched, found))[1:] == [search]
    compaction = {"type": "compaction", "encrypted_content": "RU5D"}
    kept = Other("compaction", native=native("responses", **compaction))
    assert messages("responses", ("assistant", kept), ASK)[0] == compaction


def test_messages_of_other_apis_are_items_of_its_own():
    picture = Attachment(media_type="image/png", data="AAAA")
    code = call("c", "run", "print(1)", kind="custom")
    sent = messages(
        "responses",
        ("user", Text("This?"), picture),
        ("assistant", Text("I look."), call(), code),
        ("tool", result("a", Text("here"), picture)),
        ("tool", result("c")),
        system="Be kind.",
    )
    assert sent[0]["content"][1] == {
        "type": "input_image",
        "detail": "auto",
        "image_url": "data:image/png;base64,AAAA",
    }
    assert [one.get("type") for one in sent] == [
        *(None, None, "function_call", "custom_tool_call"),
        *("function_call_output", "custom_tool_call_output"),
    ]
    assert [part["type"] for part in sent[4]["output"]] == ["input_text", "input_image"]


def test_the_instructions_are_apart():
    window = windowed("responses", ASK, system="Be kind.")
    assert window.system == "Be kind."
    assert window.messages == [{"role": "user", "content": "Where?"}]


def test_members_that_are_null_are_left_out():
    dumped = {**CALL, "status": None, "namespace": None}
    sent = messages(
        "responses",
        ASK,
        ("assistant", call(arguments="{}", native=native("responses", **dumped))),
        ("tool", result()),
    )
    assert sent[1] == CALL


OUTPUT: dict[str, Any] = {"type": "function_call_output", "call_id": "a", "output": "here"}
CUSTOM: dict[str, Any] = {
    "type": "custom_tool_call",
    "id": "ctc_1",
    "call_id": "a",
    "name": "run",
    "input": "ls",
}
CUSTOM_OUTPUT: dict[str, Any] = {**OUTPUT, "type": "custom_tool_call_output"}
FAKE = "__fake_id__"
LONG = "call_" + "x" * 80
ODD: dict[str, list[dict[str, Any]]] = {
    "ids of no model of OpenAI": [
        {**THOUGHT, "id": FAKE},
        {**CALL, "id": FAKE},
        OUTPUT,
        {**ANSWER, "id": FAKE},
    ],
    "items of the Realtime API": [
        {**CALL, "id": "item_2", "object": "realtime.item", "status": "completed"},
        {**OUTPUT, "id": "item_3", "object": "realtime.item"},
        {**ANSWER, "id": "item_4", "object": "realtime.item"},
    ],
    "members that other programs add": [
        {**CALL, "timestamp": 7, "providerData": {}, "cwd": "/"},
        {**OUTPUT, "timestamp": 7, "id": "fco_1"},
        {**ANSWER, "timestamp": 7, "content": [{**ANSWER["content"][0], "providerData": {}}]},
    ],
    "ids that are too long": [{**CALL, "call_id": LONG}, {**OUTPUT, "call_id": LONG, "id": LONG}],
    "a name with a space": [{**CALL, "name": "find it"}, OUTPUT],
    "a name of a custom tool with a space": [{**CUSTOM, "name": "run it"}, CUSTOM_OUTPUT],
    "no name": [{"type": "function_call", "call_id": "a", "arguments": "{}"}, OUTPUT],
    "arguments that are an object": [{**CALL, "arguments": {"of": "it"}}, OUTPUT],
    "no arguments": [{"type": "function_call", "id": "fc_1", "call_id": "a", "name": "f"}, OUTPUT],
    "an input that is an object": [{**CUSTOM, "input": {"of": "it"}}, CUSTOM_OUTPUT],
    **{
        f"{of['type']}: {output!r:.50}": [call, {**of, "output": output, "id": "fco_1"}]
        for call, of in ((CALL, OUTPUT), (CUSTOM, CUSTOM_OUTPUT))
        for output in (
            {"type": "text", "text": "here"},
            {"degrees": 4},
            [{"type": "text", "text": "here"}, {"type": "image", "image": "file:///a.png"}],
            [{"type": "output_text", "text": "here"}],
            [{"type": "input_image", "image_url": "file:///a.png"}],
            [{"type": "input_image", "image": "https://e.com/a.png", "providerData": {}}],
            [{"type": "input_text", "text": "here", "providerData": {}}],
            None,
            7,
        )
    },
}
FOREIGN = {"object", "timestamp", "providerData", "cwd", "image"}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_items_that_the_api_would_refuse_are_made_fit(odd):
    ask = {"role": "user", "content": "Where?"}
    made = convert([ask, *odd], "auto", "responses").messages
    assert not list(findings("responses", SentMessages(made)))
    kept = [one for one in odd if not (one["type"] == "reasoning" and one["id"] == FAKE)]
    assert [one.get("type") for one in made[1:]] == [one["type"] for one in kept]
    text = json.dumps(made)
    assert not [key for key in FOREIGN if f'"{key}"' in text]
    assert f'"{FAKE}' not in text
    assert '"item_' not in text


def test_what_an_item_tells_is_kept_when_it_is_made_fit():
    odd = [{**CALL, "arguments": {"of": "it"}}, {**OUTPUT, "output": {"degrees": 4}, "id": "fco_1"}]
    sent = convert(odd, "auto", "responses").messages
    assert sent[0]["arguments"] == '{"of": "it"}'
    assert sent[1] == {**OUTPUT, "id": "fco_1", "output": '{"degrees": 4}'}


SHELL = {"type": "shell_call", "call_id": "a", "action": {"commands": ["ls"]}}
SHELL_OUTPUT = {"type": "shell_call_output", "call_id": "a", "output": [{"stdout": "here"}]}
TOOL = {"role": "tool", "tool_call_id": "a", "content": "here"}


@pytest.mark.parametrize("output", [OUTPUT, CUSTOM_OUTPUT, SHELL_OUTPUT, TOOL])
@pytest.mark.parametrize("calling", [CALL, CUSTOM, SHELL])
def test_a_call_has_an_output_of_its_own_type(calling, output):
    made = convert(
        [{"role": "user", "content": "Where?"}, calling, output], "auto", "responses"
    ).messages
    assert not list(findings("responses", SentMessages(made)))
    if output["type" if "type" in output else "role"] == f"{calling['type']}_output":
        assert made[1:] == [calling, output]
    else:
        assert made[2]["output"] == "here"


def test_what_is_left_of_a_broken_answer_keeps_its_types():
    shell = {**SHELL, "id": "sh_1"}
    other = {**CALL, "call_id": "b"}
    window = messages(
        "responses",
        ASK,
        ("assistant", call("a", "shell", native=native("responses", **shell))),
        ("assistant", call("b", native=native("responses", **other))),
        ("tool", result("a", native=native("responses", **SHELL_OUTPUT))),
    )
    assert window[1:] == [SHELL, SHELL_OUTPUT]


def test_a_thought_goes_back_without_members_of_others_and_without_an_empty_id():
    raw = [{"type": "reasoning_text", "text": "raw", "providerData": {"a": 1}}]
    item = {"type": "reasoning", "id": "", "encrypted_content": "c2Vj", "content": raw}
    (thought,) = parse_turn(message(item, "assistant")).parts
    assert fit_item(thought, item) == {
        "type": "reasoning",
        "encrypted_content": "c2Vj",
        "content": [{"type": "reasoning_text", "text": "raw"}],
        "summary": [],
    }
