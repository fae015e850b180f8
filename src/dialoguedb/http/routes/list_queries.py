"""What the queries of lists share: a page, an order, namespace, tags and a range of times."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from dialoguedb.http.requests.request import Request
from dialoguedb.service.pages import ListRequest, NoFilter, PageRequest
from dialoguedb.values import limits, timestamps
from dialoguedb.values.fields import Namespace, Tag
from dialoguedb.values.lists import Order, TimeRange
from dialoguedb.values.validation_errors import ValidationErrors
from dialoguedb.values.validators import value_or_none

F = TypeVar("F", bound=Struct)

_EVER = TimeRange()

Limit = Annotated[
    int,
    Meta(
        ge=1,
        le=limits.PAGE_ITEMS_MAX,
        description=f"The most items on a page; {limits.PAGE_ITEMS_DEFAULT} when not given.",
    ),
]
Next = Annotated[str, Meta(description="The token of the page before; only limit may change.")]
Date = Annotated[str, Meta(description="A date or date-time, inclusive.", examples=["2025-11-06"])]
DatePrefix = Annotated[
    str,
    Meta(
        description="A date prefix, read as the range at its precision; it wins over the dates.",
        examples=["2025-11"],
    ),
]
AnyTagOf = Annotated[
    list[Tag],
    Meta(description="Repeated or separated by commas: any of them.", examples=[["vip"]]),
]


class ListQuery(Struct, rename="camel", forbid_unknown_fields=True, frozen=True):
    """A request for a page."""

    listing_paths: ClassVar[Mapping[str, str]] = {"order": "order"}
    """Where each parameter that a page token carries stands in a list request."""

    limit: Limit | UnsetType = UNSET
    order: Order | UnsetType = UNSET
    next: Next | UnsetType = UNSET

    def page_of(self, filters: F, default_order: Order, bound: str | None = None) -> PageRequest[F]:
        """Return the request for a page of a list; `bound` is the namespace of the key."""
        listing = ListRequest(
            filters, self.order or default_order, self.limit or limits.PAGE_ITEMS_DEFAULT
        )
        return PageRequest(listing, repeated(self), value_or_none(self.next), bound)


class DatedQuery(ListQuery, rename="camel", forbid_unknown_fields=True, frozen=True):
    """A request for a page of things with a namespace, tags and a time."""

    listing_paths: ClassVar[Mapping[str, str]] = {
        **ListQuery.listing_paths,
        "namespace": "filter.namespace",
        "tags": "filter.tags",
        "created": "filter.created",
        "startDate": "filter.created.lower",
        "endDate": "filter.created.upper",
    }

    namespace: Namespace | UnsetType = UNSET
    tags: AnyTagOf | UnsetType = UNSET
    created: DatePrefix | UnsetType = UNSET
    start_date: Date | UnsetType = UNSET
    end_date: Date | UnsetType = UNSET

    def any_of(self) -> tuple[str, ...]:
        """Return the tags, each once, in one order."""
        return tuple(sorted(set(self.tags))) if self.tags else ()

    def span(self) -> TimeRange:
        """Return the range of times; InvalidRequest when a date is malformed."""
        if self.created is self.start_date is self.end_date is UNSET:
            return _EVER
        errors = ValidationErrors()
        if isinstance(self.created, str):
            lower, upper = _read("created", self.created, timestamps.prefix_range, errors)
        else:
            lower = upper = ""
            if isinstance(self.start_date, str):
                lower = _read("startDate", self.start_date, timestamps.range_start, errors)
            if isinstance(self.end_date, str):
                upper = _read("endDate", self.end_date, timestamps.range_end, errors)
        errors.raise_if_any()
        return TimeRange(lower=lower, upper=upper or _EVER.upper)


def _read(name: str, text: str, reader: Any, errors: ValidationErrors) -> Any:
    try:
        return reader(text)
    except ValueError as error:
        errors.invalid(name, f"{name}: {error}")
        return "", ""


def repeated(query: ListQuery) -> dict[str, str]:
    """Return the parameters that a request for a later page repeats, with their listing paths."""
    if query.next is UNSET:
        return {}
    return {
        field.encode_name: query.listing_paths[field.encode_name]
        for field in msgspec.structs.fields(query)
        if field.encode_name in query.listing_paths and getattr(query, field.name) is not UNSET
    }


def page_of_all(request: Request) -> PageRequest[NoFilter]:
    """Return the request for a page of a list that has no filter."""
    query: ListQuery = request.query
    return query.page_of(NoFilter(), "desc")
