"""Gemini's signatures of thoughts, wherever programs that talk to it keep them."""

from collections.abc import Iterator, Sequence
from typing import Any

from dialoguedb.formats.parts import Native, Spelling, Text, ToolCall
from dialoguedb.formats.spellings.gemini import SIGNATURE_KEYS

Json = dict[str, Any]

_IN_ID = "__thought__"
"""What parts an id from the signature behind it, as LiteLLM writes ids."""

_CHAT = (
    "extra_content.google.thought_signature",
    "provider_specific_fields.thought_signature",
    "function.provider_specific_fields.thought_signature",
)
_METADATA = ("callProviderMetadata", "providerMetadata", "providerOptions", "providerData")
_PROVIDERS = ("google", "vertex", "googleVertex", "gateway")
_SDK = tuple(f"{key}.{name}.thoughtSignature" for key in _METADATA for name in _PROVIDERS)
_PATHS: dict[Spelling, Sequence[str]] = {
    "gemini": SIGNATURE_KEYS,
    "openai": _CHAT,
    "langchain": ("extras.signature", *_CHAT),
    "responses": ("provider_data.thought_signature",),
    "ui-message": _SDK,
    "model-message": _SDK,
    "pydantic-ai": ("provider_details.thought_signature", "provider_details.thoughtSignature"),
}


def signature_of(part: Text | ToolCall) -> str:
    """Return the signature that Gemini gave to a text or a call; empty when it has none."""
    native = part.native
    found = next(_signatures(native), "") if native is not None else ""
    if not found and isinstance(part, ToolCall):
        found = part.id.partition(_IN_ID)[2]
    return found


def without_signatures(native: Native) -> Json:
    """Return an object without what its signatures alone stand in."""
    value = native.value
    for path in _PATHS.get(native.spelling, ()):
        value = _without(value, path.split("."))
    return value


def _signatures(native: Native) -> Iterator[str]:
    for path in _PATHS.get(native.spelling, ()):
        value: Any = native.value
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str) and value:
            yield value


def _without(value: Json, path: Sequence[str]) -> Json:
    inner = value.get(path[0])
    rest = {key: item for key, item in value.items() if key != path[0]}
    if len(path) == 1 or not isinstance(inner, dict):
        return rest if isinstance(inner, str) else value
    left = _without(inner, path[1:])
    return {**rest, path[0]: left} if left else rest
