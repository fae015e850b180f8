"""Rules read messages of any shape."""

from hypothesis import given
from hypothesis import strategies as st

from dialoguedb.formats.provider_rules.rule import SentMessages
from dialoguedb.formats.provider_rules.rules import RULES, findings

KEYS = [
    "role",
    "content",
    "type",
    "text",
    "tool_calls",
    "id",
    "function",
    "name",
    "arguments",
    "tool_call_id",
    "image_url",
    "url",
    "source",
    "media_type",
    "data",
    "tool_use_id",
    "input",
    "thinking",
    "signature",
    "parts",
    "functionCall",
    "functionResponse",
    "args",
    "response",
    "thoughtSignature",
    "call_id",
    "output",
    "summary",
    "is_error",
    "function_call_output",
    "compaction",
]
WORDS = [
    "user",
    "assistant",
    "system",
    "tool",
    "model",
    "text",
    "image_url",
    "tool_use",
    "tool_result",
    "thinking",
    "image",
    "base64",
    "function_call",
    "function_call_output",
    "reasoning",
    "message",
    "input_image",
    "output_text",
    "compaction",
    "server_tool_use",
    "web_search_tool_result",
    "redacted_thinking",
    "file",
    "custom",
]
LEAVES = st.none() | st.booleans() | st.integers() | st.sampled_from(["", *WORDS]) | st.text()
VALUES = st.recursive(
    LEAVES,
    lambda inside: (
        st.lists(inside, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inside, max_size=6)
    ),
    max_leaves=12,
)
MESSAGES = st.lists(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6), max_size=5)


@given(MESSAGES)
def test_messages_of_any_shape_are_read(messages):
    for provider in RULES:
        for _, finding in findings(provider, SentMessages(messages)):
            assert finding.at is None or 0 <= finding.at < len(messages)
            assert finding.problem
