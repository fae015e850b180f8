"""The rules of all providers."""

from collections.abc import Iterator

from dialoguedb.formats.provider_rules import (
    anthropic,
    gemini,
    mistral,
    openai_chat,
    responses,
    strict,
)
from dialoguedb.formats.provider_rules.rule import Finding, Provider, Rule, SentMessages

RULES: dict[Provider, tuple[Rule, ...]] = {
    "openai": openai_chat.RULES,
    "responses": responses.RULES,
    "anthropic": anthropic.RULES,
    "gemini": gemini.RULES,
    "mistral": mistral.RULES,
    "strict": strict.RULES,
}


def findings(provider: Provider, sent: SentMessages) -> Iterator[tuple[Rule, Finding]]:
    """Yield where messages break which rules of a provider."""
    for rule in RULES[provider]:
        for finding in rule.find(sent):
            yield rule, finding
