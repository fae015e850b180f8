"""Which spelling a stored value is in, by the types of its parts."""

from collections.abc import Iterable

from dialoguedb.formats.provider_rules import anthropic_blocks, responses
from dialoguedb.formats.provider_rules.rule import Json, Provider, dicts, text_of
from dialoguedb.formats.turns import speaker_of

_CHAT = frozenset({"text", "image_url", "input_audio", "file", "refusal"})
_ANTHROPIC = (
    anthropic_blocks.OF_USERS | anthropic_blocks.OF_ASSISTANTS | anthropic_blocks.IN_RESULTS
)
_RESPONSES = responses.ITEMS | {
    "input_text",
    "input_image",
    "input_file",
    "output_text",
    "summary_text",
    "reasoning_text",
    "refusal",
}
_OF_FRAMEWORKS = frozenset(
    {
        "tool-call",
        "tool-result",
        "tool_call",
        "dynamic-tool",
        "step-start",
        "source-url",
        "image",
        "resource",
        "resource_link",
        "media",
        "binary",
    }
)
_GEMINI_KEYS = frozenset(
    {"functionCall", "functionResponse", "function_call", "function_response", "inlineData"}
    | {"inline_data", "fileData", "file_data", "executableCode", "executable_code"}
    | {"codeExecutionResult", "code_execution_result", "thoughtSignature", "thought_signature"}
)
_ALL = _CHAT | _ANTHROPIC | _RESPONSES | _OF_FRAMEWORKS
_OWN: dict[Provider, frozenset[str]] = {
    "openai": _CHAT,
    "mistral": _CHAT,
    "strict": _CHAT,
    "anthropic": _ANTHROPIC,
    "responses": _RESPONSES,
    "gemini": frozenset(),
}


def is_own(provider: Provider, parts: Iterable[Json]) -> bool:
    """Tell whether parts are in the provider's spelling, or in none that is known.

    What is unknown is for the rules; what another API wrote is converted before they look at it.
    """
    return all(_is_own(provider, part) for part in parts)


def _is_own(provider: Provider, part: Json) -> bool:
    kind = text_of(part, "type")
    if not kind:
        return provider == "gemini" or _GEMINI_KEYS.isdisjoint(part)
    if provider == "anthropic" and kind.endswith("_tool_result"):
        return True
    return kind in _OWN[provider] or kind not in _ALL


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
