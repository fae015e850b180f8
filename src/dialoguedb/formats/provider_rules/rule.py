"""A rule of a provider, and the messages that rules are about."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

from msgspec import Struct

Json = dict[str, Any]

Provider = Literal["openai", "responses", "anthropic", "gemini", "mistral", "strict"]
"""Whose rules: OpenAI's Chat Completions (`openai`) and Responses APIs, Anthropic's Messages,
Gemini 3, Mistral, and the strictest chat templates of open models."""

RuleCode = Literal[
    "ORPHANED_TOOL_CALL",
    "ORPHANED_TOOL_RESULT",
    "DUPLICATE_TOOL_RESULT",
    "ROLE_ORDER",
    "EMPTY_TURN",
    "INVALID_ROLE",
    "INVALID_CONTENT",
    "INVALID_ID",
    "INVALID_NAME",
    "INVALID_ATTACHMENT",
    "INVALID_REASONING",
    "MISSING_SIGNATURE",
]


class SentMessages(Struct, frozen=True):
    """Messages as they go to a provider, in its own spelling."""

    messages: Sequence[Json]
    """Of Responses the items of `input`, of Gemini its `contents`."""

    system: str = ""
    """What goes apart from the messages, where the provider takes it so."""


class Finding(NamedTuple):
    """A place where a rule is broken."""

    at: int | None
    """The index of the message; None when it is about all of them."""

    problem: str
    """What is wrong, as the predicate of a sentence about the message."""


class Source(Struct, frozen=True):
    """Where a rule is written down."""

    where: str
    """A page of the provider's documentation, or a package with its version."""

    date: str
    """The day on which it was read there."""


Find = Callable[[SentMessages], Iterable[Finding]]


class Rule(Struct, frozen=True):
    """One thing that a provider refuses."""

    code: RuleCode
    find: Find
    """Returns where the rule is broken; its docstring is the rule in one sentence."""

    source: Source

    @property
    def name(self) -> str:
        """The name of the rule, unique among those of its provider."""
        return self.find.__name__.replace("_", "-")

    @property
    def sentence(self) -> str:
        """The rule in one sentence."""
        return " ".join((self.find.__doc__ or "").split())


def each(sent: SentMessages, role: str | None = None) -> Iterator[tuple[int, Json]]:
    """Yield the messages, or those of a role, with their indexes."""
    for index, message in enumerate(sent.messages):
        if role is None or message.get("role") == role:
            yield index, message


def with_next(sent: SentMessages) -> Iterator[tuple[int, Json, Json]]:
    """Yield the messages with their indexes and the message behind each, empty behind the last."""
    for index, message in each(sent):
        behind = sent.messages[index + 1 : index + 2]
        yield index, message, behind[0] if behind else {}


def dicts(value: object) -> list[Json]:
    """Return the objects in an array; nothing of any other value."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text_of(value: Json, key: str) -> str:
    """Return a member that is a string; else an empty one."""
    found = value.get(key)
    return found if isinstance(found, str) else ""
