"""Whatever a history went through, a window of it breaks no rule of its provider."""

from collections import Counter

import pytest
from hypothesis import given, settings

from dialoguedb.formats.dialects import RenderRequest, render
from dialoguedb.formats.provider_rules.anthropic import thinking_begins_the_turn
from dialoguedb.formats.provider_rules.mistral import thoughts_are_left_out
from dialoguedb.formats.provider_rules.openai_chat import call_ids_are_short
from dialoguedb.formats.provider_rules.rule import SentMessages
from dialoguedb.formats.provider_rules.rules import findings
from dialoguedb.formats.tool_links import ToolLinker
from dialoguedb.formats.turns import parse_turn
from tests.property.test_context import histories, message

NOT_KEPT = {call_ids_are_short, thinking_begins_the_turn, thoughts_are_left_out}
"""Ids go back as they were stored, no window makes up thoughts, and templates are shown them."""

DIALECTS = [
    ("openai", "any", "openai"),
    ("openai", "strict", "strict"),
    ("openai", "no-system", "strict"),
    ("openai", "strict", "mistral"),
    ("plain", "strict", "strict"),
    ("responses", "any", "responses"),
    ("anthropic", "any", "anthropic"),
    ("gemini", "any", "gemini"),
]
"""A dialect and a target, and whose rules hold."""


def window_of(history, **request):
    made = [parse_turn(message(seq, *one)) for seq, one in enumerate(history, 1)]
    made = [turn for turn in made if turn.speaker != "system"]
    links = ToolLinker()
    for turn in made:
        links.add(turn)
    links.finish()
    return made, render(made, links.pairs, RenderRequest(system="Be kind.", **request))


@pytest.mark.parametrize("unanswered", ["drop", "error"])
@pytest.mark.parametrize(("dialect", "target", "provider"), DIALECTS)
@settings(max_examples=40, deadline=None)
@given(histories)
def test_a_window_breaks_no_rule(dialect, target, provider, unanswered, history):
    _, window = window_of(history, dialect=dialect, target=target, unanswered=unanswered)
    broken = [
        (rule.code, finding.problem)
        for rule, finding in findings(provider, SentMessages(window.messages, window.system))
        if rule.find not in NOT_KEPT and not _has_attachment(window.messages[finding.at])
    ]
    assert broken == []


def _has_attachment(message):
    """Tell whether a message has parts besides text, which not every template takes."""
    content = message.get("content")
    return "role" in message and isinstance(content, list) and "image_url" in str(content)


@settings(max_examples=100, deadline=None)
@given(histories)
def test_a_strict_window_holds_the_texts_of_any_other(history):
    def words(target):
        _, window = window_of(history, dialect="openai", target=target)
        texts = []
        for one in window.messages:
            content = one["content"]
            parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
            texts += [part["text"] for part in parts if part["type"] == "text"]
        spoken = "\n".join(texts).replace("Ada Lovelace: ", "")
        return Counter(line for line in spoken.split("\n") if line.strip())

    assert not words("any") - words("strict")
