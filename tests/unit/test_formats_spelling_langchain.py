"""LangChain's messages as models of other APIs stream them: calls in pieces, thoughts of Bedrock.

The shapes are those that langchain-anthropic 1.x, @langchain/anthropic and langchain-aws merge from
what they stream.
"""

from typing import Any

import pytest

from dialoguedb.formats.parts import Reasoning, Text, ToolCall
from tests.unit.rendering import ASK, messages, result
from tests.unit.test_formats_turns import parts

OSLO = '{"city": "Oslo"}'
LISTED = {"name": "w", "args": {"city": "Oslo"}, "id": "t1", "type": "tool_call"}
BLOCK = {"type": "tool_use", "id": "t1", "name": "w", "input": {}, "index": 1}
PIECE = {"type": "input_json_delta", "index": 1}
TEXT = {"type": "text", "text": "I look.", "index": 0}
CONTENTS: dict[str, list[dict[str, Any]]] = {
    "merged": [TEXT, {**BLOCK, "partial_json": OSLO}],
    "merged, with an empty input": [TEXT, {**BLOCK, "input": "", "partial_json": OSLO}],
    "merged in JavaScript": [TEXT, {**BLOCK, "input": OSLO}],
    "merged under the type of a piece": [TEXT, {**BLOCK, **PIECE, "input": OSLO}],
    "pieces behind their call": [
        TEXT,
        BLOCK,
        {**PIECE, "partial_json": '{"city": '},
        {**PIECE, "input": '"Oslo"}'},
    ],
}
FORMS = {
    "flat": lambda message: {"type": "ai", **message},
    "chunk": lambda message: {"type": "AIMessageChunk", **message},
    "in data": lambda message: {"type": "ai", "data": message},
    "serialized": lambda message: {
        "lc": 1,
        "type": "constructor",
        "id": ["langchain", "schema", "messages", "AIMessageChunk"],
        "kwargs": message,
    },
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("listed", [[LISTED], []], ids=["listed", "in its block alone"])
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_a_streamed_call_has_its_arguments(content, listed, form):
    read = parts(form({"content": content, "tool_calls": listed}), "assistant")
    assert read == [Text("I look."), ToolCall("t1", "w", OSLO)]


def test_a_listed_call_has_what_the_list_says():
    content = [{**BLOCK, "partial_json": '{"city": "Ber'}]
    message = {"type": "ai", "content": content, "tool_calls": [LISTED]}
    assert parts(message, "assistant") == [ToolCall("t1", "w", OSLO)]
    listed = {**LISTED, "args": '{"city": "Ber', "type": "invalid_tool_call", "error": None}
    message = {"type": "ai", "content": content, "invalid_tool_calls": [listed]}
    assert parts(message, "assistant") == [ToolCall("t1", "w", '{"city": "Ber')]


def test_a_streamed_call_without_arguments_has_none():
    message = {"type": "ai", "content": [{**BLOCK, "partial_json": ""}]}
    assert parts(message, "assistant") == [ToolCall("t1", "w", "{}")]


def test_a_streamed_call_that_the_provider_runs_goes_back_whole():
    block = {**BLOCK, "type": "server_tool_use", "partial_json": OSLO}
    (read,) = parts([block], "assistant")
    assert isinstance(read, ToolCall)
    assert (read.kind, read.arguments) == ("server", OSLO)


def test_a_streamed_call_goes_back_as_the_provider_takes_it():
    caller = {"type": "direct"}
    content = [{**BLOCK, "partial_json": OSLO, "caller": caller}]
    read = parts({"type": "ai", "content": content, "tool_calls": []}, "assistant")
    block = messages("anthropic", ASK, ("assistant", *read), ("tool", result("t1")))[1]["content"]
    assert block[0]["input"] == {"city": "Oslo"}
    assert block[0].keys() <= {"type", "id", "name", "input", "caller"}


@pytest.mark.parametrize(
    ("inner", "read"),
    [
        ({"text": "Hm.", "signature": "c2ln"}, Reasoning("Hm.", "c2ln")),
        ({"reasoning_text": {"text": "Hm.", "signature": "c2ln"}}, Reasoning("Hm.", "c2ln")),
        ({"redacted_content": "AAAA"}, Reasoning(data="AAAA")),
        ("Hm.", Reasoning("Hm.")),
    ],
)
def test_a_thought_of_bedrock_is_one(inner, read):
    block = {"type": "reasoning_content", "reasoning_content": inner}
    message = {"type": "ai", "content": [{**block, "index": 0}, TEXT]}
    assert parts(message, "assistant") == [read, Text("I look.")]
    text = {"type": "reasoning_content", "text": "Hm."}
    assert parts([text], "assistant") == [Reasoning("Hm.")]


@pytest.mark.parametrize("index", [[1], {"a": 1}, None, "1"])
def test_a_piece_of_no_call_says_nothing(index):
    piece = {"type": "input_json_delta", "index": index, "partial_json": "x"}
    assert parts({"type": "ai", "data": {"content": [piece, {"type": "text", "text": "Hi"}]}}) == [
        Text("Hi")
    ]
