"""Parts of Gemini, whatever stands beside their data."""

import json

import pytest

from dialoguedb.formats.parts import Attachment, Reasoning, Text, ToolCall, ToolResult
from dialoguedb.formats.turns import parse_parts

DATA = [
    ({"text": "Hello"}, Text),
    ({"functionCall": {"name": "lamp", "args": {}}}, ToolCall),
    ({"function_call": {"name": "lamp", "args": {}}}, ToolCall),
    ({"functionResponse": {"name": "lamp", "response": {"result": "on"}}}, ToolResult),
    ({"inlineData": {"mimeType": "image/png", "data": "AAAA"}}, Attachment),
    ({"fileData": {"mimeType": "image/png", "fileUri": "https://a.example/b"}}, Attachment),
    ({"executableCode": {"language": "PYTHON", "code": "1"}}, ToolCall),
    ({"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}}, ToolResult),
]


@pytest.mark.parametrize("signature", ["thoughtSignature", "thought_signature"])
@pytest.mark.parametrize(("data", "kind"), DATA)
def test_a_signature_beside_data_changes_nothing_of_it(data, kind, signature):
    content = {"role": "model", "parts": [{**data, signature: "c2ln"}]}
    _, parts = parse_parts("model", json.dumps(content).encode(), b"{}")
    assert [type(part) for part in parts] == [kind]


def test_a_signature_alone_is_a_thought():
    content = {"role": "model", "parts": [{"thoughtSignature": "c2ln"}]}
    _, parts = parse_parts("model", json.dumps(content).encode(), b"{}")
    assert [type(part) for part in parts] == [Reasoning]
