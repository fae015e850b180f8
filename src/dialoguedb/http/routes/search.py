"""Search over HTTP."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from dialoguedb.errors import InvalidRequest
from dialoguedb.http.requests import bound_namespace
from dialoguedb.http.requests.request import Request
from dialoguedb.http.responses.response import Response, encode, response_of
from dialoguedb.http.route_endpoint import endpoint
from dialoguedb.http.routes.list_queries import AnyTagOf
from dialoguedb.http.routes.names import OfDialogue
from dialoguedb.model.dialogues import Dialogue
from dialoguedb.model.memories import Memory
from dialoguedb.model.messages import Message
from dialoguedb.model.rules.memories import inactive_reason
from dialoguedb.model.search import shown_share
from dialoguedb.model.search_request import (
    Context,
    Explain,
    Kind,
    MinRelevance,
    Mode,
    OrderBy,
    Query,
    SearchInput,
    SearchLimit,
    SearchRequest,
    TimeZone,
)
from dialoguedb.model.search_results import (
    LeftOutMemory,
    OmittedResult,
    SearchContext,
    SearchExplanation,
    SearchMatch,
    SearchResult,
    SearchResults,
    is_unread,
)
from dialoguedb.ports.search import SearchHit
from dialoguedb.service.search import SearchOutcome
from dialoguedb.values import limits, rawjson
from dialoguedb.values.decoding import decode
from dialoguedb.values.fields import AsOf, Include, Role
from dialoguedb.values.lists import Order
from dialoguedb.values.validation_errors import invalid_request

_LONG_BYTES = 64 * 1024

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
    tags: AnyTagOf | UnsetType = UNSET
    filter: FilterText | UnsetType = UNSET
    metadata: MetadataText | UnsetType = UNSET
    order_by: OrderBy | UnsetType = UNSET
    order: Order | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    mode: Mode | UnsetType = UNSET
    explain: Explain | UnsetType = UNSET
    context: Context | UnsetType = UNSET
    min_relevance: MinRelevance | UnsetType = UNSET
    as_of: AsOf | UnsetType = UNSET
    include: Include | UnsetType = UNSET


@endpoint(
    "Search",
    "read",
    query=SearchNaming,
    body=SearchInput,
    example={
        "query": "billing issue",
        "object": "message",
        "tags": ["support"],
        "filter": {"created": "last 30 days"},
        "metadata": {"plan": "pro", "score": {"$gte": 4}},
        "context": 1,
    },
    response=SearchResults,
)
async def search(request: Request) -> Response:
    """Find messages, dialogues or memories by meaning and by words.

    Every filter holds for every object found, and as many as asked for are found whenever as many
    match. Without a namespace the whole project is searched.
    """
    await request.in_thread_if_large(lambda: _check_namespace_in_metadata(request, request.body))
    return await _search(request, await request.decode(SearchInput))


@endpoint("Search", "read", query=SearchQuery, response=SearchResults)
async def search_by_query(request: Request) -> Response:
    """Find messages, dialogues or memories by meaning and by words.

    The same as a POST, with `filter` and `metadata` as JSON text.
    """
    query: SearchQuery = request.query
    _check_namespace_in_metadata(request, b'{"metadata":%s}' % (query.metadata or "null").encode())
    fields = {
        field.encode_name: value
        for field in msgspec.structs.fields(query)
        if (value := getattr(query, field.name)) is not UNSET
    }
    for name in fields.keys() & {"filter", "metadata"}:
        fields[name] = _json(name, fields[name])
    return await _search(request, decode(SearchInput, encode(fields)))


def _json(name: str, text: str) -> Raw:
    try:
        value = rawjson.prepare(text.encode())
        rawjson.check_syntax(value)
    except InvalidRequest as error:
        raise invalid_request(name, error.message.replace("The body", name)) from None
    return Raw(value)


async def _search(request: Request, body: SearchInput) -> Response:
    if request.query.namespace is UNSET:
        body = body.with_namespace_of_metadata()
    search = body.validate(*_namespace_and_dialogue(request, body))
    request.check_request_quota()
    started = time.perf_counter()
    found = await request.services.search.search(request.project, search)
    seconds = time.perf_counter() - started
    request.context.metrics.record_search(search.search.object, search.search.mode, seconds)
    return await response_of(await _results(found, search))


def _check_namespace_in_metadata(request: Request, body: bytes) -> None:
    """Forbid another namespace than the key's before anything else is looked at."""
    bound = request.admitted.namespace
    if bound is not None and request.query.namespace is UNSET:
        bound_namespace.check_search(rawjson.prepare(body), bound)


def _namespace_and_dialogue(request: Request, body: SearchInput) -> tuple[str | None, str | None]:
    """Return which namespace and dialogue are searched; a dialogue is named within one."""
    dialogue_id = None
    if body.dialogue_id or request.query.dialogue_id:
        dialogue_id = request.dialogue_id(("dialogueId", body.dialogue_id))
    is_named = isinstance(body.namespace, str) or request.query.namespace is not UNSET
    if not is_named and request.admitted.namespace is None and dialogue_id is None:
        return None, None
    return request.namespace(("namespace", body.namespace)), dialogue_id


# --- The response -------------------------------------------------------------------------------


class _SizeLimit:
    """How many more bytes a response can hold."""

    def __init__(self, size: int) -> None:
        self._left = size

    @property
    def is_passed(self) -> bool:
        """Whether a value had no room."""
        return self._left < 0

    def take(self, value: bytes, times: int = 1) -> bool:
        """Take the room for a value; returns whether there was enough."""
        self._left -= len(value) * times
        return self._left >= 0


async def _results(found: SearchOutcome, search: SearchRequest) -> SearchResults:
    """Return the results; they end early at the size of a page, with at least one object.

    What is left out is named.
    """
    limit = _SizeLimit(limits.PAGE_BYTES_MAX)
    items: list[Raw] = []
    results: list[SearchResult] = []
    omitted: list[OmittedResult] = []
    for hit in found.hits:
        item = b"" if limit.is_passed or is_unread(hit.item) else encode(hit.item)
        if item and (limit.take(item, times=2) or not items):
            items.append(Raw(item))
            results.append(_result(hit, items[-1], search, limit))
            if search.explain:
                results[-1].explain = _explanation(hit, found.as_of)
            if len(item) > _LONG_BYTES:
                await asyncio.sleep(0)  # others are served before the next is encoded
        else:
            omitted.append(_omitted(hit))
    left_out = [_left_out(hit.item, hit.relevance, found.as_of) for hit in found.left_out]
    return SearchResults(
        items,
        results,
        found.request,
        found.indexing or UNSET,
        omitted or UNSET,
        [one for one in left_out if one] or UNSET,
    )


def _explanation(hit: SearchHit, as_of: str) -> SearchExplanation:
    explanation = SearchExplanation(
        shown_share(hit.semantic), shown_share(hit.keyword), shown_share(hit.neighbours), hit.terms
    )
    if isinstance(hit.item, Memory):
        explanation.inactive = inactive_reason(hit.item, as_of)
    return explanation


def _left_out(
    item: Message | Dialogue | Memory, relevance: float, as_of: str
) -> LeftOutMemory | None:
    if not isinstance(item, Memory) or (reason := inactive_reason(item, as_of)) is UNSET:
        return None
    superseded_by = item.superseded_by if reason == "superseded" else UNSET
    return LeftOutMemory(item.id, shown_share(relevance), reason, item.namespace, superseded_by)


def _omitted(hit: SearchHit) -> OmittedResult:
    item = hit.item
    omitted = OmittedResult("memory", item.id, shown_share(hit.relevance), item.namespace)
    if isinstance(item, Message):
        omitted.object, omitted.dialogue_id = "message", item.dialogue_id
    elif isinstance(item, Dialogue):
        omitted.object = "dialogue"
    return omitted


def _result(hit: SearchHit, item: Raw, request: SearchRequest, limit: _SizeLimit) -> SearchResult:
    search = request.search
    result = SearchResult(search.object, shown_share(hit.relevance), item)
    if search.object == "dialogue":
        matches = _fitting((match.item for match in hit.matches), limit)
        result.matches = [
            SearchMatch(message, shown_share(match.relevance))
            for message, match in zip(matches, hit.matches, strict=False)
        ]
        result.omitted_messages = len(hit.matches) - len(matches) or UNSET
    if search.context and search.object == "message":
        before = _fitting(reversed(hit.before), limit)
        after = _fitting(hit.after, limit)
        result.context = SearchContext(before[::-1], after)
        around = len(hit.before) + len(hit.after)
        result.omitted_messages = around - len(before) - len(after) or UNSET
    return result


def _fitting(messages: Iterable[Message], limit: _SizeLimit) -> list[Raw]:
    """Return the first messages, as many as there is room for."""
    fitting = []
    for message in messages:
        value = b"" if is_unread(message) else encode(message)
        if not value or not limit.take(value):
            break
        fitting.append(Raw(value))
    return fitting
