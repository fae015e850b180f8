"""Checks of dialogues: what a provider would refuse, and the messages to send instead."""

from typing import Annotated, Any, Literal, get_args

from msgspec import UNSET, Meta, Struct, UnsetType

from dialoguedb.formats.issues import IssueCode
from dialoguedb.formats.provider_rules.rule import Provider, RuleCode
from dialoguedb.values.fields import Id

PROVIDERS: tuple[Provider, ...] = get_args(Provider)

CheckCode = Literal[IssueCode, RuleCode]
"""What can be wrong with a message, for some provider or for any."""

CheckedProvider = Annotated[
    Provider,
    Meta(
        description=(
            "Whose rules to check: those of OpenAI's Chat Completions (`openai`) and Responses, of"
            " Anthropic's Messages, of Gemini 3, of Mistral, or of strict chat templates."
        ),
        examples=["anthropic"],
    ),
]
OlderMessages = Annotated[
    int,
    Meta(
        ge=0,
        description="Messages that were not checked, the oldest: those beyond the largest window.",
    ),
]


class CheckIssue(Struct, rename="camel", frozen=True, kw_only=True):
    """Something in a dialogue that a provider would refuse."""

    code: CheckCode
    message_id: Id | UnsetType = UNSET
    message: str
    rule: str | UnsetType = UNSET
    """The rule of the provider that is broken; the reference lists them."""

    source: str | UnsetType = UNSET
    """Where the provider says so."""


class Checked(Struct, rename="camel", kw_only=True):
    """What is broken in a dialogue."""

    ok: bool
    issues: list[CheckIssue]
    omitted: OlderMessages | UnsetType = UNSET
    """With a provider."""


class RepairedPart(Struct, rename="camel", frozen=True, kw_only=True):
    """Something that was changed so that the provider takes the messages."""

    message_id: Id | UnsetType = UNSET
    message: str


class Repaired(Struct, rename="camel", kw_only=True):
    """Messages that a provider takes, and what was changed for it; nothing is stored."""

    ok: bool
    """Whether the dialogue can be sent as it is."""

    issues: list[CheckIssue]
    """What the provider would refuse of the dialogue as it is."""

    repaired: list[RepairedPart]
    messages: list[dict[str, Any]]
    """In the spelling of the provider: of Responses the `input`, of Gemini the `contents`."""

    system: str | UnsetType = UNSET
    """What is the system's, where the provider takes it apart from the messages."""

    omitted: OlderMessages
