"""The tokens of a window are those of the texts in it, whatever they were stored as."""

import json
from itertools import chain

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from dialoguedb.formats.tokens import MESSAGE_TOKENS, TOOL_TOKENS
from dialoguedb.service.context_window.builder import ContextBuilder
from dialoguedb.service.context_window.history import History
from dialoguedb.service.context_window.shown_tokens import ShownTokens
from tests.property.test_context import (
    context_request,
    count,
    ending_of,
    exchanges,
    is_of_system,
    words,
)
from tests.property.windows import CHECKS


def talk():
    role = st.sampled_from(["user", "assistant", "Ada", "system", "developer"])
    return st.tuples(role, words(), st.just({})).map(lambda one: [one])


def has_image(made):
    return "iVBORw0KGgo" in json.dumps(made)


def of_chat(message):
    """The texts of a message of OpenAI or of plain text; a result counts as a call does."""
    content = message.get("content") or ""
    parts = [content] if isinstance(content, str) else [part["text"] for part in content]
    calls = [call["function"] for call in message.get("tool_calls", [])]
    tools = len(calls) + (message["role"] == "tool" and "tool_call_id" in message)
    texts = [*parts, message.get("name", "")]
    texts += chain.from_iterable((call["name"], call["arguments"]) for call in calls)
    return sum(map(count, texts)) + TOOL_TOKENS * tools


def of_responses(item):
    if item.get("type") == "function_call":
        return TOOL_TOKENS + count(item["name"]) + count(item["arguments"])
    if item.get("type") == "function_call_output":
        return TOOL_TOKENS + count(item["output"])
    return of_chat(item)


def of_anthropic(message):
    return sum(map(of_block, message["content"]))


def of_block(block):
    match block["type"]:
        case "text":
            return count(block["text"])
        case "tool_use":
            written = json.dumps(block["input"], ensure_ascii=False)
            return TOOL_TOKENS + count(block["name"]) + count(written)
        case "tool_result":
            return TOOL_TOKENS + sum(map(of_block, block["content"]))
        case "thinking":
            return count(block["thinking"])
    return 0


def of_gemini(content):
    total = 0
    for part in content["parts"]:
        if called := part.get("functionCall"):
            written = json.dumps(called["args"], ensure_ascii=False)
            total += TOOL_TOKENS + count(called["name"]) + count(written)
        elif answered := part.get("functionResponse"):
            written = json.dumps(answered["response"], ensure_ascii=False)
            total += TOOL_TOKENS + count(answered["name"]) + count(written)
        else:
            total += count(part.get("text", ""))
    return total


COUNTS = {
    "openai": of_chat,
    "plain": of_chat,
    "responses": of_responses,
    "anthropic": of_anthropic,
    "gemini": of_gemini,
}


@settings(max_examples=300, deadline=None)
@given(
    st.lists(exchanges() | talk(), max_size=8).map(lambda made: [*chain(*made)]),
    st.sampled_from(sorted(COUNTS)),
)
def test_a_window_takes_what_its_texts_take(history, dialect):
    assert COUNTS.keys() == CHECKS.keys()
    request, ending = context_request(100_000, dialect), ending_of(history, 100_000)
    spoken = [one for one in ending.messages if not is_of_system(one)]
    read = History.of(spoken, whole=ending.whole)
    made = ContextBuilder(request, ending, read, ShownTokens(request, count), count).build()
    if has_image(made.messages):
        return
    expected = sum(MESSAGE_TOKENS + COUNTS[dialect](one) for one in made.messages)
    if made.system is not UNSET:
        expected += MESSAGE_TOKENS + count(made.system)
    assert abs(made.tokens.total - expected) <= 0.02 * expected
