"""Keyword arguments of the methods; each means what the reference says of its field."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypedDict

from dialoguedb.model.dialogues import DialogueOrderBy, Status
from dialoguedb.model.keys import Permission
from dialoguedb.model.memories import MemoryOrderBy, OnSimilar
from dialoguedb.model.messages import AttachmentMode
from dialoguedb.model.search import SearchMode, SearchOrderBy
from dialoguedb.values.fields import Dialect, Include, Target, Trust, Unanswered
from dialoguedb.values.lists import Order

Content = str | Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""The content of a message: a text, an object, or content blocks."""

TimeLike = str | datetime | date
"""A time as ISO 8601 or as a datetime with a time zone; or a day."""


# --- Options of a write -------------------------------------------------------------------------


class IdempotencyOptions(TypedDict, total=False):
    """Makes a call safe to repeat, also from another process."""

    idempotency_key: str | None


class PreconditionOptions(TypedDict, total=False):
    """Makes a call fail with VersionConflict when somebody else was quicker."""

    if_match: str | None


class ChangeOptions(IdempotencyOptions, PreconditionOptions, total=False):
    """How a change is made."""

    namespace: str | None


class StateChangeOptions(ChangeOptions, total=False):
    """How a state is changed."""

    merge: bool | None


# --- Messages -----------------------------------------------------------------------------------


class MessageFields(TypedDict, total=False):
    """What a message may have besides its role and content."""

    id: str | None
    name: str | None
    metadata: Mapping[str, Any] | None
    tags: Sequence[str] | None
    created: TimeLike | None


class MessageDict(MessageFields):
    """A message to store, as a dict."""

    role: str
    content: Content


AnyMessage = MessageDict | Mapping[str, Any]
"""A message as a dict; one that is not written in place has no type but that of its members."""


class MessageOptions(MessageFields, IdempotencyOptions, PreconditionOptions, total=False):
    """A message's fields, and how it is stored."""

    namespace: str | None


class AppendOptions(IdempotencyOptions, PreconditionOptions, total=False):
    """How several messages are stored."""

    namespace: str | None


# --- Dialogues and memories ---------------------------------------------------------------------


class ThreadFields(IdempotencyOptions, total=False):
    """What a thread may be created with."""

    id: str | None
    label: str | None
    message: AnyMessage | None
    messages: Sequence[AnyMessage] | None
    state: Mapping[str, Any] | None
    metadata: Mapping[str, Any] | None
    tags: Sequence[str] | None
    created: TimeLike | None


class DialogueFields(ThreadFields, total=False):
    """What a dialogue may be created with."""

    namespace: str | None
    thread_of: str | None


class DialogueChanges(IdempotencyOptions, PreconditionOptions, total=False):
    """What of a dialogue may change, all in one transaction; `label=None` removes the label."""

    label: str | None
    state: Mapping[str, Any] | None
    tags: Sequence[str] | None
    message: AnyMessage | None
    messages: Sequence[AnyMessage] | None
    namespace: str | None


class MemoryDetails(TypedDict, total=False):
    """Where a memory comes from, when it is true, and how sure it is."""

    source: Mapping[str, Any] | None
    """Such as `{"dialogue_id": "d", "message_ids": ["m"]}`."""

    valid_from: TimeLike | None
    valid_to: TimeLike | None
    expires_at: TimeLike | None
    confidence: float | None
    trust: Trust | None


class MemoryFields(MemoryDetails, IdempotencyOptions, total=False):
    """What a memory may have besides its value."""

    id: str | None
    namespace: str | None
    label: str | None
    description: str | None
    tags: Sequence[str] | None
    metadata: Mapping[str, Any] | None
    created: TimeLike | None
    supersedes: str | None


class NewMemoryFields(MemoryFields, total=False):
    """The same, and what becomes of it if one that is like it is stored already."""

    on_similar: OnSimilar | None


class MemoryChanges(MemoryDetails, IdempotencyOptions, PreconditionOptions, total=False):
    """What of a memory may change; None removes a label, a description and details."""

    value: Any
    """None leaves it as it is."""

    label: str | None
    description: str | None
    tags: Sequence[str] | None
    metadata: Mapping[str, Any] | None
    namespace: str | None


class MemoryVersionFields(MemoryDetails, IdempotencyOptions, total=False):
    """What a former version of a memory may have besides its number, value and times."""

    label: str | None
    description: str | None
    metadata: Mapping[str, Any] | None
    namespace: str | None


# --- Lists --------------------------------------------------------------------------------------


class PageOptions(TypedDict, total=False):
    """Which page of a list is returned."""

    limit: int | None
    order: Order | None
    next: str | None


class TimeRangeOptions(TypedDict, total=False):
    """Which time a list covers: a prefix such as `2026-06`, or from one time to another."""

    created: TimeLike | None
    start_date: TimeLike | None
    end_date: TimeLike | None


class MessageListOptions(TimeRangeOptions, total=False):
    """Which messages of a dialogue a list shows, and in which order."""

    order: Order | None
    role: str | None
    tags: Sequence[str] | None
    attachments: AttachmentMode | None
    """`reference` for references to attachments of 4 KiB and more, in the place of their bytes."""

    namespace: str | None


class MessagePageOptions(MessageListOptions, PageOptions, total=False):
    """Which messages a page shows."""


class DialogueListOptions(TimeRangeOptions, total=False):
    """Which dialogues a list shows, and in which order."""

    order: Order | None
    order_by: DialogueOrderBy | None
    namespace: str | None
    thread_of: str | None
    status: Status | None
    tags: Sequence[str] | None


class DialoguePageOptions(DialogueListOptions, PageOptions, total=False):
    """Which dialogues a page shows."""


class MemoryListOptions(TimeRangeOptions, total=False):
    """Which memories a list shows, and in which order."""

    order: Order | None
    order_by: MemoryOrderBy | None
    namespace: str | None
    tags: Sequence[str] | None
    as_of: TimeLike | None


class MemoryPageOptions(MemoryListOptions, PageOptions, total=False):
    """Which memories a page shows."""


class MemoryVersionPageOptions(PageOptions, total=False):
    """Which versions of a memory a page shows."""

    namespace: str | None


class SearchOptions(TypedDict, total=False):
    """What a search covers, how it ranks, and what it shows."""

    limit: int | None
    namespace: str | None
    tags: Sequence[str] | Mapping[str, Sequence[str]] | None
    filter: Mapping[str, Any] | None
    metadata: Mapping[str, Any] | None
    timezone: str | None
    order_by: SearchOrderBy | None
    order: Order | None
    role: str | None
    dialogue_id: str | None
    mode: SearchMode | None
    explain: bool | None
    context: int | None
    min_relevance: float | None
    """What is less relevant is left out: 0 to 1."""

    as_of: TimeLike | None
    """The time at which memories are valid; now when it is not given."""

    include: Include | None
    """`inactive` for memories that are not valid then, too."""


# --- Summaries, context, keys -------------------------------------------------------------------


class SummaryFields(IdempotencyOptions, total=False):
    """What is summarized, and how."""

    id: str | None
    namespace: str | None
    template: str | None
    start_id: str | None
    end_id: str | None
    instructions: str | None
    rebuild: bool | None
    metadata: Mapping[str, Any] | None
    tags: Sequence[str] | None


class SummaryPageOptions(PageOptions, total=False):
    """Which summaries a page shows."""

    namespace: str | None


class TemplateChanges(IdempotencyOptions, total=False):
    """What of a template may change."""

    prompt: str | None
    description: str | None


class ContextOptions(TypedDict, total=False):
    """What a context window is made of."""

    query: str | None
    format: Dialect | None
    recent: int | None
    summary: bool | None
    memories: int | None
    target: Target | None
    stable: bool | None
    unanswered: Unanswered | None
    record: bool | None
    as_of: TimeLike | None
    include: Include | None
    namespace: str | None


class KeyFields(IdempotencyOptions, total=False):
    """What a key may do, and until when."""

    name: str | None
    scope: Permission | None
    namespace: str | None
    expires: TimeLike | None
