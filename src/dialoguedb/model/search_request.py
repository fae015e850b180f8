"""Searches as they are received."""

from datetime import UTC, tzinfo
from typing import Annotated, ClassVar

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from dialoguedb.model.search import (
    Search,
    SearchFilter,
    SearchMode,
    SearchObject,
    SearchOrderBy,
    TagFilter,
    Validity,
)
from dialoguedb.model.search_filters import accept_conditions, accept_tags
from dialoguedb.values import limits, rawjson
from dialoguedb.values.date_phrases import read_edge, zone_of
from dialoguedb.values.fields import AsOf, Id, Include, Namespace, Role
from dialoguedb.values.lists import Order
from dialoguedb.values.validation_errors import ValidationErrors, invalid_request
from dialoguedb.values.validators import FieldValidators, validate_timestamp, value_or_none

Query = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=limits.QUERY_CHARS_MAX,
        description="What is looked for, in plain words.",
        examples=["billing issue"],
    ),
]
Kind = Annotated[SearchObject, Meta(description="What is looked for.", examples=["message"])]
Mode = Annotated[
    SearchMode,
    Meta(
        description="By meaning (`semantic`), by words (`keyword`), or both: `hybrid`, the default."
    ),
]
OrderBy = Annotated[
    SearchOrderBy,
    Meta(description="How the most relevant objects are sorted; by relevance when not given."),
]
SearchLimit = Annotated[
    int,
    Meta(
        ge=1,
        le=limits.SEARCH_ITEMS_MAX,
        description=f"The most objects; {limits.SEARCH_ITEMS_DEFAULT} when not given.",
    ),
]
TimeZone = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=limits.NAME_CHARS_MAX,
        description="An IANA time zone, whose days `yesterday` and `2025-11-06` are; else UTC.",
        examples=["Europe/Berlin"],
    ),
]
DateText = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=limits.DATE_PHRASE_CHARS_MAX,
        description="An ISO 8601 date, prefix of one or date-time, or a phrase.",
        examples=["2025-11", "March 2025", "last week", "last 3 days", "since Monday"],
    ),
]
Context = Annotated[
    int,
    Meta(
        ge=0,
        le=limits.CONTEXT_MESSAGES_MAX,
        description="Shows that many messages before each message found, and as many after it.",
    ),
]
MinRelevance = Annotated[
    float,
    Meta(ge=0, le=1, description="Leaves out what is less relevant, 0 to 1."),
]
Explain = Annotated[bool, Meta(description="Shows what each relevance is made of.")]

_DATE_CHARS = len("2026-06-30")
_STRINGS = {"type": "array", "items": {"type": "string"}, "minItems": 1}
_SCALAR = {"type": ["string", "number", "boolean", "null"]}
_SCALARS = {"type": "array", "items": _SCALAR, "minItems": 1}
_COMPARED = {"type": ["string", "number"]}
TagsFilter = Annotated[
    Raw,
    Meta(
        description="An array means any of them; `$in` any, `$all` all, `$nin` none of them.",
        extra_json_schema={
            "anyOf": [
                _STRINGS,
                {
                    "type": "object",
                    "properties": {"$in": _STRINGS, "$all": _STRINGS, "$nin": _STRINGS},
                    "additionalProperties": False,
                    "minProperties": 1,
                },
            ],
            "examples": [["vip", "urgent"]],
        },
    ),
]
MetadataFilter = Annotated[
    Raw,
    Meta(
        description="For each key a value that is equal, an array of which any is, or operators.",
        extra_json_schema={
            "type": "object",
            "additionalProperties": {
                "anyOf": [
                    _SCALAR,
                    _SCALARS,
                    {
                        "type": "object",
                        "properties": {
                            **dict.fromkeys(("$eq", "$ne"), _SCALAR),
                            **dict.fromkeys(("$in", "$nin"), _SCALARS),
                            **dict.fromkeys(("$gt", "$gte", "$lt", "$lte"), _COMPARED),
                        },
                        "additionalProperties": False,
                        "minProperties": 1,
                    },
                ]
            },
            "examples": [{"plan": "pro", "score": {"$gte": 4}}],
        },
    ),
]


class DateRange(Struct, forbid_unknown_fields=True, frozen=True):
    """A range of times; what is left out is open."""

    gte: DateText | UnsetType | None = UNSET
    gt: DateText | UnsetType | None = UNSET
    lte: DateText | UnsetType | None = UNSET
    lt: DateText | UnsetType | None = UNSET

    def edges(self) -> dict[str, str]:
        """Return those that are given."""
        edges = msgspec.structs.asdict(self)
        return {name: text for name, text in edges.items() if isinstance(text, str)}


class FilterInput(Struct, rename="camel", forbid_unknown_fields=True, frozen=True):
    """What else the objects are kept to."""

    validators: ClassVar[FieldValidators] = {"tags": accept_tags}
    retired: ClassVar[dict[str, str]] = {
        f"{name}{part}": f'{name}, such as {{"{name}": "2025-03"}}'
        for name in ("created", "modified")
        for part in ("Year", "Month", "Day", "Timestamp")
    }

    created: DateText | DateRange | UnsetType | None = UNSET
    modified: DateText | DateRange | UnsetType | None = UNSET
    has_image: bool | UnsetType | None = UNSET
    tags: TagsFilter | UnsetType = UNSET


_NO_FILTER = FilterInput()


class SearchRequest(Struct, frozen=True, kw_only=True):
    """A search whose dates are still to be read."""

    search: Search
    sent: FilterInput
    zone: tzinfo
    explain: bool


class SearchInput(Struct, rename="camel", forbid_unknown_fields=True, frozen=True):
    """A search as it is received."""

    validators: ClassVar[FieldValidators] = {
        "tags": accept_tags,
        "metadata": accept_conditions,
        "as_of": validate_timestamp,
    }
    retired: ClassVar[dict[str, str]] = {
        name: f"filter.{replacement}" for name, replacement in FilterInput.retired.items()
    }

    query: Query
    object: Kind
    limit: SearchLimit | UnsetType | None = UNSET
    namespace: Namespace | UnsetType | None = UNSET
    timezone: TimeZone | UnsetType | None = UNSET
    tags: TagsFilter | UnsetType = UNSET
    filter: FilterInput | UnsetType | None = UNSET
    metadata: MetadataFilter | UnsetType = UNSET
    order_by: OrderBy | UnsetType | None = UNSET
    order: Order | UnsetType | None = UNSET
    role: Role | UnsetType | None = UNSET
    dialogue_id: Id | UnsetType | None = UNSET
    mode: Mode | UnsetType | None = UNSET
    explain: Explain | UnsetType | None = UNSET
    context: Context | UnsetType | None = UNSET
    min_relevance: MinRelevance | UnsetType | None = UNSET
    as_of: AsOf | UnsetType | None = UNSET
    include: Include | UnsetType | None = UNSET

    def with_namespace_of_metadata(self) -> "SearchInput":
        """Take a string `metadata.namespace` as the namespace when that is absent.

        Some clients send it there.
        """
        metadata = bytes(self.metadata) if isinstance(self.metadata, Raw) else b"null"
        if value_or_none(self.namespace) is not None or metadata[:1] != b"{":
            return self
        conditions = rawjson.members(metadata)
        named = bytes(conditions.pop("namespace", b"null"))
        if named[:1] != b'"' or rawjson.has_hidden_surrogate(named):
            return self
        try:
            namespace = msgspec.json.decode(named, type=Namespace)
        except msgspec.ValidationError as error:
            raise invalid_request("metadata.namespace", f"metadata.namespace: {error}") from None
        rest = Raw(msgspec.json.encode(conditions))
        return msgspec.structs.replace(self, namespace=namespace, metadata=rest)

    def validate(self, namespace: str | None, dialogue_id: str | None) -> SearchRequest:
        """Check the values; InvalidRequest with every error."""
        errors = ValidationErrors()
        zone = self._accept_zone(errors)
        sent = self.filter or _NO_FILTER
        search = Search(
            object=self.object,
            query=self.query,
            limit=self.limit or limits.SEARCH_ITEMS_DEFAULT,
            mode=self.mode or "hybrid",
            filter=SearchFilter(
                namespace=namespace,
                dialogue_id=dialogue_id,
                role=value_or_none(self.role),
                tags=self._accept_tags(sent, errors),
                metadata=accept_conditions(self.metadata, "metadata", errors),
                has_image=sent.has_image if isinstance(sent.has_image, bool) else None,
                as_of=self._accept_as_of(zone, errors),
                validity=self._validity(errors),
            ),
            order_by=self.order_by or "relevance",
            order=self.order or "desc",
            context=self.context or 0,
            min_relevance=self.min_relevance or 0.0,
        )
        errors.raise_if_any()
        return SearchRequest(search=search, sent=sent, zone=zone, explain=self.explain is True)

    def _accept_as_of(self, zone: tzinfo, errors: ValidationErrors) -> str | None:
        """Return the time at which memories are valid; of a bare date, the beginning of its day."""
        as_of = validate_timestamp(self.as_of, "asOf", errors)
        if as_of is None or not isinstance(self.as_of, str) or len(self.as_of) > _DATE_CHARS:
            return as_of
        return read_edge(self.as_of, zone, as_of).start

    def _validity(self, errors: ValidationErrors) -> Validity:
        """Return which memories are found; what is meant for memories alone is noted elsewhere."""
        if self.object == "memory":
            return "all" if self.include else "active"
        for name, value in (("asOf", self.as_of), ("include", self.include)):
            if value:
                errors.invalid(name, f"{name} is for memories alone")
        return "all"

    def _accept_tags(self, sent: FilterInput, errors: ValidationErrors) -> TagFilter:
        """Read tags from either place; some clients send them within the filter."""
        tags = accept_tags(self.tags, "tags", errors)
        tags_of_filter = accept_tags(sent.tags, "filter.tags", errors)
        if tags_of_filter == TagFilter():
            return tags
        if tags not in (TagFilter(), tags_of_filter):
            errors.invalid("filter.tags", "filter.tags differs from tags")
        return tags_of_filter

    def _accept_zone(self, errors: ValidationErrors) -> tzinfo:
        try:
            return zone_of(value_or_none(self.timezone) or "UTC")
        except ValueError as error:
            errors.invalid("timezone", f"timezone: {error}")
            return UTC
