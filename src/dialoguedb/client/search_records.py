"""What a search returns; every field as the reference describes it."""

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar, overload

from msgspec import Struct, field

from dialoguedb.client.records import MessageRecord
from dialoguedb.model.search import SearchMode, SearchObject, SearchOrderBy
from dialoguedb.values.lists import Order

S = TypeVar("S")
T = TypeVar("T")


class MatchRecord(Struct):
    """A message by which a dialogue was found."""

    item: MessageRecord
    relevance: float


class NeighbourRecords(Struct):
    """The messages around one that was found, oldest first."""

    before: list[MessageRecord]
    after: list[MessageRecord]


class ExplanationRecord(Struct):
    """What a relevance is the sum of, and which words of the query occur."""

    semantic: float
    keyword: float
    neighbours: float
    terms: list[str]
    inactive: str | None = None
    """Why a memory is not valid at the time asked about."""


class FoundItem(Struct, Generic[T]):
    """An object that was found, and its relevance: 0 to 1 within one search."""

    object: SearchObject
    relevance: float
    item: T
    matches: list[MatchRecord] | None = None
    explain: ExplanationRecord | None = None
    context: NeighbourRecords | None = None
    omitted_messages: int | None = field(name="omittedMessages", default=None)
    """How many of `matches` or `context` are left out, since all would be too large."""


class OmittedItem(Struct, rename="camel"):
    """An object that was found and is left out, since all would be too large."""

    object: SearchObject
    id: str
    namespace: str | None = None
    dialogue_id: str | None = None
    relevance: float = 0.0


class LeftOutItem(Struct, rename="camel"):
    """A memory that would have been found, and is not valid at the time asked about."""

    id: str
    reason: str
    namespace: str | None = None
    superseded_by: str | None = None
    relevance: float = 0.0


class SearchInterpretation(Struct, rename="camel"):
    """How the server understood a search: dates resolved, and the mode if it had to be another."""

    order_by: SearchOrderBy
    order: Order
    filter: dict[str, Any] | None = None
    mode: SearchMode | None = None


class IndexingRecord(Struct):
    """How far the indexes are after an upgrade or a change of embedder."""

    done: int
    of: int


class Found(Struct, Generic[T]):
    """What a search found; it can be used like a list of the objects."""

    hits: list[FoundItem[T]] = field(name="results")
    request: SearchInterpretation
    indexing: IndexingRecord | None = None
    omitted: list[OmittedItem] | None = None
    """What was found, too, and is left out, since all would be too large; a get reads each."""

    left_out: list[LeftOutItem] | None = field(name="leftOut", default=None)
    """With `explain`: the most relevant memories that are not valid at the time."""

    @property
    def items(self) -> list[T]:
        """The objects alone."""
        return [hit.item for hit in self.hits]

    def of(self, make: Callable[[T], S]) -> "Found[S]":
        """Return the same with each object converted."""
        hits = [
            FoundItem(
                hit.object,
                hit.relevance,
                make(hit.item),
                hit.matches,
                hit.explain,
                hit.context,
                hit.omitted_messages,
            )
            for hit in self.hits
        ]
        return Found(hits, self.request, self.indexing, self.omitted, self.left_out)

    def __len__(self) -> int:
        """Count the objects."""
        return len(self.hits)

    def __iter__(self) -> Iterator[T]:
        """Iterate over the objects."""
        return (hit.item for hit in self.hits)

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> list[T]: ...

    def __getitem__(self, index: int | slice) -> T | list[T]:
        """Return an object, or a list of some."""
        return self.items[index]
