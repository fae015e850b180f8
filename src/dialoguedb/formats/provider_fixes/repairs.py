"""Puts right what the rules find in messages that a writer has written."""

from collections.abc import Sequence

from msgspec import Struct

from dialoguedb.formats.provider_fixes import anthropic, chat, parts_and_items
from dialoguedb.formats.provider_fixes.fix import Fix, Messages
from dialoguedb.formats.provider_fixes.refused import without_refused
from dialoguedb.formats.provider_rules.rule import Json, Provider, SentMessages
from dialoguedb.formats.provider_rules.rules import findings

FIXES: dict[Provider, tuple[Fix, ...]] = {
    "openai": chat.OF_OPENAI,
    "mistral": chat.OF_MISTRAL,
    "strict": chat.OF_STRICT,
    "anthropic": anthropic.FIXES,
    "gemini": parts_and_items.OF_GEMINI,
    "responses": parts_and_items.OF_RESPONSES,
}


class Fixed(Struct, frozen=True):
    """Messages that break no rule, and what was done for it."""

    messages: Messages
    changes: Sequence[str]
    refused: Sequence[Json]
    """What was left out, as no fix puts it right: parts of messages, or whole ones."""


def fix(provider: Provider, messages: Messages) -> Fixed:
    """Return messages in which no rule of the provider finds anything.

    What no fix can put right is left out, texts last of all.
    """
    changes: list[str] = []
    refused: list[Json] = []
    while True:
        for each in FIXES[provider]:
            changed = each.change(messages)
            if changed != messages:
                messages = changed
                changes.append(each.done)
        broken = {found.at for _, found in findings(provider, SentMessages(messages))}
        if not broken:
            return Fixed(messages, list(dict.fromkeys(changes)), refused)
        messages, left_out = without_refused(provider, messages, broken)
        refused += left_out
