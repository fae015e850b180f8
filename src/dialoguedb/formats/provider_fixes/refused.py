"""What no fix puts right is left out: as little as possible, and texts last of all."""

from collections.abc import Collection

from dialoguedb.formats.provider_fixes.fix import Messages
from dialoguedb.formats.provider_rules.rule import Json, Provider, SentMessages, dicts, text_of
from dialoguedb.formats.provider_rules.rules import findings

_TRIED_MAX = 64
"""Of so many parts at most it is tried which are refused: each time all rules look at a message."""

_TEXT_TYPES = frozenset({"", "text", "input_text", "output_text"})
_LISTS = ("content", "parts", "tool_calls")
_HEAD = ("type", "role", "name")


def parts_of(message: Json) -> list[Json]:
    """Return the parts and calls of a message; of one that has none, the message itself."""
    return [part for key in _LISTS for part in dicts(message.get(key))] or [message]


def without_refused(
    provider: Provider, messages: Messages, broken: Collection[int | None]
) -> tuple[Messages, list[Json]]:
    """Return messages of which the broken ones are less, and what is left out.

    That is the parts without which their neighbours break fewer rules, or else all but the texts,
    or else the message.
    """
    kept: Messages = []
    refused: list[Json] = []
    for index, one in enumerate(messages):
        if not (index in broken or (index == 0 and None in broken)):
            kept.append(one)
            continue
        around = (messages[max(index - 1, 0) : index], messages[index + 1 : index + 2])
        less = _without_refused_parts(provider, one, around) or _texts_of(one)
        if less is not None:
            kept.append(less)
        left = {id(part) for part in parts_of(less)} if less else set()
        refused += [part for part in parts_of(one) if id(part) not in left]
    return kept, refused


def _without_refused_parts(
    provider: Provider, message: Json, around: tuple[Messages, Messages]
) -> Json | None:
    def count(candidate: Json) -> int:
        before, behind = around
        return len([*findings(provider, SentMessages([*before, candidate, *behind]))])

    parts = parts_of(message)
    if len(parts) > _TRIED_MAX:
        return None
    less, problems = message, count(message)
    for part in parts:
        candidate = _without(part, less)
        is_empty = parts_of(candidate) == [candidate]
        if _is_text(part) or is_empty or (found := count(candidate)) >= problems:
            continue
        less, problems = candidate, found
    return None if less is message else less


def _without(part: Json, message: Json) -> Json:
    lists = {key: dicts(message[key]) for key in _LISTS if dicts(message.get(key))}
    left = {key: [one for one in parts if one is not part] for key, parts in lists.items()}
    if not left.get("tool_calls", True):
        del left["tool_calls"]
        message = {key: value for key, value in message.items() if key != "tool_calls"}
    return {**message, **left}


def _texts_of(message: Json) -> Json | None:
    """Return the texts of a message; None when there are none, or nothing else."""
    key = "parts" if "parts" in message else "content"
    content = message.get(key)
    if message.get("role") == "tool" or not isinstance(content, str | list):
        return None
    texts = content if isinstance(content, str) else list(filter(_is_text, dicts(content)))
    is_all = texts == content and message.keys() <= {key, *_HEAD}
    head = {name: message[name] for name in _HEAD if name in message}
    return {**head, key: texts} if texts and not is_all else None


def _is_text(part: Json) -> bool:
    is_text = text_of(part, "type") in _TEXT_TYPES and not part.get("thought")
    return is_text and bool(text_of(part, "text").strip())
