"""A search: what is looked for, what it is kept to, and what it finds."""

from typing import Literal

from msgspec import Struct

from dialoguedb.values.lists import Order, TimeRange

SearchObject = Literal["message", "dialogue", "memory"]
SearchMode = Literal["hybrid", "semantic", "keyword"]
SearchOrderBy = Literal["relevance", "created", "modified"]
Operator = Literal["$in", "$nin", "$gt", "$gte", "$lt", "$lte"]
Inactive = Literal["superseded", "expired", "ended", "not yet valid"]
"""Why a memory is not valid at a time."""

Validity = Literal["active", "inactive", "all"]
Scalar = str | int | float | bool | None


class Condition(Struct, frozen=True):
    """One operator on one key of the metadata; equal is `$in` of one value, unequal `$nin`."""

    key: str
    operator: Operator
    values: tuple[Scalar, ...]


class TagFilter(Struct, frozen=True):
    """Which tags an object has; None asks nothing."""

    any_of: tuple[str, ...] | None = None
    all_of: tuple[str, ...] | None = None
    none_of: tuple[str, ...] | None = None


class SearchFilter(Struct, frozen=True):
    """What the objects found are kept to; None and the widest values ask nothing."""

    namespace: str | None = None
    """None covers the whole project, `""` is the default namespace."""

    dialogue_id: str | None = None
    role: str | None = None
    tags: TagFilter = TagFilter()
    metadata: tuple[Condition, ...] = ()
    created: TimeRange = TimeRange()
    modified: TimeRange = TimeRange()
    has_image: bool | None = None
    as_of: str | None = None
    """The time at which memories are valid, or not; None asks nothing."""

    validity: Validity = "all"
    """Which memories are found by that."""


_SHOWN_DIGITS = 6


def shown_share(share: float) -> float:
    """Return a relevance, or a share of it, as responses have it."""
    return round(float(share), _SHOWN_DIGITS)


class Search(Struct, frozen=True):
    """A search with its dates resolved."""

    object: SearchObject
    query: str
    limit: int
    mode: SearchMode = "hybrid"
    filter: SearchFilter = SearchFilter()
    order_by: SearchOrderBy = "relevance"
    order: Order = "desc"
    context: int = 0
    """How many neighbouring messages before and after each message found come along."""

    min_relevance: float = 0.0
    """What is less relevant is not found."""
