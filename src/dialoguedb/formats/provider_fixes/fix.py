"""A fix: what is done about a rule that written messages would break."""

from collections.abc import Callable, Iterable

from msgspec import Struct

from dialoguedb.formats.provider_rules.rule import Json, dicts

Messages = list[Json]


class Fix(Struct, frozen=True):
    """One way to put messages right."""

    change: Callable[[Messages], Messages]
    """Returns messages without what a rule refuses, equal ones where nothing is to be done."""

    done: str
    """What has been done, in one sentence."""


def with_content(messages: Messages, change: Callable[[Json], Iterable[Json]]) -> Messages:
    """Return messages with each part of their content replaced by some."""
    return [
        {**one, "content": [new for part in dicts(one["content"]) for new in change(part)]}
        if isinstance(one.get("content"), list)
        else one
        for one in messages
    ]


def begun_by_user(opening: Json) -> Fix:
    """Return the fix of messages that the model begins: a user's message stands before them."""

    def begun(messages: Messages) -> Messages:
        at = 1 if messages and messages[0].get("role") == "system" else 0
        spoken = messages[at : at + 1]
        if not spoken or spoken[0].get("role") == "user":
            return messages
        return [*messages[:at], opening, *messages[at:]]

    return Fix(begun, "A user's message begins the conversation.")
