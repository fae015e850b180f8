"""What other programs store by names of an API is converted before its rules look at it."""

from typing import Any

import pytest

from dialoguedb.formats.provider_rules.rules import findings
from dialoguedb.formats.provider_rules.stored import as_sent
from tests.unit.test_formats_turns import message

CALLED = {"name": "get", "arguments": "{}"}
ITEM = {"callId": "c1", "name": "get", "status": "completed"}
STORED: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "ag-ui": [
        (
            "assistant",
            {
                "id": "m1",
                "role": "assistant",
                "content": "I look.",
                "toolCalls": [{"id": "c1", "type": "function", "function": CALLED}],
            },
        ),
        ("tool", {"id": "m2", "role": "tool", "toolCallId": "c1", "content": "20"}),
    ],
    "openai agents, in JavaScript": [
        ("assistant", {**ITEM, "type": "function_call", "id": "fc_1", "arguments": "{}"}),
        (
            "tool",
            {**ITEM, "type": "function_call_result", "output": {"type": "text", "text": "20"}},
        ),
    ],
}


@pytest.mark.parametrize("provider", ["openai", "responses", "anthropic"])
@pytest.mark.parametrize("history", STORED.values(), ids=STORED)
def test_calls_of_others_break_no_rule(history, provider):
    stored = [message("Where?"), *(message(content, role) for role, content in history)]
    assert not [found for _, found in findings(provider, as_sent(provider, stored).sent)]
