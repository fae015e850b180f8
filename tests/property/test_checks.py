"""Whatever a history went through, its repair is one that the provider takes."""

from hypothesis import given, settings
from hypothesis import strategies as st

from dialoguedb.formats.provider_rules.rule import SentMessages
from dialoguedb.formats.provider_rules.rules import findings
from dialoguedb.model.checks import PROVIDERS
from dialoguedb.service.checks import in_order, issues_of, repair
from tests.property.test_context import ending_of, histories
from tests.property.windows import CHECKS, sent

ALL = 10**9


@settings(max_examples=300)
@given(histories, st.sampled_from(PROVIDERS))
def test_a_repair_breaks_no_rule(history, provider):
    made = repair(provider, ending_of(history, ALL))
    assert list(findings(provider, SentMessages(made.messages, made.system))) == []
    if provider in CHECKS:
        CHECKS[provider](*sent(made.messages, made.system or None))
    assert not any("in any case" in one.message for one in made.changes)


@settings(max_examples=200)
@given(histories, st.sampled_from(PROVIDERS))
def test_issues_name_messages_in_their_order(history, provider):
    messages = in_order(ending_of(history, ALL))
    order = {message.id: index for index, message in enumerate(messages)}
    named = [one.message_id for one in issues_of(provider, messages)]
    found = [order[one] for one in named if isinstance(one, str)]
    assert found == sorted(found)
