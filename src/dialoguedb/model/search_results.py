"""The response to a search."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from dialoguedb.model.dialogues import Dialogue
from dialoguedb.model.memories import Memory
from dialoguedb.model.messages import Message
from dialoguedb.model.search import Inactive, SearchMode, SearchOrderBy
from dialoguedb.model.search_request import Kind, TagsFilter
from dialoguedb.values.fields import Id, Namespace, Timestamp
from dialoguedb.values.lists import Order

_MESSAGE = {"$ref": "#/components/schemas/Message"}
_OTHERS = [{"$ref": f"#/components/schemas/{name}"} for name in ("Dialogue", "Memory")]

EncodedMessage = Annotated[Raw, Meta(extra_json_schema=_MESSAGE)]
EncodedItem = Annotated[Raw, Meta(extra_json_schema={"anyOf": [_MESSAGE, *_OTHERS]})]
"""A whole object, encoded once for both places that show it."""

UNREAD = Raw(b"null")
"""Stands for what is long in an object that was found and that a response has no room for."""


def is_unread(item: Message | Dialogue | Memory) -> bool:
    """Tell whether the engine saw that there is no room for an object."""
    if isinstance(item, Message):
        return item.content is UNREAD
    return (item.value if isinstance(item, Memory) else item.state) is UNREAD


Relevance = Annotated[
    float,
    Meta(
        ge=0,
        le=1,
        description="0 to 1, comparable within one answer.",
        examples=[0.734192],
    ),
]
Share = Annotated[float, Meta(description="A share of the relevance.", examples=[0.317508])]


class SearchMatch(Struct):
    """A message by which a dialogue was found."""

    item: EncodedMessage
    relevance: Relevance
    object: Literal["message"] = "message"


class SearchExplanation(Struct):
    """What a relevance is the sum of, and which words of the query occur."""

    semantic: Share
    keyword: Share
    neighbours: Share
    terms: list[str]
    inactive: Inactive | UnsetType = UNSET
    """Why a memory is not valid at the time asked about."""


class SearchContext(Struct):
    """The messages around one that was found, oldest first."""

    before: list[EncodedMessage]
    after: list[EncodedMessage]


class SearchResult(Struct):
    """An object that was found."""

    object: Kind
    relevance: Relevance
    item: EncodedItem
    matches: list[SearchMatch] | UnsetType = UNSET
    """The best messages of a dialogue, the best first."""

    explain: SearchExplanation | UnsetType = UNSET
    context: SearchContext | UnsetType = UNSET
    omitted_messages: Annotated[int, Meta(ge=1)] | UnsetType = field(
        name="omittedMessages", default=UNSET
    )
    """How many of `matches` or `context` are left out, since all would be too large."""


class OmittedResult(Struct, rename="camel"):
    """An object that was found, and is left out, since all would be too large."""

    object: Kind
    id: Id
    relevance: Relevance
    namespace: Namespace | UnsetType = UNSET
    dialogue_id: Id | UnsetType = UNSET


class LeftOutMemory(Struct, rename="camel"):
    """A memory that would have been found, and is not valid at the time asked about."""

    id: Id
    relevance: Relevance
    reason: Inactive
    namespace: Namespace | UnsetType = UNSET
    superseded_by: Id | UnsetType = UNSET


class ResolvedDates(Struct):
    """A range of times; what is left out is open."""

    gte: Timestamp | UnsetType = UNSET
    lt: Timestamp | UnsetType = UNSET


class ResolvedFilter(Struct, rename="camel"):
    """The filter of the request, with its dates resolved."""

    created: ResolvedDates | UnsetType = UNSET
    modified: ResolvedDates | UnsetType = UNSET
    has_image: bool | UnsetType = UNSET
    tags: TagsFilter | UnsetType = UNSET


class ResolvedSearch(Struct, rename="camel"):
    """How the request was understood."""

    order_by: SearchOrderBy
    order: Order
    candidate_order_by: Literal["relevance"] = "relevance"
    filter: ResolvedFilter | UnsetType = UNSET
    mode: SearchMode | UnsetType = UNSET
    """How it was searched when not as asked: by words alone while the embedder is unavailable."""


class IndexingProgress(Struct, frozen=True):
    """How far the indexes are while everything is indexed again."""

    done: Annotated[int, Meta(ge=0, description="Objects that are indexed again.")]
    of: Annotated[
        int,
        Meta(ge=0, description="All objects, once for each index that is built.", examples=[1200]),
    ]


class SearchResults(Struct):
    """The most relevant objects, in the order asked for."""

    items: list[EncodedItem]
    results: list[SearchResult]
    """The same objects in the same order."""

    request: ResolvedSearch
    indexing: IndexingProgress | UnsetType = UNSET
    """How far the indexes are, until they are complete after an upgrade or a change of embedder."""

    omitted: list[OmittedResult] | UnsetType = UNSET
    """What was found, too, and is left out, since all would be too large; a GET shows each."""

    left_out: list[LeftOutMemory] | UnsetType = field(name="leftOut", default=UNSET)
    """With `explain`: the most relevant memories that are not valid at the time asked about."""
