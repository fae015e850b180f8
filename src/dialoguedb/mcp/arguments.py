"""Arguments of the tools; the input schemas that agents see come from these."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from dialoguedb.values.limits import MESSAGES_PER_REQUEST_MAX, PAGE_ITEMS_MAX, SEARCH_ITEMS_MAX

Content = str | dict[str, Any] | list[dict[str, Any]]
Order = Annotated[Literal["asc", "desc"], Meta(description="asc: oldest first; desc: newest first")]
Items = Annotated[int, Meta(ge=1, le=PAGE_ITEMS_MAX, description="How many at most")]
Hits = Annotated[int, Meta(ge=1, le=SEARCH_ITEMS_MAX, description="How many at most")]
Query = Annotated[str, Meta(min_length=1, description="What to look for, in plain words")]
Tags = Annotated[list[str], Meta(description="Short words to find it by")]
Members = dict[str, Any]
SessionId = Annotated[str, Meta(min_length=1, description="The conversation's id")]
MemoryId = Annotated[str, Meta(min_length=1, description="The memory's id")]
Label = Annotated[str, Meta(description="A short title for people")]
Metadata = Annotated[Members, Meta(description="Anything to store along; it cannot be changed")]
Next = Annotated[str, Meta(description="The `next` of the page before this one")]
DateOrTime = Annotated[str, Meta(description="A date or date-time in ISO 8601, such as 2026-06-30")]
Role = Annotated[str, Meta(min_length=1, description="Who speaks: user, assistant, system, tool")]
Namespace = Annotated[
    str,
    Meta(description='Whose it is, such as a user\'s id; "" is the default one'),
]


class ToolArguments(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The argument that every tool takes."""

    namespace: Namespace | None = None


class MessageGiven(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A message to store."""

    role: Role
    content: Annotated[Content, Meta(description="A text, an object, or content blocks")]
    name: Annotated[str, Meta(description="The speaker's name")] | None = None
    id: Annotated[str, Meta(description="Your own id for it")] | None = None
    metadata: Metadata | None = None
    tags: Tags | None = None
    created: DateOrTime | None = None


# --- Conversations ------------------------------------------------------------------------------


class SaveArguments(ToolArguments):
    """A conversation to store."""

    messages: Annotated[
        list[MessageGiven],
        Meta(max_length=MESSAGES_PER_REQUEST_MAX, description="Its messages, oldest first"),
    ]
    label: Label | None = None
    id: Annotated[str, Meta(description="Your own id for it; made when absent")] | None = None
    state: Annotated[Members, Meta(description="What to go on with, as an object")] | None = None
    tags: Tags | None = None
    metadata: Metadata | None = None


class ResumeArguments(ToolArguments):
    """A conversation to go on with."""

    id: SessionId
    load_messages: Annotated[bool, Meta(description="Whether to return its messages")] = True


class SearchArguments(ToolArguments):
    """What to find conversations by."""

    query: Query
    limit: Hits = 10
    search_messages: Annotated[bool, Meta(description="Whether to find single messages, too")] = (
        False
    )


class ListSessionsArguments(ToolArguments):
    """Which conversations to list."""

    limit: Items = 20
    order: Order = "desc"
    start_date: DateOrTime | None = None
    end_date: DateOrTime | None = None
    next: Next | None = None


class AddMessageArguments(ToolArguments):
    """A message to append."""

    session_id: SessionId
    role: Role
    content: Annotated[Content, Meta(description="A text, an object, or content blocks")]
    name: Annotated[str, Meta(description="The speaker's name")] | None = None


class ListMessagesArguments(ToolArguments):
    """Which messages of a conversation to list."""

    session_id: SessionId
    limit: Items = 50
    order: Order = "asc"
    next: Next | None = None


class UpdateStateArguments(ToolArguments):
    """How to change a conversation's state."""

    session_id: SessionId
    state: Annotated[Members, Meta(description="The members to store")]
    merge: Annotated[
        bool, Meta(description="true: put them over what is there; false: replace all of it")
    ] = True


class CreateThreadArguments(ToolArguments):
    """A conversation beside another."""

    parent_id: SessionId
    label: Label | None = None
    tags: Tags | None = None


# --- Memories -----------------------------------------------------------------------------------


class CreateMemoryArguments(ToolArguments):
    """Something to remember."""

    value: Annotated[Any, Meta(description="What to remember: a text, or any other JSON")]
    label: Label | None = None
    description: Annotated[str, Meta(description="When it is of use")] | None = None
    tags: Tags | None = None
    metadata: Metadata | None = None
    on_similar: Annotated[
        Literal["return", "supersede", "store"] | None,
        Meta(
            description="If something like it is remembered. return: answer that one and store"
            " nothing; supersede: store this in its place; store: keep both. When it is left out,"
            " what says the same is answered, and what is alike is stored and shown"
        ),
    ] = None


class UpdateMemoryArguments(ToolArguments):
    """How to correct a memory; what is left out stays."""

    id: MemoryId
    value: Annotated[Any, Meta(description="What is true now; absent or null leaves it")] = None
    label: Label | None = None
    description: Annotated[str, Meta(description="When it is of use")] | None = None
    tags: Annotated[list[str], Meta(description="All its tags from now on")] | None = None


class SearchMemoriesArguments(ToolArguments):
    """What to find memories by."""

    query: Query
    tags: Annotated[list[str], Meta(description="Only memories with any of these")] | None = None
    limit: Hits = 10


class ListMemoriesArguments(ToolArguments):
    """Which memories to list."""

    limit: Items = 20
    order: Order = "desc"
    next: Next | None = None


class OneMemoryArguments(ToolArguments):
    """One memory."""

    id: MemoryId


class UpdateMemoryTagsArguments(ToolArguments):
    """New tags for a memory."""

    id: MemoryId
    tags: Annotated[list[str], Meta(description="All its tags from now on")]
