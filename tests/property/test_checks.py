"""Whatever a history went through, its repair is one that the provider takes."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dialoguedb.formats.provider_rules.rule import SentMessages
from dialoguedb.formats.provider_rules.rules import findings
from dialoguedb.model.checks import PROVIDERS
from dialoguedb.service.checks import in_order, issues_of, repair
from tests.property.test_context import ending_of, histories
from tests.property.windows import CHECKS, sent

ALL = 10**9
TEXT = "Where is my order?"
REFUSED: list[dict[str, Any]] = [
    {"type": "text", "text": TEXT},
    {"type": "compaction", "content": ""},
    {"type": "tool_addition"},
    {"type": "fallback"},
    {"type": "thinking", "thinking": "Hm.", "signature": "s"},
    {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
    {"type": "web_search_tool_result", "tool_use_id": "s", "content": []},
    {"type": "tool_use", "id": "a", "name": "21 find", "input": "x"},
    {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "compaction"}]},
    {"type": "computer_call", "call_id": "a", "id": "c", "action": {}},
    {"type": "computer_call_output", "call_id": "a", "output": {}},
    {"functionCall": {"name": "7", "args": [1]}},
    {"functionResponse": {"name": "7", "response": "x"}},
    {"executableCode": {}},
]
"""Parts that some provider refuses, alone or where they stand."""

refused: st.SearchStrategy[list[Any]] = st.lists(
    st.tuples(
        st.sampled_from(["user", "assistant"]),
        st.lists(st.sampled_from(REFUSED), min_size=1, max_size=3),
        st.just({}),
    ),
    max_size=6,
)


@settings(max_examples=300)
@given(histories, st.sampled_from(PROVIDERS))
def test_a_repair_breaks_no_rule(history, provider):
    made = repair(provider, ending_of(history, ALL))
    assert list(findings(provider, SentMessages(made.messages, made.system))) == []
    if provider in CHECKS:
        CHECKS[provider](*sent(made.messages, made.system or None))
    assert not any("in any case" in one.message for one in made.changes)


@settings(max_examples=300)
@given(refused, st.sampled_from(PROVIDERS))
def test_a_repair_loses_no_text_and_names_what_it_leaves_out(history, provider):
    made = repair(provider, ending_of(history, ALL))
    assert list(findings(provider, SentMessages(made.messages, made.system))) == []
    count = sum(parts.count(REFUSED[0]) for _, parts, _ in history)
    assert json.dumps(made.messages).count(TEXT) == count
    assert all(one.message_id for one in made.changes if "in any case" in one.message)


@settings(max_examples=200)
@given(histories, st.sampled_from(PROVIDERS))
def test_issues_name_messages_in_their_order(history, provider):
    messages = in_order(ending_of(history, ALL))
    order = {message.id: index for index, message in enumerate(messages)}
    named = [one.message_id for one in issues_of(provider, messages)]
    found = [order[one] for one in named if isinstance(one, str)]
    assert found == sorted(found)
