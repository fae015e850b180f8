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
