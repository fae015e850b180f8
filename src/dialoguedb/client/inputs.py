"""What the methods take by name; each name means what the reference says of its field."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, TypedDict

from dialoguedb.model.dialogues import DialogueOrderBy, Status
from dialoguedb.model.keys import Scope
from dialoguedb.model.memories import MemoryOrderBy
from dialoguedb.model.search import SearchMode, SearchOrderBy
from dialoguedb.values.lists import Order

Content = str | Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""What a message says: a text, an object, or content blocks."""

Moment = str | datetime | date
"""A moment as ISO 8601, or as a datetime that knows its time zone; or a day."""

Dialect = Literal["openai", "anthropic", "plain"]


class Once(TypedDict, total=False):
    """What makes a call safe to repeat, also from another process."""

    idempotency_key: str | None


class Versioned(TypedDict, total=False):
    """What makes a call fail with VersionConflict when somebody else was quicker."""

    if_match: str | None


class Change(Once, Versioned, total=False):
    """How a change is to be made."""

    namespace: str | None


class StateMerge(Change, total=False):
    """How a state is to be changed."""

    merge: bool | None


class MessageFields(TypedDict, total=False):
    """What a message may have besides its role and content."""

    id: str | None
    name: str | None
    metadata: Mapping[str, Any] | None
    tags: Sequence[str] | None
    created: Moment | None


class MessageInput(MessageFields):
    """A message as it is sent."""

    role: str
    content: Content


AnyMessage = MessageInput | Mapping[str, Any]
"""A message as a dict; one that is not written in place has no type but that of its members."""


class OneMessage(MessageFields, Once, Versioned, total=False):
    """A message's fields, and how it is to be stored."""

    namespace: str | None


class SeveralMessages(Once, Versioned, total=False):
    """How several messages are to be stored."""

    namespace: str | None


class ThreadFields(Once, total=False):
    """What a thread may be created with."""

    id: str | None
    label: str | None
    message: AnyMessage | None
    messages: Sequence[AnyMessage] | None
    state: Mapping[str, Any] | None
    metadata: Mapping[str, Any] | None
    tags: Sequence[str] | None
    created: Moment | None


class DialogueFields(ThreadFields, total=False):
    """What a dialogue may be created with."""

    namespace: str | None
    thread_of: str | None


class DialogueChanges(Once, Versioned, total=False):
    """What of a dialogue may change, all in one commit; `label=None` takes the label away."""

    label: str | None
    state: Mapping[str, Any] | None
    tags: Sequence[str] | None
    message: AnyMessage | None
    messages: Sequence[AnyMessage] | None
    namespace: str | None


class MemoryFields(Once, total=False):
    """What a memory may have besides its value."""

    id: str | None
    namespace: str | None
    label: str | None
    description: str | None
    tags: Sequence[str] | None
    metadata: Mapping[str, Any] | None
    created: Moment | None


class Paging(TypedDict, total=False):
    """How a list is cut into pages."""

    limit: int | None
    order: Order | None
    next: str | None


class Dated(TypedDict, total=False):
    """Which time a list covers: a prefix such as `2026-06`, or from one moment to another."""

    created: Moment | None
    start_date: Moment | None
    end_date: Moment | None


class MessagesWanted(Dated, total=False):
    """Which messages of a dialogue a list shows, and from which end."""

    order: Order | None
    role: str | None
    tags: Sequence[str] | None
    namespace: str | None


class MessageList(MessagesWanted, Paging, total=False):
    """Which messages a page shows."""


class DialoguesWanted(Dated, total=False):
    """Which dialogues a list shows, and in which order."""

    order: Order | None
    order_by: DialogueOrderBy | None
    namespace: str | None
    thread_of: str | None
    status: Status | None
    tags: Sequence[str] | None


class DialogueList(DialoguesWanted, Paging, total=False):
    """Which dialogues a page shows."""


class MemoriesWanted(Dated, total=False):
    """Which memories a list shows, and in which order."""

    order: Order | None
    order_by: MemoryOrderBy | None
    namespace: str | None
    tags: Sequence[str] | None


class MemoryList(MemoriesWanted, Paging, total=False):
    """Which memories a page shows."""


class SearchFields(TypedDict, total=False):
    """What a search is kept to, how it ranks, and what it shows."""

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


class SummaryFields(Once, total=False):
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


class SummaryList(Paging, total=False):
    """Which summaries a page shows."""

    namespace: str | None


class TemplateChanges(Once, total=False):
    """What of a template may change."""

    prompt: str | None
    description: str | None


class ContextFields(TypedDict, total=False):
    """What a window is made of."""

    query: str | None
    format: Dialect | None
    recent: int | None
    summary: bool | None
    memories: int | None
    namespace: str | None


class KeyFields(Once, total=False):
    """What a key may do, and until when."""

    name: str | None
    scope: Scope | None
    namespace: str | None
    expires: Moment | None
