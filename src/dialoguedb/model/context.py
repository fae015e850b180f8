"""Context windows: the request and the response."""

from typing import Annotated, Any, ClassVar

from msgspec import UNSET, Meta, Struct, UnsetType

from dialoguedb.formats.issues import Issue
from dialoguedb.values import limits
from dialoguedb.values.fields import (
    AsOf,
    Dialect,
    Id,
    Include,
    Namespace,
    Target,
    Unanswered,
)
from dialoguedb.values.validation_errors import ValidationErrors
from dialoguedb.values.validators import FieldValidators, validate_timestamp

_RECENT_DEFAULT = 4
_MEMORIES_DEFAULT = 5

MaxTokens = Annotated[
    int,
    Meta(
        ge=1,
        le=limits.CONTEXT_TOKENS_MAX,
        description="The budget, in tokens as `tokenCount` counts them.",
        examples=[4000],
    ),
]
ContextQueryText = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=limits.QUERY_CHARS_MAX,
        description="What the window is for: older messages and memories about it come along.",
        examples=["When does the parcel arrive?"],
    ),
]
Format = Annotated[Dialect, Meta(description="Whose messages to answer; `openai` by default.")]
Recent = Annotated[
    int,
    Meta(
        ge=1,
        le=limits.PAGE_ITEMS_MAX,
        description=f"The least number of last turns; {_RECENT_DEFAULT} by default.",
    ),
]
WithSummary = Annotated[
    bool, Meta(description="Whether a summary stands for what is left out; true by default.")
]
MemoryCount = Annotated[
    int,
    Meta(
        ge=0,
        le=limits.SEARCH_ITEMS_MAX,
        description=f"The most memories; without a query 0, with one {_MEMORIES_DEFAULT}.",
    ),
]
WindowTarget = Annotated[
    Target,
    Meta(
        description="What reads the window: `any` model of the API, or a `strict` chat template,"
        " which may know `no-system` message; `any` by default."
    ),
]
Stable = Annotated[
    bool,
    Meta(
        description="Whether the window begins as the one before it did, for as long as that fits,"
        " so that prompt caches hit; false by default."
    ),
]
Recorded = Annotated[
    bool,
    Meta(
        description="Whether to store a receipt, by whose `id` the window can be had again as it"
        " is; false by default. It needs a key of scope `write`."
    ),
]
UnansweredCalls = Annotated[
    Unanswered,
    Meta(
        description="What becomes of a tool call without a result: it is left out (`drop`, the"
        " default), or an `error` stands for its result."
    ),
]
Tokens = Annotated[int, Meta(ge=0)]


class ContextInput(Struct, rename="camel", frozen=True):
    """A window as it is asked for."""

    validators: ClassVar[FieldValidators] = {"as_of": validate_timestamp}

    max_tokens: MaxTokens
    query: ContextQueryText | UnsetType | None = UNSET
    format: Format | UnsetType | None = UNSET
    recent: Recent | UnsetType | None = UNSET
    summary: WithSummary | UnsetType | None = UNSET
    memories: MemoryCount | UnsetType | None = UNSET
    target: WindowTarget | UnsetType | None = UNSET
    stable: Stable | UnsetType | None = UNSET
    unanswered: UnansweredCalls | UnsetType | None = UNSET
    record: Recorded | UnsetType | None = UNSET
    as_of: AsOf | UnsetType | None = UNSET
    include: Include | UnsetType | None = UNSET
    dialogue_id: Id | UnsetType | None = UNSET
    namespace: Namespace | UnsetType | None = UNSET

    def validate(self) -> "ContextRequest":
        """Return what is wanted, with the defaults; InvalidRequest."""
        errors = ValidationErrors()
        as_of = validate_timestamp(self.as_of, "asOf", errors)
        errors.raise_if_any()
        query = self.query or None
        memories = self.memories if isinstance(self.memories, int) else None
        return ContextRequest(
            max_tokens=self.max_tokens,
            query=query,
            format=self.format or "openai",
            recent=self.recent or _RECENT_DEFAULT,
            summary=self.summary is not False,
            memories=(_MEMORIES_DEFAULT if query else 0) if memories is None else memories,
            target=self.target or "any",
            stable=self.stable is True,
            unanswered=self.unanswered or "drop",
            as_of=as_of,
            include=self.include or None,
        )


class ContextRequest(Struct, frozen=True):
    """What a window is to hold."""

    max_tokens: int
    query: str | None
    format: Dialect
    recent: int
    summary: bool
    memories: int
    target: Target = "any"
    stable: bool = False
    unanswered: Unanswered = "drop"
    as_of: str | None = None
    """The time whose memories are shown; now when it is None."""

    include: Include | None = None


class ContextTokens(Struct, rename="camel", kw_only=True):
    """What a window takes, and what of it each part."""

    total: Tokens = 0
    system: Tokens = 0
    summary: Tokens = 0
    memories: Tokens = 0
    retrieved: Tokens = 0
    recent: Tokens = 0


class Included(Struct, rename="camel", kw_only=True):
    """What a window was made of."""

    message_ids: list[Id]
    summary_id: Id | UnsetType = UNSET
    memory_ids: list[Id]


class ContextWindow(Struct, rename="camel", kw_only=True):
    """What to send to a model now."""

    id: Id | UnsetType = UNSET
    """Of a window that is recorded: `GET /context/{id}` answers it again."""

    messages: list[dict[str, Any]]
    """In the dialect that was asked for, oldest first."""

    system: str | UnsetType = UNSET
    """What the model is told beside the messages; of the dialect `anthropic` alone."""

    tokens: ContextTokens
    stable_prefix_tokens: Tokens | UnsetType = UNSET
    """Of a stable window: what the next one will begin with, unless the conversation outgrows the
    budget or is edited."""

    included: Included
    omitted: Tokens
    """Messages of the dialogue that are not in the window."""

    issues: list[Issue]
    """What is broken in the history that was read, and was left out or put right."""
