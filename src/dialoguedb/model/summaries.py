"""Summaries: what is received, kept and answered."""

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from dialoguedb.model.messages import Message
from dialoguedb.model.templates import TemplateName
from dialoguedb.values import limits
from dialoguedb.values.fields import (
    WELL_FORMED,
    Id,
    JsonObject,
    Namespace,
    StoredTags,
    Tags,
    Timestamp,
)
from dialoguedb.values.lists import Page
from dialoguedb.values.validation_errors import ValidationErrors
from dialoguedb.values.validators import FieldValidators, validate_metadata, value_or_none

SummaryStatus = Literal["processing", "completed", "failed"]

Position = tuple[str, int]
"""The keyset position of a message in its dialogue: `created`, then `seq`."""

Instructions = Annotated[
    str,
    Meta(
        max_length=limits.INSTRUCTIONS_CHARS_MAX,
        pattern=WELL_FORMED,
        description="What to pay attention to, in words for the model.",
        examples=["Keep every order number."],
    ),
]
Rebuild = Annotated[
    bool,
    Meta(description="Make it from the messages alone, and not upon a former summary."),
]
Count = Annotated[int, Meta(ge=0)]


class Summary(Struct, rename="camel", gc=False, kw_only=True):
    """A summary as it is answered."""

    id: Id
    dialogue_id: Id
    project_id: str
    namespace: Namespace | UnsetType = UNSET
    status: SummaryStatus
    content: str | None
    """Null until it is completed, and when there was nothing to summarize."""

    error: str | UnsetType = UNSET
    provider: str | UnsetType = UNSET
    model: str | UnsetType = UNSET
    template: TemplateName | UnsetType = UNSET
    instructions: Instructions | UnsetType = UNSET
    content_token_count: Count | UnsetType = UNSET
    from_created: Timestamp | UnsetType = UNSET
    from_id: Id | UnsetType = UNSET
    to_created: Timestamp | UnsetType = UNSET
    to_id: Id | UnsetType = UNSET
    message_count: Count
    """Messages of the range that it covers."""

    summarized_count: Count | UnsetType = UNSET
    skipped_count: Count | UnsetType = UNSET
    """Messages that say nothing in words, such as images alone."""

    total_tokens: Count
    """Tokens of the messages that it covers."""

    previous_id: Id | UnsetType = UNSET
    """The former summary that it builds on."""

    chunks: Count | UnsetType = UNSET
    llm_input_tokens: Count | UnsetType = UNSET
    llm_output_tokens: Count | UnsetType = UNSET
    llm_total_tokens: Count | UnsetType = UNSET
    llm_call_count: Count | UnsetType = UNSET
    metadata: JsonObject
    tags: StoredTags
    created: Timestamp
    modified: Timestamp


class ExpandedSummary(Summary, rename="camel", kw_only=True):
    """A summary with the messages that it covers."""

    messages: Page[Message]


class NewSummary(Struct, gc=False):
    """A summary on its way to the store, its values compact JSON."""

    id: str
    template: str | None
    start_id: str | None
    end_id: str | None
    instructions: str | None
    metadata: bytes
    tags: tuple[str, ...]
    named: bool
    """Whether the caller chose the id, so that an existing duplicate may answer."""

    rebuild: bool = False
    """Whether it is made without any former summary, and even when there is the same one."""

    newest: str | UnsetType | None = UNSET
    """The id of the dialogue's newest summary as the caller saw it; UNSET for any."""

    @property
    def stored_bytes(self) -> int:
        """Bytes that count against a quota."""
        return len(self.metadata)


class SummaryInput(Struct, rename="camel"):
    """A summary as it is asked for."""

    validators: ClassVar[FieldValidators] = {"metadata": validate_metadata}

    dialogue_id: Id | UnsetType | None = UNSET
    namespace: Namespace | UnsetType | None = UNSET
    id: Id | UnsetType | None = UNSET
    template: TemplateName | UnsetType | None = UNSET
    start_id: Id | UnsetType | None = UNSET
    end_id: Id | UnsetType | None = UNSET
    instructions: Instructions | UnsetType | None = UNSET
    rebuild: Rebuild | UnsetType | None = UNSET
    metadata: JsonObject | UnsetType = UNSET
    tags: Tags | UnsetType | None = UNSET

    def validate(self) -> NewSummary:
        """Check the values; InvalidRequest with every error."""
        errors = ValidationErrors()
        new = NewSummary(
            id=self.id or "",
            template=value_or_none(self.template),
            start_id=value_or_none(self.start_id),
            end_id=value_or_none(self.end_id),
            instructions=value_or_none(self.instructions) or None,
            metadata=validate_metadata(self.metadata, "metadata", errors),
            tags=tuple(self.tags or ()),
            named=bool(self.id),
            rebuild=bool(self.rebuild),
        )
        errors.raise_if_any()
        return new


class SummaryFilter(Struct, frozen=True):
    """Which summaries of a dialogue a list shows."""

    status: SummaryStatus | None = None
    completed_before: int | None = None
    """Only those that were completed before the dialogue's message of this `seq` was appended."""


class LLMUsage(Struct, gc=False):
    """Tokens and calls of a language model."""

    input_tokens: int = 0
    output_tokens: int = 0
    calls: int = 0

    def add(self, other: "LLMUsage") -> None:
        """Add what was used elsewhere."""
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.calls += other.calls


class SummaryResult(Struct, frozen=True, kw_only=True):
    """A summary that was made."""

    provider: str
    model: str | None
    """Who made it, which may be another than the one that was asked."""

    content: str | None
    content_tokens: int
    summarized: int
    skipped: int
    chunks: int
    previous: str | None = None
    """The id of the former summary that it builds on."""
