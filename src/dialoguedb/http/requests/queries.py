"""Queries: what each kind of request may say behind its `?`."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Annotated, Any, ClassVar, TypeVar, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from dialoguedb.model.dialogues import DialogueOrderBy, Status
from dialoguedb.model.memories import MemoryOrderBy
from dialoguedb.model.search_request import (
    Context,
    Explain,
    Kind,
    Mode,
    OrderBy,
    Query,
    SearchInput,
    SearchLimit,
    TimeZone,
)
from dialoguedb.model.summaries import SummaryStatus
from dialoguedb.values import limits, timestamps
from dialoguedb.values.decoding import decode
from dialoguedb.values.fields import Id, Namespace, Role, Tag
from dialoguedb.values.lists import Order, Span
from dialoguedb.values.validation import ValidationErrors, refuse

Q = TypeVar("Q", bound=Struct)

_COMMON_BYTES = 64
"""Shorter queries, such as `limit=20&order=desc`, are met again and again."""

PARAMETERS_MAX = 1_000
"""Parameters in one query."""

_EVER = Span()
_CODED = re.compile(r"[%+]")
_PLAIN_PARAMETERS_MAX = 16
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,15}")

Limit = Annotated[
    int,
    Meta(
        ge=1,
        le=limits.PAGE_ITEMS_MAX,
        description=f"The most items on a page; {limits.PAGE_ITEMS_DEFAULT} when not given.",
    ),
]
Next = Annotated[str, Meta(description="The token of the page before; only limit may change.")]
Moment = Annotated[
    str, Meta(description="A date or date-time, inclusive.", examples=["2025-11-06"])
]
Prefix = Annotated[
    str,
    Meta(
        description="A date prefix, read as the range at its precision; it wins over the dates.",
        examples=["2025-11"],
    ),
]
AnyOf = Annotated[
    list[Tag],
    Meta(description="Repeated or separated by commas: any of them.", examples=[["vip"]]),
]
FilterText = Annotated[
    str,
    Meta(
        description="As JSON: dates by `created` and `modified`, `hasImage`, `tags`.",
        examples=['{"created": "last week"}'],
    ),
]
MetadataText = Annotated[
    str,
    Meta(
        description="As JSON: for each key a value, an array of values, or operators.",
        examples=['{"plan": "pro"}'],
    ),
]
LastMessages = Annotated[
    int,
    Meta(ge=0, le=limits.PAGE_ITEMS_MAX, description="Shows that many last messages, too."),
]


Expand = Annotated[bool, Meta(description="Shows the covered messages, too, as a list's page.")]


class NoQuery(Struct, frozen=True):
    """A request without parameters."""


class InNamespace(Struct, rename="camel", frozen=True):
    """A request that names a thing in a namespace."""

    namespace: Namespace | UnsetType = UNSET


class OfDialogue(InNamespace, frozen=True):
    """A request about a dialogue or what is in it."""

    dialogue_id: Id | UnsetType = UNSET


class GetDialogue(OfDialogue, frozen=True):
    """A request for a dialogue."""

    messages: LastMessages | UnsetType = UNSET


class UpdateState(OfDialogue, frozen=True):
    """A request to change a state."""

    merge: bool | UnsetType = UNSET


class ListQuery(Struct, rename="camel", forbid_unknown_fields=True, frozen=True):
    """A request for a page."""

    places: ClassVar[Mapping[str, str]] = {"order": "order"}
    """Where each parameter that a page token carries lies in a listing."""

    limit: Limit | UnsetType = UNSET
    order: Order | UnsetType = UNSET
    next: Next | UnsetType = UNSET


class DatedQuery(ListQuery, rename="camel", forbid_unknown_fields=True, frozen=True):
    """A request for a page of things with a namespace, tags and a time."""

    places: ClassVar[Mapping[str, str]] = {
        **ListQuery.places,
        "namespace": "filter.namespace",
        "tags": "filter.tags",
        "created": "filter.created",
        "startDate": "filter.created.lower",
        "endDate": "filter.created.upper",
    }

    namespace: Namespace | UnsetType = UNSET
    tags: AnyOf | UnsetType = UNSET
    created: Prefix | UnsetType = UNSET
    start_date: Moment | UnsetType = UNSET
    end_date: Moment | UnsetType = UNSET

    def any_of(self) -> tuple[str, ...]:
        """Return the tags asked for, each once, in one order."""
        return tuple(sorted(set(self.tags))) if self.tags else ()

    def span(self) -> Span:
        """Return the range of times asked for; InvalidRequest when a date is none."""
        if self.created is self.start_date is self.end_date is UNSET:
            return _EVER
        errors = ValidationErrors()
        if isinstance(self.created, str):
            lower, upper = _read("created", self.created, timestamps.prefix_range, errors)
        else:
            lower = upper = ""
            if isinstance(self.start_date, str):
                lower = _read("startDate", self.start_date, timestamps.start, errors)
            if isinstance(self.end_date, str):
                upper = _read("endDate", self.end_date, timestamps.end, errors)
        errors.refuse()
        return Span(lower=lower, upper=upper or _EVER.upper)


class ListDialogues(DatedQuery, rename="camel", forbid_unknown_fields=True, frozen=True):
    """A request for a page of dialogues."""

    places: ClassVar[Mapping[str, str]] = {
        **DatedQuery.places,
        "orderBy": "filter.order_by",
        "threadOf": "filter.thread_of",
        "status": "filter.status",
    }

    order_by: DialogueOrderBy | UnsetType = UNSET
    thread_of: Id | UnsetType = UNSET
    status: Status | UnsetType = UNSET


class ListMessages(DatedQuery, rename="camel", forbid_unknown_fields=True, frozen=True):
    """A request for a page of a dialogue's messages."""

    places: ClassVar[Mapping[str, str]] = {
        name: place.replace("filter.", "filter.wanted.")
        for name, place in DatedQuery.places.items()
    } | {
        "namespace": "filter.namespace",
        "role": "filter.wanted.role",
    }

    dialogue_id: Id | UnsetType = UNSET
    role: Role | UnsetType = UNSET


class ListMemories(DatedQuery, rename="camel", forbid_unknown_fields=True, frozen=True):
    """A request for a page of memories."""

    places: ClassVar[Mapping[str, str]] = {**DatedQuery.places, "orderBy": "filter.order_by"}

    order_by: MemoryOrderBy | UnsetType = UNSET


class ListSummaries(ListQuery, rename="camel", forbid_unknown_fields=True, frozen=True):
    """A request for a page of a dialogue's summaries."""

    places: ClassVar[Mapping[str, str]] = {
        **ListQuery.places,
        "namespace": "filter.namespace",
        "status": "filter.wanted.status",
    }

    dialogue_id: Id | UnsetType = UNSET
    namespace: Namespace | UnsetType = UNSET
    status: SummaryStatus | UnsetType = UNSET


class GetSummary(ListQuery, rename="camel", forbid_unknown_fields=False, frozen=True):
    """A request for a summary, with a page of the messages it covers if it is to be expanded."""

    places: ClassVar[Mapping[str, str]] = {**ListQuery.places, "namespace": "filter.namespace"}

    namespace: Namespace | UnsetType = UNSET
    expand: Expand | UnsetType = UNSET


class SearchNaming(OfDialogue, rename="camel", forbid_unknown_fields=True, frozen=True):
    """A request to search, which its body describes."""


class SearchQuery(
    SearchNaming, rename="camel", forbid_unknown_fields=True, frozen=True, kw_only=True
):
    """A request to search."""

    retired: ClassVar[Mapping[str, str]] = SearchInput.retired

    query: Query
    object: Kind
    limit: SearchLimit | UnsetType = UNSET
    timezone: TimeZone | UnsetType = UNSET
    tags: AnyOf | UnsetType = UNSET
    filter: FilterText | UnsetType = UNSET
    metadata: MetadataText | UnsetType = UNSET
    order_by: OrderBy | UnsetType = UNSET
    order: Order | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    mode: Mode | UnsetType = UNSET
    explain: Explain | UnsetType = UNSET
    context: Context | UnsetType = UNSET


def _read(name: str, text: str, reader: Any, errors: ValidationErrors) -> Any:
    try:
        return reader(text)
    except ValueError as error:
        errors.invalid(name, f"{name}: {error}")
        return "", ""


def parse(kind: type[Q], query: bytes) -> Q:
    """Read a query string; InvalidRequest with every fault."""
    return (_parse if len(query) > _COMMON_BYTES else _parse_common)(kind, query)


def _parse(kind: type[Q], query: bytes) -> Q:
    values = _values(kind, query)
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError:
        return decode(kind, msgspec.json.encode(values))


_parse_common = lru_cache(maxsize=1024)(_parse)


def named(query: ListQuery) -> dict[str, str]:
    """Return what a request for a later page says itself, with its place in the listing."""
    if query.next is UNSET:
        return {}
    return {
        field.encode_name: query.places[field.encode_name]
        for field in msgspec.structs.fields(query)
        if field.encode_name in query.places and getattr(query, field.name) is not UNSET
    }


def namespaces(query: bytes) -> set[str]:
    """Return every namespace that a query string names, whatever else it says."""
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    return {text for name, text in pairs if name == "namespace"}


def _values(kind: type[Struct], query: bytes) -> dict[str, Any]:
    """Return the parameters as what they are: numbers, switches, lists and text."""
    values: dict[str, Any] = {}
    readers = _readers(kind)
    for name, text in _pairs(query):
        value = readers.get(name, str)(text)
        if isinstance(value, list):
            value = values.get(name, []) + value
        if name in values and not isinstance(value, list) and values[name] != value:
            raise refuse(name, f"{name} is given twice, and differently")
        values[name] = value
    return values


def _pairs(query: bytes) -> Iterable[Sequence[str]]:
    try:
        text = query.decode()
        if text.count("&") < _PLAIN_PARAMETERS_MAX and not _CODED.search(text):
            return [part.partition("=")[::2] for part in text.split("&") if part]
        return parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=PARAMETERS_MAX
        )
    except ValueError as error:
        raise refuse("query", f"The query cannot be read: {error}") from None


@cache
def _readers(kind: type[Struct]) -> dict[str, Any]:
    readers = {int: _whole_number, bool: _switch, list: _comma_separated}
    return {
        field.encode_name: readers.get(_plain(field.type), str)
        for field in msgspec.structs.fields(kind)
    }


def _plain(kind: Any) -> Any:
    """Return the plain type within one such as `Annotated[int, …] | UnsetType`."""
    if get_origin(kind) is Annotated:
        return _plain(get_args(kind)[0])
    parts = [part for part in get_args(kind) if part is not UnsetType]
    if get_origin(kind) is list or len(parts) != 1:
        return get_origin(kind) or kind
    return _plain(parts[0])


def _whole_number(text: str) -> int | str:
    return int(text) if _WHOLE_NUMBER.fullmatch(text) else text


def _switch(text: str) -> bool | str:
    return {"true": True, "false": False}.get(text, text)


def _comma_separated(text: str) -> list[str]:
    return [part for part in text.split(",") if part]
