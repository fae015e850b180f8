"""What the API answers, in Python's own values; every field as the reference describes it."""

from collections.abc import Callable, Iterator
from typing import Any, Generic, Literal, TypeVar, overload

from msgspec import Struct, field

from dialoguedb.model.dialogues import Status
from dialoguedb.model.keys import AnyScope
from dialoguedb.model.projects import Settings
from dialoguedb.model.search import SearchMode, SearchObject, SearchOrderBy

S = TypeVar("S")
T = TypeVar("T")


class MessageRecord(Struct, rename="camel", kw_only=True):
    """A message as it is stored."""

    id: str
    dialogue_id: str
    namespace: str | None = None
    role: str
    content: Any
    content_length: int
    token_count: int | None = None
    name: str | None = None
    tags: list[str]
    metadata: dict[str, Any]
    created: str
    modified: str
    seq: int


class DialogueRecord(Struct, rename="camel", kw_only=True):
    """A dialogue as it is stored, with those of its messages that were asked for or sent."""

    id: str
    project_id: str
    request_id: str
    namespace: str | None = None
    thread_of: str | None = None
    label: str | None = None
    status: Status
    ended_at: str | None = None
    archived_at: str | None = None
    tags: list[str]
    metadata: dict[str, Any]
    metadata_length: int
    metadata_sha256: str = field(name="metadataSHA256")
    state: dict[str, Any]
    total_messages: int
    thread_count: int
    last_seq: int
    last_message_created: str | None = None
    created: str
    modified: str
    messages: list[MessageRecord] | None = None
    version: str | None = None
    """The version that `if_match` takes; lists and searches do not tell it."""


class MemoryRecord(Struct, rename="camel", kw_only=True):
    """A memory as it is stored."""

    id: str
    namespace: str | None = None
    label: str | None = None
    description: str | None = None
    value: Any
    tags: list[str]
    metadata: dict[str, Any]
    created: str
    modified: str


class StateRecord(Struct, kw_only=True):
    """The state of a dialogue."""

    value: dict[str, Any]
    version: str | None = None
    """The version that `if_match` takes."""


class DeletedCounts(Struct):
    """What deleting a dialogue took with it."""

    dialogues: int
    messages: int
    summaries: int = 0


class DeletedDialogue(Struct):
    """The receipt of a deletion."""

    id: str
    deleted: DeletedCounts | None = None
    """None when the answer that counted was lost on the way, and a second try found nothing."""


# --- Pages --------------------------------------------------------------------------------------


class Page(Struct, Generic[T]):
    """One page of a list; it can be used like a list of its items."""

    items: list[T]
    next: str | None = None
    """What gets the page after this one; None on the last."""

    def __len__(self) -> int:
        """Count the items."""
        return len(self.items)

    def __iter__(self) -> Iterator[T]:
        """Go through the items."""
        return iter(self.items)

    @overload
    def __getitem__(self, place: int) -> T: ...

    @overload
    def __getitem__(self, place: slice) -> list[T]: ...

    def __getitem__(self, place: int | slice) -> T | list[T]:
        """Return an item, or some."""
        return self.items[place]


class MessagePage(Page[MessageRecord]):
    """One page of a dialogue's messages."""

    version: str | None = None
    """The version that `if_match` of an append takes."""


# --- Search -------------------------------------------------------------------------------------


class Match(Struct):
    """A message by which a dialogue was found."""

    item: MessageRecord
    relevance: float


class Explanation(Struct):
    """What a relevance is the sum of, and which words of the query occur."""

    semantic: float
    keyword: float
    neighbours: float
    terms: list[str]


class Neighbours(Struct):
    """The messages around one that was found, oldest first."""

    before: list[MessageRecord]
    after: list[MessageRecord]


class Hit(Struct, Generic[T]):
    """Something that was found, and how well it fits: 0 to 1 within one search."""

    object: SearchObject
    relevance: float
    item: T
    matches: list[Match] | None = None
    explain: Explanation | None = None
    context: Neighbours | None = None


class SearchedAs(Struct, rename="camel"):
    """How a search was understood: its dates resolved, and by words alone when it had to be."""

    order_by: SearchOrderBy
    order: Literal["asc", "desc"]
    filter: dict[str, Any] | None = None
    mode: SearchMode | None = None


class Found(Struct, Generic[T]):
    """What a search found; it can be used like a list of the objects."""

    hits: list[Hit[T]] = field(name="results")
    request: SearchedAs

    @property
    def items(self) -> list[T]:
        """The objects alone."""
        return [hit.item for hit in self.hits]

    def of(self, make: Callable[[T], S]) -> "Found[S]":
        """Return the same with each object made into something else."""
        hits = [
            Hit(hit.object, hit.relevance, make(hit.item), hit.matches, hit.explain, hit.context)
            for hit in self.hits
        ]
        return Found(hits, self.request)

    def __len__(self) -> int:
        """Count them."""
        return len(self.hits)

    def __iter__(self) -> Iterator[T]:
        """Go through the objects."""
        return (hit.item for hit in self.hits)

    @overload
    def __getitem__(self, place: int) -> T: ...

    @overload
    def __getitem__(self, place: slice) -> list[T]: ...

    def __getitem__(self, place: int | slice) -> T | list[T]:
        """Return an object, or some."""
        return self.items[place]


# --- Summaries and context ----------------------------------------------------------------------


class SummaryRecord(Struct, rename="camel", kw_only=True):
    """A summary of a part of a dialogue."""

    id: str
    dialogue_id: str
    project_id: str
    namespace: str | None = None
    status: Literal["processing", "completed", "failed"]
    content: str | None = None
    error: str | None = None
    provider: str | None = None
    model: str | None = None
    template: str | None = None
    instructions: str | None = None
    content_token_count: int | None = None
    from_created: str | None = None
    from_id: str | None = None
    to_created: str | None = None
    to_id: str | None = None
    message_count: int | None = None
    summarized_count: int | None = None
    skipped_count: int | None = None
    total_tokens: int | None = None
    previous_id: str | None = None
    chunks: int | None = None
    llm_input_tokens: int | None = None
    llm_output_tokens: int | None = None
    llm_total_tokens: int | None = None
    llm_call_count: int | None = None
    metadata: dict[str, Any] | None = None
    tags: list[str] | None = None
    created: str
    modified: str
    messages: Page[MessageRecord] | None = None
    """The messages it covers, when they were asked for."""


class Issue(Struct, rename="camel"):
    """Something about a history that a model's provider would refuse."""

    code: str
    message: str
    message_id: str | None = None


class Check(Struct):
    """Whether providers would take a dialogue as it is, and what they would refuse."""

    ok: bool
    issues: list[Issue]


class TokenShares(Struct):
    """How many tokens a window has, and what takes them."""

    total: int
    system: int
    summary: int
    memories: int
    retrieved: int
    recent: int


class Included(Struct, rename="camel"):
    """What a window is made of."""

    message_ids: list[str]
    summary_id: str | None = None
    memory_ids: list[str] = []


class Context(Struct):
    """A window on a dialogue, ready to be sent to a model."""

    messages: list[dict[str, Any]]
    tokens: TokenShares
    included: Included
    omitted: int
    issues: list[Issue]
    system: str | None = None
    """The system prompt, where the dialect keeps it apart from the messages."""


class TemplateRecord(Struct, rename="camel", kw_only=True):
    """What a model is asked for when it summarizes."""

    name: str
    description: str | None = None
    prompt: str
    created: str
    modified: str


# --- Administration -----------------------------------------------------------------------------


class KeyRecord(Struct, rename="camel", kw_only=True):
    """A key; the secret itself is told once, when it is created."""

    id: str
    prefix: str
    scope: AnyScope
    created: str
    project_id: str | None = None
    name: str | None = None
    namespace: str | None = None
    expires: str | None = None
    last_used: str | None = None
    revoked: str | None = None
    key: str | None = None


class ProjectRecord(Struct, rename="camel", kw_only=True):
    """A project; the secret of its first key is told once, when it is created."""

    id: str
    name: str
    created: str
    modified: str
    settings: Settings
    key: str | None = None
