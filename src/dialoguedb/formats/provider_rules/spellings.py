"""Which spelling a stored value is in, by the types of its parts."""

from collections.abc import Iterable

from dialoguedb.formats.parts import Spelling
from dialoguedb.formats.provider_rules.rule import Json, Provider, dicts, text_of
from dialoguedb.formats.spellings.dispatch import TABLES, find
from dialoguedb.formats.spellings.gemini import DATA_KEYS, SIGNATURE_KEYS
from dialoguedb.formats.turns import speaker_of

_SPELLINGS: dict[Provider, Spelling] = {
    "openai": "openai",
    "mistral": "openai",
    "strict": "openai",
    "anthropic": "anthropic",
    "responses": "responses",
    "gemini": "gemini",
}
_TYPES = {
    spelling: frozenset(one.name for one in table if one.by == "type")
    for spelling, table in TABLES.items()
}
_KNOWN = frozenset().union(*_TYPES.values())
_GEMINI_KEYS = DATA_KEYS.union(SIGNATURE_KEYS) - {"text"}


def is_own(provider: Provider, parts: Iterable[Json]) -> bool:
    """Tell whether parts are in the provider's spelling, or in none that is known.

    What is unknown is for the rules; what another API wrote is converted before they look at it.
    """
    return all(_is_own(provider, part) for part in parts)


def _is_own(provider: Provider, part: Json) -> bool:
    kind = text_of(part, "type")
    if not kind:
        return provider == "gemini" or _GEMINI_KEYS.isdisjoint(part)
    found = find(part)
    if found and found[0] == "openai-agents":  # by names of the API, with members of its own
        return False
    return kind in _TYPES[_SPELLINGS[provider]] or kind not in _KNOWN


def is_message(value: object) -> bool:
    """Tell whether a value is a whole message of a chat API."""
    return isinstance(value, dict) and (
        isinstance(value.get("tool_calls"), list)
        or (isinstance(value.get("role"), str) and ("content" in value or "parts" in value))
    )


def is_of_system(message: Json) -> bool:
    """Tell whether a message is the system's."""
    return speaker_of(text_of(message, "role")) == "system" and "role" in message


def text_in(message: Json) -> str:
    """Return the texts of a message's content, one a line."""
    content = message.get("content", message.get("parts"))
    if isinstance(content, str):
        return content
    return "\n".join(filter(None, (text_of(part, "text") for part in dicts(content))))
