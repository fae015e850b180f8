"""Whatever is stored, its repair is what the packages of the provider accept."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialoguedb.formats.provider_rules.rule import SentMessages
from dialoguedb.formats.provider_rules.rules import findings
from dialoguedb.model.checks import PROVIDERS
from dialoguedb.service.checks import repair
from tests.formats import packages
from tests.property.test_context import ending_of, histories

READERS = {
    "openai": packages.openai_chat,
    "responses": packages.openai_responses,
    "anthropic": packages.anthropic,
    "gemini": packages.google_genai,
    "strict": packages.openai_chat,
}
ALL = 10**9


def read_by(provider, messages):
    """Have messages read by the packages of a provider."""
    assert list(findings(provider, SentMessages(messages))) == []
    if provider != "mistral":
        READERS[provider](messages)
        return
    for version in packages.MISTRAL_VERSIONS if messages else ():
        shows = any(isinstance(message["content"], list) for message in messages)
        if not (shows and version.value in {"v1", "v2"}):
            packages.mistral(messages, version)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_sample_is_repaired_for_every_provider(source, sample, provider):
    read_by(provider, source.repair(sample.name, provider)["messages"])


@settings(max_examples=300, deadline=None)
@given(histories, st.sampled_from(PROVIDERS))
def test_any_history_is_repaired_for_every_provider(history, provider):
    read_by(provider, repair(provider, ending_of(history, ALL)).messages)


CALL = {"id": "aaaaaaaaa", "type": "function", "function": {"name": "find", "arguments": "{}"}}
ANY_CALL = st.sampled_from([CALL, {**CALL, "id": "bbbbbbbbb"}, {**CALL, "id": "call_1"}])
TEXT = st.sampled_from(["Yes.", "", None])
CHAT = st.lists(
    st.builds(lambda text: {"role": "user", "content": text}, TEXT)
    | st.builds(lambda text: {"role": "system", "content": text}, TEXT)
    | st.builds(lambda text: {"role": "assistant", "content": text}, TEXT)
    | st.builds(
        lambda text, calls: {"role": "assistant", "content": text, "tool_calls": calls},
        TEXT,
        st.lists(ANY_CALL, min_size=1, max_size=2),
    )
    | st.builds(
        lambda call, text: {"role": "tool", "tool_call_id": call["id"], "content": text},
        ANY_CALL,
        st.sampled_from(["3 parcels", ""]),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=500, deadline=None)
@given(CHAT)
def test_what_breaks_no_rule_of_mistral_every_version_of_its_validator_takes(messages):
    if list(findings("mistral", SentMessages(messages))):
        return
    for version in packages.MISTRAL_VERSIONS:
        packages.mistral(messages, version)
