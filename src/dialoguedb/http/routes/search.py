"""Search over HTTP."""

import time
from collections.abc import Iterable

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from dialoguedb.errors import InvalidRequest
from dialoguedb.http.admission.request_counts import check_requests_left
from dialoguedb.http.requests.queries import SearchNaming, SearchQuery
from dialoguedb.http.requests.request import Call, other_namespace
from dialoguedb.http.responses.response import Answer, encode
from dialoguedb.http.route_endpoint import endpoint
from dialoguedb.model.messages import Message
from dialoguedb.model.search_request import SearchInput, SearchRequest
from dialoguedb.model.search_results import (
    SearchContext,
    SearchExplanation,
    SearchMatch,
    SearchResult,
    SearchResults,
)
from dialoguedb.ports.search import Hit
from dialoguedb.service.search import Found
from dialoguedb.values import limits, rawjson
from dialoguedb.values.decoding import decode
from dialoguedb.values.validation import refuse

_DIGITS = 6


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
    answer=SearchResults,
)
async def search(call: Call) -> Answer:
    """Find messages, dialogues or memories by meaning and by words.

    Every filter holds for every object found, and as many as asked for are found whenever as many
    match. Without a namespace the whole project is searched.
    """
    _check_namespace_in_metadata(call, call.body)
    return await _search(call, call.body)


@endpoint("Search", "read", query=SearchQuery, answer=SearchResults)
async def search_by_query(call: Call) -> Answer:
    """Find messages, dialogues or memories by meaning and by words.

    The same as a POST, with `filter` and `metadata` as JSON text.
    """
    asked: SearchQuery = call.query
    _check_namespace_in_metadata(call, b'{"metadata":%s}' % (asked.metadata or "null").encode())
    named = {
        field.encode_name: value
        for field in msgspec.structs.fields(asked)
        if (value := getattr(asked, field.name)) is not UNSET
    }
    for name in named.keys() & {"filter", "metadata"}:
        named[name] = _json(name, named[name])
    return await _search(call, encode(named))


def _json(name: str, text: str) -> Raw:
    try:
        value = rawjson.receive(text.encode())
        rawjson.check_syntax(value)
    except InvalidRequest as error:
        raise refuse(name, error.message.replace("The body", name)) from None
    return Raw(value)


async def _search(call: Call, body: bytes) -> Answer:
    sent = decode(SearchInput, body)
    if call.query.namespace is UNSET:
        sent = sent.with_namespace_of_metadata()
    request = sent.accept(*_scope(call, sent))
    check_requests_left(call)
    started = time.perf_counter()
    found = await call.services.search.search(call.project, request)
    seconds = time.perf_counter() - started
    call.parts.metrics.searched(request.search.object, request.search.mode, seconds)
    return Answer(encode(_shown(found, request)))


class _InMetadata(Struct):
    namespace: str | UnsetType = UNSET


class _Naming(Struct):
    metadata: _InMetadata
    namespace: UnsetType | None = UNSET


def _check_namespace_in_metadata(call: Call, body: bytes) -> None:
    """Forbid another namespace than the key's before anything else is looked at."""
    if call.bound is None or call.query.namespace is not UNSET:
        return
    try:
        named = msgspec.json.decode(body, type=_Naming).metadata.namespace
    except msgspec.DecodeError:
        return  # there is none, or what is wrong with it is told further on
    if named not in {UNSET, call.bound}:
        raise other_namespace()


def _scope(call: Call, sent: SearchInput) -> tuple[str | None, str | None]:
    """Return which namespace and dialogue are searched; a dialogue is named within one."""
    dialogue_id = None
    if sent.dialogue_id or call.query.dialogue_id:
        dialogue_id = call.dialogue_id(("dialogueId", sent.dialogue_id))
    is_named = isinstance(sent.namespace, str) or call.query.namespace is not UNSET
    if not is_named and call.bound is None and dialogue_id is None:
        return None, None
    return call.namespace(("namespace", sent.namespace)), dialogue_id


# --- The answer ---------------------------------------------------------------------------------


class _Room:
    """How much more an answer can hold."""

    def __init__(self, size: int) -> None:
        self._left = size

    def takes(self, value: bytes, times: int = 1) -> bool:
        """Tell whether there is room for this, and take it."""
        self._left -= len(value) * times
        return self._left >= 0


def _shown(found: Found, request: SearchRequest) -> SearchResults:
    """Return the answer; it ends early at the size of a page, with at least one object."""
    room = _Room(limits.PAGE_BYTES_MAX)
    items: list[Raw] = []
    results: list[SearchResult] = []
    for hit in found.hits:
        item = encode(hit.item)
        if not room.takes(item, times=2) and items:
            break
        items.append(Raw(item))
        results.append(_result(hit, items[-1], request, room))
    return SearchResults(items, results, found.request)


def _result(hit: Hit, item: Raw, request: SearchRequest, room: _Room) -> SearchResult:
    asked = request.search
    result = SearchResult(asked.object, _rounded(hit.relevance), item)
    if asked.object == "dialogue":
        shown = _fitting((match.item for match in hit.matches), room)
        result.matches = [
            SearchMatch(message, _rounded(match.relevance))
            for message, match in zip(shown, hit.matches, strict=False)
        ]
    if request.explain:
        result.explain = SearchExplanation(
            _rounded(hit.semantic), _rounded(hit.keyword), _rounded(hit.neighbours), hit.terms
        )
    if asked.context and asked.object == "message":
        before = _fitting(reversed(hit.before), room)
        result.context = SearchContext(before[::-1], _fitting(hit.after, room))
    return result


def _fitting(messages: Iterable[Message], room: _Room) -> list[Raw]:
    """Return the first messages, as many as there is room for."""
    shown = []
    for message in messages:
        value = encode(message)
        if not room.takes(value):
            break
        shown.append(Raw(value))
    return shown


def _rounded(share: float) -> float:
    return round(float(share), _DIGITS)
